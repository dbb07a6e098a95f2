"""`make lab` as a learner meets it: JupyterLab opens at lesson 01, without pop-ups and without errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.lab import ROOT, Lab, browser, copy_of_the_course, make_lab, wait_for_kernel

LESSON = "notebooks/01_basic_prompting.ipynb"
NEWS = "get notified about official Jupyter news"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with make_lab(copy_of_the_course(tmp_path_factory.mktemp("course"))) as running:
        yield running


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    with browser() as running:
        page = running.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(f"{lab.url}/?token={lab.token}")
        wait_for_kernel(page)
        yield page


def test_it_opens_at_lesson_01(lab: Lab, page: Page) -> None:
    assert page.locator(".jp-NotebookPanel h1").first.inner_text().startswith("1. ")
    assert page.url.endswith(f"/lab/tree/{LESSON}")
    assert (lab.folder / LESSON).read_bytes() == (ROOT / LESSON).read_bytes()


def test_no_news_pop_up(page: Page) -> None:
    page.wait_for_timeout(4000)  # JupyterLab asks a moment after it has opened
    assert page.locator(".Toastify__toast").count() == 0
    assert NEWS not in page.content()
    assert page.locator(".jp-Dialog").count() == 0


def test_the_server_reports_no_error(lab: Lab) -> None:
    lines = lab.log.read_text("utf-8", "replace").splitlines()
    assert not [line for line in lines if line.startswith("[E ") or "Traceback" in line]
