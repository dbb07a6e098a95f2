"""Running a notebook under nbval: as a test run of its own, told cell by cell, with the seconds of each cell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CELL_TIMEOUT = 600  # seconds
RESULT = re.compile(r"::Cell (\d+) (PASSED|FAILED|ERROR|SKIPPED|XFAIL)")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ran:
    """How a notebook fared. `compared`: cells whose output nbval held against the stored one.

    `cells` maps the id of each code cell that was run to its seconds, in the notebook's order; the first one includes
    the start of the kernel. `seconds` is all of it: what the cells do not account for is the start of pytest and the
    end of the kernel. `made`: how many texts it put into the generation cache, where that was looked at.
    """

    notebook: Path
    code_cells: int
    passed: int
    compared: int
    report: str
    seconds: float
    cells: dict[str, float]
    made: int | None = None

    @property
    def ok(self) -> bool:
        return self.passed == self.code_cells > 0

    @property
    def language(self) -> str:
        """Code of the notebook's language, by the folder it lies in."""
        folder = self.notebook.resolve().parents[1]
        return folder.name if folder.parent.name == "translations" else "en"

    def summary(self) -> dict[str, Any]:
        """What the tables at the end of a run show of it, of types that pass from worker to controller."""
        return {
            "language": self.language,
            "half": self.notebook.parent.name,
            "lesson": self.notebook.stem,
            "passed": self.passed,
            "compared": self.compared,
            "seconds": self.seconds,
            "cells": self.cells,
            "made": self.made,
        }


def run_under_nbval(
    notebook: Path,
    folder: Path,
    strict: bool,
    root: Path,
    tell: Callable[[str], None],
    extra: Mapping[str, str],
    prefix: Sequence[str] = (),
) -> Ran:
    """Run a copy of `notebook` in `folder` with pytest --nbval-lax, this interpreter as its kernel.

    `extra`: environment variables beyond those of this process. `prefix`: what to put before the command. nbval turns
    what follows a cell that timed out into expected failures, so passed cells are counted instead of trusting the exit
    status.
    """
    folder.mkdir(parents=True)
    copy = folder / notebook.name
    copy.write_bytes(notebook.read_bytes())
    result = folder / "result.xml"
    dropped = ("PYTEST_", "PROMPT2DATA_STRICT")
    env = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH")]))
    env |= {"PROMPT2DATA_PROGRESS": "0", "PROMPT2DATA_OUTPUT": str(folder), "PYTHONUNBUFFERED": "1", **extra}
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the others take longer to load than a small notebook to run
    if strict:
        env["PROMPT2DATA_STRICT"] = "1"
    # -c with an empty file: the settings of this repository's own tests do not apply to notebooks.
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider"]
    command += ["-p", "nbval.plugin", "--nbval-lax", "--nbval-current-env"]
    command += [f"--nbval-cell-timeout={CELL_TIMEOUT}", "-v"]
    command += ["--color=no", f"--junitxml={result}", str(copy)]
    began = time.monotonic()
    lines = []
    tell(f"\n{notebook.parent.name}/{notebook.name} ")
    with subprocess.Popen(
        [*prefix, *command], cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout:
            lines.append(COLOURS.sub("", line))
            if match := RESULT.search(line):
                tell("." if match[2] == "PASSED" else match[2][0])
    seconds = time.monotonic() - began
    tell(f" {seconds:.0f} s\n")
    code = [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    passed, cells = read_result(result, [cell["id"] for cell in code])
    compared = sum(
        bool(cell["execution_count"]) and "nbval-check-output" in cell["metadata"].get("tags", []) for cell in code
    )
    text = "".join(lines)
    report = text[text.find("= FAILURES") :] if "= FAILURES" in text else text
    return Ran(notebook, len(code), passed, compared, report, seconds, cells)


def read_result(result: Path, ids: list[str]) -> tuple[int, dict[str, float]]:
    """(cells that passed, seconds by cell id) from nbval's junit file; `ids` are those of the code cells, in order."""
    passed, cells = 0, {}
    if result.is_file():
        for case in ElementTree.parse(result).getroot().iter("testcase"):
            passed += not any(child.tag in ("failure", "error", "skipped") for child in case)
            if number := re.fullmatch(r"Cell (\d+)", case.get("name", "")):
                cells[ids[int(number[1])]] = float(case.get("time", 0))
    return passed, cells
