# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where `cnnc train` starts: no checkpoint is lost, and none is missed, without a word.      train_start.py FOLDER"""
import subprocess
import sys

from small_training import CHECKPOINT, WEIGHTS, epochs_done, make, require, start, train, wait_for

folder = make(sys.argv[1])
checkpoint, weights = folder / CHECKPOINT, folder / WEIGHTS


def must_be_refused(words, text):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, said = train(folder, *words)
    require(code == 1 and said == f"cnnc: error: {text}\n", f"{words}: exit code {code}, {said}")
    require(before == {path.name: path.read_bytes() for path in folder.iterdir()}, f"{words} changed a file")


must_be_refused(["--resume"], f"--resume needs the checkpoint '{CHECKPOINT}', which is not there")

training = start(folder, "--quiet")
wait_for(training, "a checkpoint", checkpoint.exists)
training.kill()
training.communicate()
done = epochs_done(checkpoint)
must_be_refused(
    [], f"'{CHECKPOINT}' is there from a run that was stopped: go on with --resume, or start over with --restart"
)

code, said = train(folder, "--resume", "--epochs", str(done + 2), "--metrics", "m.jsonl")
require(code == 0 and not checkpoint.exists(), f"exit code {code}, {said}")
lines = (folder / "m.jsonl").read_text().splitlines()
require(len(lines) == 2 and lines[0].startswith(f'{{"epoch": {done + 1}, '), f"repeated: {lines}")
must_be_refused(
    ["--resume"],
    f"--resume needs the checkpoint '{CHECKPOINT}', which is not there; training is finished: its result is '{WEIGHTS}'",
)

# Starting over gives what a run without a checkpoint gave.
resumed = weights.read_bytes()
checkpoint.write_bytes(b"not even a checkpoint")
code, said = train(folder, "--restart", "--epochs", str(done + 2))
require(code == 0 and not checkpoint.exists(), f"exit code {code}, {said}")
require(weights.read_bytes() == resumed, "the resumed training ended in other bytes")

# Another network with weights of the same shapes, and another optimizer with the same state.
training = start(folder, "--quiet")
wait_for(training, "a checkpoint", checkpoint.exists)
training.kill()
training.communicate()
model = (folder / "small.cnn").read_text()
for old, new in [("relu", "tanh"), ("momentum = 0.9", "momentum = 0.8")]:
    (folder / "small.cnn").write_text(model.replace(old, new))
    code, said = train(folder, "--resume")
    require(code == 1 and "a checkpoint of another training: expected hash of net, loss and optimizer " in said, f"{new}: exit code {code}, {said}")
(folder / "small.cnn").write_text(model.replace("epochs    = 3", "epochs    = 3  # the same"))
code, said = train(folder, "--resume", "--epochs", str(epochs_done(checkpoint) + 1))
require(code == 0, f"a comment: exit code {code}, {said}")

# Without weights, `cnnc run` takes those that training starts from: they depend on the seed of the train block.
results = []
for seed in [1, 1, 2]:
    (folder / "small.cnn").write_text(model.replace("epochs    = 3", f"epochs    = 3\n  seed      = {seed}"))
    subprocess.run(["cnnc", "run", "small.cnn", "--input", "image", "-o", "y.npy"], cwd=folder, check=True)
    results.append((folder / "y.npy").read_bytes())
require(results[0] == results[1] != results[2], "the seed of the train block is not that of cnnc run")
