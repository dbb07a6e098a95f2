"""How the notebook tests run a notebook under nbval: as a test run of its own, told cell by cell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CELL_TIMEOUT = 600  # seconds
RESULT = re.compile(r"::Cell (\d+) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ran:
    """How a notebook fared. `compared`: cells whose output nbval held against the stored one."""

    notebook: Path
    code_cells: int
    passed: int
    compared: int
    report: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.passed == self.code_cells > 0


def run_under_nbval(
    notebook: Path, folder: Path, strict: bool, root: Path, tell: Callable[[str], None]
) -> Ran:
    """Run a copy of `notebook` in `folder` with pytest --nbval-lax, this interpreter as its kernel.

    nbval turns what follows a cell that timed out into expected failures, so passed cells are counted
    instead of trusting the exit status.
    """
    folder.mkdir(parents=True)
    copy = folder / notebook.name
    copy.write_bytes(notebook.read_bytes())
    result = folder / "result.xml"
    dropped = ("PYTEST_", "PROMPT2DATA_STRICT")
    env = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    env |= {"PROMPT2DATA_PROGRESS": "0", "PROMPT2DATA_OUTPUT": str(folder), "PYTHONUNBUFFERED": "1"}
    if strict:
        env["PROMPT2DATA_STRICT"] = "1"
    # -c with an empty file: the settings of this repository's own tests do not apply to notebooks.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        "-p",
        "no:cacheprovider",
    ]
    command += ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}", "-v"]
    command += ["--color=no", f"--junitxml={result}", str(copy)]
    began = time.monotonic()
    lines = []
    tell(f"\n{notebook.parent.name}/{notebook.name} ")
    with subprocess.Popen(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout:
            lines.append(COLOURS.sub("", line))
            if match := RESULT.search(line):
                tell("." if match[2] == "PASSED" else match[2][0])
    seconds = time.monotonic() - began
    tell(f" {seconds:.0f} s\n")
    passed = 0
    if result.is_file():
        cases = ElementTree.parse(result).getroot().iter("testcase")
        passed = sum(
            not any(child.tag in ("failure", "error", "skipped") for child in case) for case in cases
        )
    code = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    compared = sum(
        bool(cell["execution_count"]) and "nbval-check-output" in cell["metadata"].get("tags", [])
        for cell in code
    )
    text = "".join(lines)
    report = text[text.find("= FAILURES") :] if "= FAILURES" in text else text
    return Ran(notebook, len(code), passed, compared, report, seconds)


@pytest.fixture
def nbval(tmp_path: Path, capfd, record_property) -> Callable[..., Ran]:
    """Runs a notebook under nbval, with progress on the terminal, and records what it ran for the summary."""

    def tell(text: str) -> None:
        with capfd.disabled():
            print(text, end="", flush=True)

    def run(notebook: Path, strict: bool = False, root: Path = ROOT, count: bool = True) -> Ran:
        ran = run_under_nbval(notebook, tmp_path / "run", strict, root, tell)
        if count:
            record_property("ran", {"notebooks": 1, "cells": ran.passed, "compared": ran.compared})
        return ran

    return run
