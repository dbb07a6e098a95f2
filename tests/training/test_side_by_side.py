"""`train_all`: several trainings at once, in real processes, with what `train` would have made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from prompt2data import cache, training
from prompt2data.training import train, train_all
from tests.training.children import ARGS, LORA


def seeds(rows, numbers=(0, 1, 2)):
    return {f"seed-{number}": (rows, ARGS | {"seed": number}) for number in numbers}


def weights(made):
    return (made.folder / "adapter_model.safetensors").read_bytes()


def test_several_at_once_are_what_each_is_alone(tiny, rows, folder, monkeypatch, tmp_path):
    runs = seeds(rows)
    before = train(*runs["seed-1"], LORA, model=str(tiny), name="seed-1")
    made = train_all(runs, LORA, model=str(tiny), processes=2)
    assert list(made) == list(runs)
    assert made["seed-1"].folder == before.folder
    assert [one.name for one in made.values()] == list(runs)
    assert len({weights(one) for one in made.values()}) == 3
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "another"))
    alone = train(*runs["seed-2"], LORA, model=str(tiny), name="seed-2")
    assert dict(alone.losses) == pytest.approx(dict(made["seed-2"].losses), 1e-4)


def test_what_is_there_starts_no_process(tiny, rows, folder, monkeypatch):
    made = {name: train(*run, LORA, model=str(tiny), name=name) for name, run in seeds(rows).items()}
    monkeypatch.setattr(training, "side_by_side", None)
    again = train_all(seeds(rows), LORA, model=str(tiny), processes=2)
    assert [one.folder for one in again.values()] == [one.folder for one in made.values()]
    assert all(one.found for one in again.values())


def test_without_a_cache_they_are_trained_here(tiny, rows, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", "off")
    monkeypatch.setattr(training, "side_by_side", None)
    made = train_all(seeds(rows, (0, 1)), LORA, model=str(tiny), processes=2)
    assert all(one.folder.is_dir() for one in made.values())


def test_bad_rows_are_told_before_anything_is_trained(tiny, rows, folder, monkeypatch):
    monkeypatch.setattr(training, "side_by_side", None)
    monkeypatch.setattr(training, "tuned", None)
    with pytest.raises(ValueError, match="no rows to train on"):
        train_all(seeds(rows) | {"empty": ([], ARGS)}, LORA, model=str(tiny), processes=2)


def test_what_fails_in_a_process_is_raised_here(tiny, rows, folder):
    with pytest.raises(ValueError, match="no_such_layer"):
        train_all(seeds(rows), LORA | {"target_modules": ["no_such_layer"]}, model=str(tiny), processes=2)


def trainers(parent=None):
    """The processes that train, once there are two."""
    caller = psutil.Process(parent)
    while caller.is_running() and caller.status() != psutil.STATUS_ZOMBIE:
        if len(found := children(caller)) == 2:
            return found
        time.sleep(0.05)
    raise AssertionError("the caller has ended")


def children(caller):
    found = []
    for one in caller.children():
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(one.cmdline()):
                found.append(one)
    return found


def test_when_the_caller_is_killed_the_processes_end(tiny, folder):
    caller = subprocess.Popen([sys.executable, "-m", "tests.training.children", "several", str(tiny)])
    begun = trainers(caller.pid)
    caller.kill()
    caller.wait()
    for one in begun:
        one.wait()


def test_the_stop_button_of_a_notebook_is_told_once(tiny, folder):
    """It interrupts the kernel and all that the kernel has started."""
    command = [sys.executable, "-m", "tests.training.children", "several", str(tiny)]
    caller = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    begun = trainers(caller.pid)
    while caller.poll() is None and len(list(folder.rglob(".lock"))) < 2:  # both train
        time.sleep(0.05)
    os.killpg(caller.pid, signal.SIGINT)
    _out, told = caller.communicate()
    assert told.count("Traceback") == 1 and told.rstrip().endswith("KeyboardInterrupt")
    for one in begun:
        one.wait()


def test_a_killed_process_is_one_sentence_and_the_rest_is_kept(tiny, rows, folder):
    long = {f"long-{number}": (rows, ARGS | {"max_steps": 100_000, "seed": number}) for number in range(2)}
    runs = seeds(rows, (0,)) | long
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(train_all, runs, LORA, str(tiny), 2)
        while not (kept := list(folder.rglob("seed-0/training.json"))) and not told.done():
            time.sleep(0.05)
        for one in trainers():
            one.kill()
        with pytest.raises(MemoryError, match="processes=1"):
            told.result()
    found = train(*runs["seed-0"], LORA, model=str(tiny), name="seed-0")
    assert found.found and [found.folder] == [path.parent for path in kept]


def test_an_interrupted_call_leaves_no_process(tiny, rows, folder, monkeypatch):
    from prompt2data.engine import side_by_side

    long = {f"long-{number}": (rows, ARGS | {"max_steps": 100_000, "seed": number}) for number in range(2)}
    waited, begun = side_by_side.wait, threading.Event()

    def interrupted(*args):
        if not begun.is_set():
            trainers()
            begun.set()
            raise KeyboardInterrupt
        return waited(*args)

    monkeypatch.setattr(side_by_side, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_all(long, LORA, model=str(tiny), processes=2)
    assert not children(psutil.Process())
    store = cache.opened()
    assert not list((store.folder / cache.ADAPTERS).rglob("training.json"))
