# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether a profile is consistent with itself.      check_profile.py PROFILE.json PAGE.html

The page must be well-formed and have one bar for each launch.
"""
import json
import math
import sys
import xml.etree.ElementTree


def main():
    with open(sys.argv[1]) as file:
        profile = json.load(file)
    machine, launches = profile["machine"], profile["launches"]
    assert machine["flops"] > 0 and all(level["bandwidth"] > 0 for level in machine["levels"]), machine
    assert [level["name"] for level in machine["levels"]] in (["L2", "memory"], ["L2", "L3", "memory"]), machine
    assert profile["flops"] == sum(launch["flops"] for launch in launches)
    assert 0 < profile["minimum"] <= profile["median"]
    for launch in launches:
        assert 0 <= launch["minimum"] <= launch["median"], launch
        level = next(level for level in machine["levels"] if launch["bytes"] <= level.get("bytes", math.inf))
        moving = launch["bytes"] / level["bandwidth"]
        computing = launch["flops"] / machine["flops"]
        assert abs(launch["least"] - max(computing, moving)) <= 1e-6 * launch["least"], launch
        bound = "compute" if computing >= moving else level["name"]
        assert launch["bound"] == bound, launch
    # The least time of each launch is of another run.
    assert sum(launch["minimum"] for launch in launches) <= profile["minimum"] * 1.0001
    for launch in launches:
        print(f'{launch["layers"]}: {launch["ops"]}: {launch["flops"]} {launch["bytes"]}')

    with open(sys.argv[2]) as file:
        text = file.read()
    page = xml.etree.ElementTree.fromstring(text.replace("<!DOCTYPE html>", "").replace('<meta charset="utf-8">', ""))
    assert len(page.findall("body/svg/g")) == len(launches)
    print(f'{profile["net"]}, {profile["function"]}, batch {profile["batch"]}, threads {profile["threads"]}, '
          f'runs {profile["runs"]}')  # fmt: skip


main()
