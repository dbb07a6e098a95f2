"""Real kernels, real scripts, real signals."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
HANG_SECONDS = 900.0  # whatever takes so long hangs, also on a busy machine
# Written into cells and scripts: a pipeline without a model, and steps that misbehave on request.
STEPS = """
import os, signal, time
from distilabel.pipeline import Pipeline
from distilabel.steps import GlobalStep, KeepColumns, LoadDataFromDicts, Step, StepInput, step

FACTOR = 10

class Times(Step):
    fault: str = ""
    marker: str = ""

    @property
    def inputs(self):
        return ["n"]

    @property
    def outputs(self):
        return ["m"]

    def act(self, moment):
        if self.fault == f"kill {moment}":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == f"raise {moment}":
            raise ValueError(f"no {moment} today")
        if self.fault == f"sleep {moment}":
            open(self.marker, "w").close()
            time.sleep(3600)

    def load(self):
        super().load()
        self.act("load")

    def process(self, inputs: StepInput):
        self.act("process")
        for row in inputs:
            row["m"] = row["n"] * FACTOR
        yield inputs

    def unload(self):
        super().unload()
        self.act("unload")


def three_steps(numbers, fault="", marker="", **options):
    with Pipeline(**options) as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"n": n} for n in numbers], batch_size=2)
        times = Times(name="times", fault=fault, marker=marker, input_batch_size=2)
        keep = KeepColumns(name="keep", columns=["n", "m"], input_batch_size=2)
        load >> times >> keep
    return pipeline


def rows(distiset):
    return distiset["default"]["train"]["m"][:]
"""


def environment(**extra: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "PROMPT2DATA_PROGRESS": "0", **extra}


@dataclass
class Cell:
    """What a cell showed."""

    seconds: float
    status: str
    text: str = ""
    stderr: str = ""
    error: str = ""
    traceback: list[str] = field(default_factory=list)
    mime: list[set[str]] = field(default_factory=list)


class Kernel:
    """A real IPython kernel."""

    def __init__(self, folder: Path, **extra: str) -> None:
        self.manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "kernel"))
        self.manager.start_kernel(env=environment(**extra), cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=HANG_SECONDS)
        self.process = psutil.Process(self.manager.provisioner.process.pid)
        self.known: set[psutil.Process] = set()

    def run(self, code: str, timeout: float = HANG_SECONDS) -> Cell:
        cell = Cell(0.0, "")

        def show(message: dict) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                name = "text" if content["name"] == "stdout" else "stderr"
                setattr(cell, name, getattr(cell, name) + content["text"])
            elif kind in ("display_data", "execute_result"):
                cell.mime.append(set(content["data"]))
            elif kind == "error":
                cell.error, cell.traceback = f"{content['ename']}: {content['evalue']}", content["traceback"]

        start = time.monotonic()
        reply = self.client.execute_interactive(code, timeout=timeout, output_hook=show)
        cell.seconds, cell.status = time.monotonic() - start, reply["content"]["status"]
        self.known.update(self.children())
        return cell

    def children(self) -> list[psutil.Process]:
        """Every process below the kernel, the dead ones that nobody fetched left out."""
        return [child for child in self.process.children(recursive=True) if alive(child)]

    def workers(self) -> list[psutil.Process]:
        """Children other than those that stay for the next run: the fork server and multiprocessing's tracker."""
        return [child for child in self.children() if child.ppid() != self.process.pid]

    def shutdown(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(processes: Collection[psutil.Process], limit: float = HANG_SECONDS) -> list[psutil.Process]:
    """Wait until all these processes are gone; those that still live after `limit` seconds, which means forever."""
    deadline = time.monotonic() + limit
    while (left := [process for process in processes if alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def wait_for(path: Path, process: psutil.Process) -> None:
    """Wait until `path` is there, for as long as the process lives that should write it, or whose children should."""
    while not path.exists():
        assert alive(process) or path.exists(), f"{path.name} was never written"
        time.sleep(0.05)


def script(folder: Path, code: str, name: str = "script.py", prefix: list[str] | None = None, **extra: str):
    """Start a script as a learner would; the caller waits for it."""
    path = folder / name
    path.write_text(code)
    return subprocess.Popen(
        [*(prefix or []), sys.executable, str(path)],
        cwd=folder, env=environment(**extra), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
