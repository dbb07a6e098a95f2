"""Loaded into the pytest run of distilabel's own tests: prepares the process as a notebook, records what passed."""

from __future__ import annotations

import json
import os
from pathlib import Path

_passed: set[str] = set()
_failed: set[str] = set()


def pytest_configure() -> None:
    if os.environ["UPSTREAM_SETUP"] == "1":
        from prompt2data import setup

        setup()


def pytest_runtest_logreport(report) -> None:
    if report.when == "call" and report.passed:
        _passed.add(report.nodeid)
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    Path(os.environ["UPSTREAM_REPORT"]).write_text(json.dumps(sorted(_passed - _failed)))
