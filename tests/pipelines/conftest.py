"""Kernels for the tests of pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipelines.support import STEPS, Kernel, wait_until_gone


@pytest.fixture
def new_kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    started: list[Kernel] = []

    def start(**extra: str) -> Kernel:
        started.append(Kernel(tmp_path, **extra))
        return started[-1]

    yield start
    for kernel in started:
        if kernel.manager.is_alive():
            kernel.shutdown()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for a module's tests: each of them also shows that the one before left it usable."""
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    assert kernel.run("from prompt2data import setup\nsetup()" + STEPS).status == "ok"
    yield kernel
    kernel.shutdown()
    assert wait_until_gone(kernel.known) == []
