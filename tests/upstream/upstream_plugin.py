"""Loaded into the pytest run of distilabel's own tests: prepares the process as a notebook, records what passed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_passed: set[str] = set()
_failed: set[str] = set()


def pytest_configure() -> None:
    if os.environ["UPSTREAM_SETUP"] == "1":
        from prompt2data import setup

        setup()

    from ray import cluster_utils

    cluster_utils.Cluster = partial(one_cluster, [], cluster_utils.Cluster)


def one_cluster(made: list[Any], make: Callable[..., Any], **options: Any) -> Any:
    """Ray's `Cluster`, the same for all tests: each of them starts four nodes, and leaves them running."""
    if made:
        made[0].add_node = lambda **options: None  # it has them all
    else:
        made.append(make(**options))
    return made[0]


def pytest_runtest_logreport(report) -> None:
    if report.when == "call" and report.passed:
        _passed.add(report.nodeid)
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    Path(os.environ["UPSTREAM_REPORT"]).write_text(json.dumps(sorted(_passed - _failed)))
