"""Shared by the browser tests: whether there is a browser, and where pictures are approved."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import approved as pictures
from tests.browser import stage
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


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """The page of a module's tests, once there is one."""
    return []


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, pages: list[Page]) -> Iterator[Page]:
    """A page for JupyterLab, with its `errors`: a new one, or that of the test before, if it passed, emptied."""
    if not pages:
        pages.append(chromium.new_page())
        errors = pages[0].errors = []
        pages[0].on("pageerror", lambda error: errors.append(str(error)))
    pages[0].errors.clear()
    failed = request.session.testsfailed
    yield pages[0]
    if request.session.testsfailed > failed:
        pages.pop().close()
    else:
        stage.close_all(pages[0])


@pytest.fixture
def approved(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, bytes], None]:
    """`approved(name, picture)`: the picture is as the approved one of this name."""
    folder = Path(os.environ.get("PROMPT2DATA_SCREENSHOTS") or tmp_path)
    approve = request.config.getoption("approve")
    return lambda name, picture: pictures.check(name, picture, approve, folder)
