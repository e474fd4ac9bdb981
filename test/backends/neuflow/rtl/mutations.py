#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shows that the tests see mistakes: each mutation changes one place in a copy of the Verilog, or of a simulator, builds a test
program with it as ninja would, and expects the named test to fail, which passes without the mutation.

usage: mutations.py NINJA SOURCE_FOLDER BUILD_FOLDER [--all [--part I/N] | --only NAME]      without: the few that ctest runs
"""
import dataclasses
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

RTL = "backends/neuflow/rtl"
SIMULATOR = "runtime/neuflow/simulator"
# Programs enough for each mutation below.
PROGRAMS = "1:60"


@dataclasses.dataclass
class Mutation:
    name: str
    file: str  # under RTL or SIMULATOR
    old: str  # stands there once
    new: str
    program: str
    test: str  # a filter of GoogleTest
    always: bool = False  # in ctest


def rtl(name, file, old, new, test, program="NeuflowRtlTest", always=False):
    return Mutation(name, f"{RTL}/{file}", old, new, program, test, always)


def simulator(name, file, old, new, test, program="NeuflowSimulatorTest", always=False):
    return Mutation(name, f"{SIMULATOR}/{file}", old, new, program, test, always)


RANDOM = "RandomPrograms.Tiny"
MUTATIONS = [
    # Arithmetic.
    rtl("convolver-rounds-up", "nf_conv.v", "8'd127}", "8'd128}", "ConvTest.RoundsEveryResidueBeforeItAdds", "NfConv3Test", True),
    rtl("convolver-never-saturated", "nf_conv.v", "saturated <= 1'b1;", "saturated <= 1'b0;", "ConvTest.LargestSums", "NfConv3Test", True),
    rtl("convolver-adds-before-rounding", "nf_conv.v", "result <= fits ? rounded[15:0]", "result <= fits ? total[23:8]",
        "ConvTest.RandomFrames", "NfConv3Test"),
    rtl("alu-adds-without-carry", "nf_arith.v", "ADD: simple <= {a[15], a} + {b[15], b};", "ADD: simple <= {a[15], a} ^ {b[15], b};",
        "*", "NfAluTest"),
    rtl("alu-rounds-down", "nf_arith.v", "33'sd127", "33'sd0", "*", "NfAluTest"),
    rtl("divider-least-word-saturates", "nf_div.v", "quotient == 24'h008000", "quotient == 24'h008001",
        "AluTest.TheLeastQuotientIsNotSaturated", "NfAluTest"),
    rtl("mapper-first-segment-only-above", "nf_map.v", "fold_u >= $signed", "fold_u > $signed", "MapTest.RandomTables", "NfMapTest"),
    rtl("mapper-odd-is-even", "nf_map.v", "fold_negates <= folds && odd;", "fold_negates <= folds && even;", "MapTest.RandomTables",
        "NfMapTest"),
    # Convolver.
    rtl("line-buffer-one-off", "nf_conv.v", "above <= lines[address];", "above <= lines[address + 1'b1];", "ConvTest.RandomFrames",
        "NfConv3Test", True),
    rtl("frame-one-column-more", "nf_conv.v", "column - left < in_w;", "column - left <= in_w;", "ConvTest.RandomFrames", "NfConv3Test"),
    rtl("stride-one-more", "nf_conv.v", "skip_columns == stride_w - 8'd1", "skip_columns == stride_w", "ConvTest.RandomFrames",
        "NfConv3Test"),
    rtl("no-empty-position", "nf_conv.v", "gap <= last || wide == 16'd1;", "gap <= 1'b0;", "ConvTest.*", "NfConv3Test"),
    rtl("padded-frame-begins-alone", "nf_conv.v", "(image_valid || (in_frame && !on_image))", "(image_valid || !on_image)",
        "ConvTest.KeepsAKernelUntilItIsDiscarded", "NfConv3Test"),
    rtl("bus-load-keeps-old-numbers", "nf_conv.v", "if (bus_begins) waiting <= 16'd0;\n          else if", "if",
        "ConvTest.LoadsOverTheBusBeginAnew:ConvTest.RandomFrames", "NfConv3Test"),
    rtl("frames-are-not-counted", "nf_tile_conv.v", "else if (frame_ends && left == 32'd1) set_active <= 1'b0;", "",
        "FunctionalSimulator.QueuesFramesBehindEachOther"),
    rtl("set-follows-too-early", "nf_tile_conv.v", "armed && !set_active && !direct;", "armed && !direct;",
        "FunctionalSimulator.QueuesFramesBehindEachOther"),
    # Routes.
    rtl("router-selects-swapped", "nf_tile.v", "router_words[11:0]}", "router_words[3:0], router_words[7:4], router_words[11:8]}",
        "FunctionalSimulator.AluWithTwoOperators", always=True),
    rtl("router-takes-another-side", "nf_router.v", "assign comes = side_valid[i-3];", "assign comes = side_valid[(i-2)%4];",
        "FunctionalSimulator.MapsByWayOfANeighbour"),
    rtl("switch-does-not-wait-for-all", "nf_switch.v", "(takers & ~sink_ready) == 0", "(takers & sink_ready) != 0", RANDOM),
    rtl("commit-without-arming", "nf_cfg.v", "wire swaps = commits && armed;", "wire swaps = commits;", RANDOM),
    rtl("fifo-holds-one-more", "nf_fifo_tile.v", "count < capacity;", "count <= capacity;", "FifoTest.HoldsNoMoreThanItsCapacity",
        "NfFifoTileTest"),
    rtl("fifo-loses-a-word", "nf_fifo.v", "head == END ? 0", "head == END - 1'b1 ? 0", "FifoTest.KeepsTheOrder", "NfFifoTest"),
    # Streamers, arbiter, memory.
    rtl("write-mask-grows", "nf_port.v", "(passes_on || !current_valid ? 16'd0 : current_mask)", "(!current_valid ? 16'd0 : current_mask)",
        "FunctionalSimulator.*:" + RANDOM),
    rtl("segment-one-longer", "nf_port.v", "into >= length", "into > length", "FunctionalSimulator.StreamsStayInTheirPlaces"),
    rtl("buffer-one-smaller", "nf_port.v", "claimed != ALL", "claimed < ALL - ONE", RANDOM),
    rtl("pitch-is-width", "nf_stream_words.v", "has_steps ? own_pitch : continuous", "continuous", RANDOM),
    rtl("read-follows-write", "nf_stream_words.v", "(may_turn || (may_follow && reads && next_reads))", "may_follow",
        "Machines/MachineTraps.RandomStreams/0"),
    rtl("slice-one-longer", "nf_arb.v", "had < timeout;", "had <= timeout;", RANDOM),
    rtl("arbiter-begins-at-the-holder", "nf_arb.v", "requests & ~to_holder;", "requests & ~(to_holder >> 1);", RANDOM),
    # Processor, bus, traps.
    rtl("shift-is-logic", "nf_cpu.v", "a2[0] && left[31]", "1'b0", "FunctionalSimulator.InstructionsCompute"),
    rtl("status-wait-one-more", "nf_cpu.v", "waited == wait_cycles", "waited > wait_cycles", RANDOM),
    rtl("jump-keeps-what-is-under-way", "nf_fetch.v", "response && !draining;", "response;", RANDOM),
    rtl("bus-does-not-wait", "nf_bus.v", "wire accepts = cfg_valid && all_ready;", "wire accepts = cfg_valid;", RANDOM),
    rtl("instructions-have-four-bits", "nf_bus.v", "command[7:4] != 0 || !KNOWN", "!KNOWN",
        "Machines/MachineTraps.RandomConfigurations/0"),
    rtl("select-of-no-link-is-sound", "nf_tile.v", "{1'b1, LINKS_IN, 3'b111, 8'h00}", "{1'b1, 4'hf, 3'b111, 8'h00}",
        "Machines/MachineTraps.EverySelect/0"),
    rtl("watchdog-one-late", "nf_top.v", "quiet == QUIET - 32'd1", "quiet == QUIET", "FunctionalSimulator.WhatStandsStillIsNamed"),
    rtl("flag-is-lost-at-the-end", "nf_top.v", "was_running ? flags : last_flags", "flags",
        "Machines/MachineTraps.StopsInTheMiddle/0"),
    rtl("requests-after-the-end", "nf_top.v", "assign mem_valid = wants && running;", "assign mem_valid = wants;",
        "Machines/MachineTraps.StopsInTheMiddle/0"),
    # Simulators.
    simulator("functional-padding-below", "Convolver.cpp", "int64_t top = (active->kerH - 1) / 2", "int64_t top = active->kerH / 2",
              "FunctionalSimulator.Convolves", always=True),
    simulator("functional-inputs-swapped", "Grid.cpp", "sinks.push_back(&tile.operatorIn[i]);",
              "sinks.push_back(&tile.operatorIn[i == 1 ? 2 : i == 2 ? 1 : 0]);", "FunctionalSimulator.AluWithTwoOperators"),
    simulator("timed-without-empty-position", "CycleConvolver.cpp", "gap = frameEnds || active.scanW() == 1;", "gap = false;",
              "FunctionalSimulator.FramesInOneStream", program="NeuflowRtlTest"),
    simulator("timed-drops-the-flag", "CycleConvolver.cpp", "saturated |= result.output >= 0 && result.clamped;", "",
              "FunctionalSimulator.ReportsSaturationOfTheTileAlone"),
    simulator("timed-words-jump-queues", "CycleGrid.cpp", "!tiles.front().lineIn[line].full()", "true", RANDOM),
    simulator("memory-answers-late", "MemoryModel.cpp", "now + target.memoryLatency + late", "now + target.memoryLatency + 1 + late",
              "MemoryModel.AnswersAfterItsLatencyInOrder"),
    simulator("arbiter-model-slice", "MemoryModel.cpp", "requests[holder] && had < timeouts[holder]",
              "requests[holder] && had <= timeouts[holder]", "Arbiter.SlicesAreAsLongAsTheirTimeout"),
    simulator("streamer-model-drops-the-mask", "CyclePort.cpp", "current->mask |= ", "current->mask = ", "CyclePort.*"),
]


class Builder:
    def __init__(self, ninja, source, build):
        self.ninja, self.source, self.build = ninja, source, build
        self.commands = {}

    def commands_of(self, program):
        if program not in self.commands:
            text = subprocess.run([self.ninja, "-C", str(self.build), "-t", "commands", program], capture_output=True, text=True,
                                  check=True).stdout
            self.commands[program] = text.splitlines()
        return self.commands[program]

    def run(self, command):
        result = subprocess.run(command, shell=True, cwd=self.build, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"{command}\n{result.stdout}{result.stderr}")

    def program_with(self, mutation, folder):
        """Builds the test program with the mutation; its path."""
        original = self.source / mutation.file
        text = original.read_text()
        if text.count(mutation.old) != 1:
            raise RuntimeError(f"'{mutation.old}' stands {text.count(mutation.old)} times in {mutation.file}")
        changed = text.replace(mutation.old, mutation.new)
        if mutation.file.startswith(RTL):
            return self.with_rtl(mutation, changed, folder)
        copy = folder / original.name
        copy.write_text(changed)
        return self.link(mutation.program, self.compile(mutation.program, str(original), str(copy), folder), None, folder)

    def with_rtl(self, mutation, changed, folder):
        copies = folder / "rtl"
        shutil.copytree(self.source / RTL, copies)
        (copies / pathlib.Path(mutation.file).name).write_text(changed)
        translates = [line for line in self.commands_of(mutation.program) if f"verilated/{mutation.program}/" in line and " --cc " in line]
        # Of the machines the small one.
        line = next(line for line in translates if len(translates) == 1 or "--prefix Vnf_tiny " in line)
        translated = re.search(r"--Mdir (\S+)", line).group(1)
        self.run(line.replace(translated, str(folder / "verilated")).replace(str(self.source / RTL), str(copies))
                 .replace(" -Wall ", " -Wno-fatal "))
        source = re.search(r"-DOUTPUT=(\S+)", line).group(1)
        object_file = self.compile(mutation.program, source, source.replace(translated, str(folder / "verilated")), folder,
                                   translated)
        return self.link(mutation.program, object_file, source, folder)

    def compile(self, program, original, copy, folder, includes=None):
        line = next(line for line in self.commands_of(program) if line.endswith(f" -c {original}") or
                    line.endswith(f" -c {pathlib.Path(original).name}"))
        object_file = re.search(r" -o (\S+)", line).group(1)
        line = line.replace(object_file, str(folder / "mutated.o")).replace(original, copy)
        if includes:
            line = line.replace(includes, str(folder / "verilated"))
        self.run(line)
        return object_file

    def link(self, program, object_file, replaces, folder):
        line = self.commands_of(program)[-1]
        mutated, result = str(folder / "mutated.o"), folder / program
        # An object of a library comes before the library, so that the linker does not look for it there.
        line = line.replace(object_file, mutated) if replaces else line.replace(f"-o bin/{program}", f"{mutated} -o bin/{program}")
        self.run(line.replace(f"-o bin/{program}", f"-o {result}"))
        return result

    def passes(self, program, test):
        command = f"NF_RANDOM_PROGRAMS={PROGRAMS} timeout 150 {shlex.quote(str(program))} --gtest_filter={shlex.quote(test)}"
        result = subprocess.run(command, shell=True, cwd=self.build, capture_output=True, text=True)
        if "[==========] Running 0 tests" in result.stdout:
            raise RuntimeError(f"{program.name} has no test {test}")
        return result.returncode == 0


def main(arguments):
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    builder = Builder(arguments[0], pathlib.Path(arguments[1]), pathlib.Path(arguments[2]))
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else None
    chosen = [m for m in MUTATIONS if (m.name == only if only else m.always or "--all" in arguments)]
    if "--part" in arguments:
        part, parts = map(int, arguments[arguments.index("--part") + 1].split("/"))
        chosen = chosen[part - 1::parts]
    if not chosen:
        print(f"error: no mutation is called {only}")
        return 1
    sound = {}
    failures = 0
    for mutation in chosen:
        test = (mutation.program, mutation.test)
        try:
            if test not in sound:
                sound[test] = builder.passes(builder.build / "bin" / mutation.program, mutation.test)
            with tempfile.TemporaryDirectory() as folder:
                survives = builder.passes(builder.program_with(mutation, pathlib.Path(folder)), mutation.test)
        except (RuntimeError, StopIteration) as error:
            print(f"error: {mutation.name}: {error or 'no such command'}")
            failures += 1
            continue
        verdict = "survives" if survives else "is seen by" if sound[test] else "proves nothing: without it fails"
        print(f"{mutation.name} {verdict} {mutation.program} {mutation.test}", flush=True)
        failures += survives or not sound[test]
    print(f"{len(chosen) - failures} of {len(chosen)} mutations are seen")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
