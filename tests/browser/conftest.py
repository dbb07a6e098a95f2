"""Shared by the browser tests: whether there is a browser, and where pictures are approved."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import approved as pictures
from tests.browser.lab import browser, missing_chromium

missing_here = functools.cache(missing_chromium)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without a browser the others run all the same; tests/conftest.py then makes the run fail."""
    if "needs_no_browser" not in item.keywords and missing_here():
        pytest.skip(missing_here())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture
def approved(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, bytes], None]:
    """`approved(name, picture)`: the picture is as the approved one of this name."""
    folder = Path(os.environ.get("PROMPT2DATA_SCREENSHOTS") or tmp_path)
    approve = request.config.getoption("approve")
    return lambda name, picture: pictures.check(name, picture, approve, folder)
