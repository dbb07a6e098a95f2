"""Trainings in processes of their own: killed, two at once, watched for what they import and whom they ask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prompt2data.training import train
from tests.models.support import ROOT
from tests.training.children import ARGS, LORA, PHASES, ROWS

PATIENCE = 300  # seconds until a test that hangs is told


class Child:
    """A process that tells what happens in it, a line at a time."""

    def __init__(self, action: str, model: Path, folder: Path, *more: str) -> None:
        command = [sys.executable, "-m", "tests.training.children", action, str(model), *more]
        self.process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PROMPT2DATA_CACHE": str(folder), "PROMPT2DATA_PROGRESS": "0"},
        )  # fmt: skip

    def event(self, name: str) -> dict:
        """The next line, which must tell this."""
        line = self.process.stdout.readline()
        told = json.loads(line) if line.startswith("{") else {"event": line + self.process.stderr.read()}
        assert told["event"] == name, told
        return told

    def until(self, name: str) -> tuple[list[str], dict]:
        """The keys of the texts that it makes until it tells this, and what it tells then."""
        keys = []
        while True:
            told = json.loads(line) if (line := self.process.stdout.readline()).startswith("{") else {}
            if told.get("event") != "text":
                assert told.get("event") == name, (line, self.process.stderr.read())
                return keys, told
            keys.append(told["key"])

    def go_on(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Wait for its end; it has nothing more to say, on stderr neither."""
        assert self.process.communicate(timeout=PATIENCE) == ("", "")
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def child(tiny, folder):
    made = []

    def start(action: str, *more: str) -> Child:
        made.append(Child(action, tiny, folder, *more))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture(scope="module")
def undisturbed(tiny, tmp_path_factory):
    """The adapter of a training that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPT2DATA_CACHE", str(tmp_path_factory.mktemp("undisturbed")))
        return train(ROWS, ARGS, LORA, model=str(tiny))


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_a_training_asks_no_network_and_says_nothing(child, undisturbed):
    one = child("plain")
    made, seen = one.event("done"), one.event("seen")
    one.end()
    assert not made["found"] and seen["network"] == [] and "trl" in seen["imported"]
    assert weights(Path(made["folder"])) == weights(undisturbed.folder)


def test_a_found_adapter_needs_no_training_stack(child, tiny, folder):
    made = train(ROWS, ARGS, LORA, model=str(tiny))
    one = child("plain")
    found = one.event("done")
    assert one.event("seen") == {"event": "seen", "network": [], "imported": []}
    one.end()
    assert found["found"] and found["folder"] == str(made.folder)


def test_a_lesson_that_is_killed_in_each_phase_goes_on(child, tiny, folder, tmp_path):
    """Nothing is lost, no text is made twice and no adapter left half-made, whenever the process dies."""
    undisturbed = Child("lesson", tiny, tmp_path / "undisturbed")
    texts, results = undisturbed.until("done")
    undisturbed.end()
    made = []
    for phase in PHASES:
        killed = child("lesson", phase)
        made.append(killed.until(f"killed in {phase}")[0])
        killed.kill()
        if phase in ("step 3", "saving"):
            (place,) = (folder / "adapters").iterdir()
            assert not (place / "adapter").exists()
            assert (phase == "saving") == any(path.name.startswith(".making-") for path in place.iterdir())
    assert sorted(path.name for path in place.iterdir()) == [".lock", "adapter"]
    last = child("lesson")
    rest, found = last.until("done")
    last.end()
    assert [len(keys) for keys in made] == [3, 5, 0, 0, 3] and len(rest) == 5
    assert sorted([*sum(made, []), *rest]) == sorted(texts)
    assert found == results
    (again,), (once,) = ((one / "adapters").iterdir() for one in (folder, tmp_path / "undisturbed"))
    assert weights(again / "adapter") == weights(once / "adapter")


def test_two_processes_train_once(child):
    first = child("first_step")
    first.event("step 1")
    second = child("second")
    assert "waiting" in second.event("waiting")["label"]
    first.go_on()
    made, other = first.event("done"), second.event("done")
    first.end()
    second.end()
    assert other == {**made, "found": True} and not made["found"]
