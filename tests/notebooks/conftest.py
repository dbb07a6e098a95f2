"""How the notebook tests run a notebook under nbval, and a small course to try that on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import network
from tests.notebooks.running import ROOT, Ran, run_under_nbval

SMALL = ROOT / "tests" / "builder" / "fixtures" / "course"


@pytest.fixture
def nbval(tmp_path: Path, capfd, record_property, generations: str) -> Callable[..., Ran]:
    """Runs a notebook under nbval, with progress on the terminal, and records what it ran for the summary.

    Without a network, unless a model was named that lies in no folder, or this machine cannot take the network away
    (tests/setup/test_offline.py says so then).
    """
    named = os.environ.get("PROMPT2DATA_MODEL")
    offline = [] if named and not Path(named).is_dir() else network.without_network()

    def tell(text: str) -> None:
        with capfd.disabled():
            print(text, end="", flush=True)

    def run(notebook: Path, strict: bool = False, root: Path = ROOT, count: bool = True) -> Ran:
        folder = tmp_path / f"run-{len(list(tmp_path.glob('run-*')))}"
        ran = run_under_nbval(notebook, folder, strict, root, tell, {"PROMPT2DATA_CACHE": generations}, offline)
        if count:
            record_property("notebook", ran.summary())
        return ran

    return run


@pytest.fixture(scope="session")
def small_executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one lesson without a model, built and executed."""
    from builder.build import build
    from builder.course import load

    root = tmp_path_factory.mktemp("small") / "course"
    shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"))
    course = load(root)
    build(course, list(course.lessons), True, lambda _: None)
    return root
