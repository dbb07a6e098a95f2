"""`make lab` as a learner meets it: JupyterLab opens at lesson 01, which runs to its end; a wrong answer is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.lab import (
    EVERY_CELL_HAS_RUN,
    ROOT,
    Lab,
    browser,
    copy_of_the_course,
    make_lab,
    screenshot,
    scroll_to,
    wait_for_kernel,
)

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


def test_the_lesson_runs_to_its_end(lab: Lab, page: Page, tmp_path: Path) -> None:
    screenshot(page, "lab-opened", tmp_path)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(EVERY_CELL_HAS_RUN, timeout=300_000, polling=500)
    lab.wait_until_idle(seconds=60)
    screenshot(page, "lab-ran", tmp_path)
    save(lab, page)
    notebook = json.loads((lab.folder / LESSON).read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    outputs = {cell["id"]: cell["outputs"] for cell in code}
    for name, found in outputs.items():
        assert not [output for output in found if output["output_type"] == "error"], name
        assert not [output["text"] for output in found if output.get("name") == "stderr"], name
    unanswered = [cell["id"] for cell in code if "check" in cell["metadata"].get("tags", [])]
    assert unanswered
    for name in unanswered:
        assert "not attempted" in json.dumps(outputs[name]).lower(), name


def test_a_wrong_answer_gets_its_card(lab: Lab, page: Page, tmp_path: Path) -> None:
    scroll_to(page, "ex-distinct-code")
    active = page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
    active.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text("def distinct_share(texts, n):\n    return 2.0\n")
    page.keyboard.press("Shift+Enter")
    scroll_to(page, "ex-distinct-check")
    page.keyboard.press("Shift+Enter")
    lab.wait_until_idle(seconds=60)
    scroll_to(page, "ex-distinct-check")
    card = active.locator(".jp-OutputArea-output")
    card.first.wait_for()
    screenshot(page, "lab-wrong-answer", tmp_path)
    said = card.all_inner_texts()
    assert "2.0" in " ".join(said), said
    assert "not attempted" not in " ".join(said).lower(), said


def test_the_server_reports_no_error(lab: Lab) -> None:
    lines = lab.log.read_text("utf-8", "replace").splitlines()
    assert not [line for line in lines if line.startswith("[E ") or "Traceback" in line]


def save(lab: Lab, page: Page) -> None:
    before = (lab.folder / LESSON).stat().st_mtime_ns
    page.keyboard.press("ControlOrMeta+S")
    deadline = time.monotonic() + 30
    while (lab.folder / LESSON).stat().st_mtime_ns == before:
        assert time.monotonic() < deadline, "JupyterLab did not save"
        page.wait_for_timeout(200)
