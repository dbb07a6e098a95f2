"""Where no Chromium is: the other tests run, the last line says what is missing, and the run has failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.lab import ROOT

pytestmark = pytest.mark.needs_no_browser


def run(tmp_path: Path, *options: str, **environment: str) -> tuple[int, list[str]]:
    """Exit code and lines of a run over one quick test and one of a browser, on a system without a Chromium."""
    inner = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PROMPT2DATA_CHROMIUM"))
    }
    inner |= {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), **environment}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}", *options]
    command += ["tests/course/test_untrusted.py", "tests/browser/test_lab.py"]
    done = subprocess.run(command, cwd=ROOT, env=inner, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.strip().splitlines()


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_it_is_said_in_the_last_line(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, lines = run(tmp_path, *options)
    assert code == 1
    assert "PROMPT2DATA_CHROMIUM" in lines[-1] and "install" in lines[-1]
    assert " passed" in lines[-2] and "skipped" in lines[-2] and "failed" not in lines[-2]


def test_a_variable_that_names_nothing_is_told(tmp_path: Path) -> None:
    code, lines = run(tmp_path, PROMPT2DATA_CHROMIUM="/no/such/chromium")
    assert code == 1 and "/no/such/chromium" in lines[-1]


def test_quiet_where_no_browser_is_needed(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "--deselect", "tests/browser/test_lab.py")
    assert code == 0 and "Chromium" not in lines[-1]
