"""Shared by all tests: the line at the end that says how many notebooks, cells and outputs were run."""

from __future__ import annotations

import os

# Several tests at a time share the cores: each process that one starts takes its part of them.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    _share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _share)))


def pytest_terminal_summary(terminalreporter) -> None:
    """Add up what the notebook tests recorded (under xdist as well: the reports carry it)."""
    total = {"notebooks": 0, "cells": 0, "compared": 0}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "ran" and getattr(report, "when", "") == "call":
                    for key in total:
                        total[key] += value[key]
    if total["notebooks"]:
        terminalreporter.section("notebooks")
        terminalreporter.write_line(
            f"{total['notebooks']} notebooks run under nbval: {total['cells']} cells, "
            f"{total['compared']} outputs compared with the stored ones"
        )
