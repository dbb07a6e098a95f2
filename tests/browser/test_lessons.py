"""Each further English lesson in JupyterLab: it runs to its end, its widgets live, its outputs are accessible."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from builder.course import load
from tests.browser import stage
from tests.browser.accessibility import grave
from tests.browser.lab import ROOT, Lab, copy_of_the_course, make_lab, screenshot

COURSE = load(ROOT)
LESSONS = [entry.name for entry in COURSE.lessons[1:]]  # test_languages.py opens the first
WIDGET = ".jp-NotebookPanel .jp-OutputArea-output .p2d[aria-label]"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, generations: str) -> Iterator[Lab]:
    folder = copy_of_the_course(tmp_path_factory.mktemp("course"))
    with make_lab(folder, extra={"PROMPT2DATA_CACHE": generations}) as running:
        yield running


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson(lab: Lab, page: Page, name: str, tmp_path: Path) -> None:
    path = f"notebooks/{name}.ipynb"
    page.set_viewport_size({"width": 1200, "height": 1200})
    lab.end_kernels()  # that of the lesson before
    stage.open_notebook(lab, page, path)
    stage.run_all(page, seconds=1200)  # lesson 8 trains
    lab.wait_until_idle()
    screenshot(page, f"lesson-{name}", tmp_path)

    widgets = page.locator(WIDGET)
    names = set(re.findall(r"from prompt2data\.widgets\.(\w+)", (ROOT / "lessons" / f"{name}.py").read_text("utf-8")))
    assert names, "a lesson of the course has a widget"
    assert widgets.count() >= len(names)
    for number in range(widgets.count()):
        # What is alive has parts that the page knows; the stored form has none.
        assert widgets.nth(number).locator("[data-part]").count() > 1
        widgets.nth(number).scroll_into_view_if_needed()
        screenshot(page, f"lesson-{name}-widget-{number}", tmp_path)

    pictures = page.locator(".jp-NotebookPanel .jp-MarkdownOutput img[src^='data:image/png']")
    assert pictures.count() >= 1, "a lesson has a diagram"
    for number in range(pictures.count()):
        assert pictures.nth(number).get_attribute("alt")
        assert pictures.nth(number).evaluate("(one) => one.naturalWidth") > 100
    assert grave(page) == []
    assert page.errors == []

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1500)
    for cell in json.loads((lab.folder / path).read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "error", (cell["id"], output)
            assert output.get("name") != "stderr", (cell["id"], output)
