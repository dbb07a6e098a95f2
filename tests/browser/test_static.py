"""Stored notebooks where nothing runs: GitHub, nbviewer, a page without JavaScript. Every widget is there as HTML."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from playwright.sync_api import Browser

from builder.course import load
from builder.outputs import MAX_NOTEBOOK
from tests.browser.accessibility import grave
from tests.browser.lab import ROOT, screenshot

COURSE = load(ROOT)
LESSONS = [entry.name for entry in COURSE.lessons]
NOTEBOOKS = [
    path
    for language in COURSE.built_languages
    for name in LESSONS
    for path in (COURSE.exercise(name, language.code), COURSE.solution(name, language.code))
]


@functools.cache
def exported(path: Path) -> str:
    """The notebook as a page."""
    exporter = HTMLExporter(template_name="classic", embed_images=True)
    return exporter.from_notebook_node(nbformat.read(path, as_version=4))[0]


def like_github(path: Path) -> str:
    """The notebook as GitHub shows it: no script, no style of a notebook's own, no handlers."""
    page = BeautifulSoup(exported(path), "html.parser")
    for tag in page.find_all("script"):
        tag.decompose()
    for widget in page.select(".p2d"):
        for tag in widget.find_all("style"):
            tag.decompose()
        for tag in widget.find_all(True):
            for name in [
                name for name in tag.attrs if name in ("style", "class", "id") or name.startswith(("on", "data-"))
            ]:
                del tag[name]
    return str(page)


@pytest.mark.parametrize("name", LESSONS)
def test_a_solution_without_javascript(chromium: Browser, name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.html"
    file.write_text(like_github(COURSE.solution(name)), "utf-8")
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 1200})
    page = context.new_page()
    page.goto(file.as_uri())
    widgets = page.locator(".p2d")
    used = set(re.findall(r"from prompt2data\.widgets\.(\w+)", (ROOT / "lessons" / f"{name}.py").read_text("utf-8")))
    assert used and widgets.count() >= len(used)
    for number in range(widgets.count()):
        widget = widgets.nth(number)
        widget.scroll_into_view_if_needed()
        assert len(widget.inner_text()) > 100, "it says nothing"
        assert widget.locator("table, ul, ol").count(), "it shows nothing"
        assert widget.locator("input, button, select, textarea").count() == 0, "a control that nobody answers"
        screenshot(page, f"static-{name}-{number}", tmp_path)
    context.close()


@pytest.mark.parametrize("name", LESSONS)
def test_stored_outputs_are_accessible(chromium: Browser, name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.html"
    file.write_text(re.sub(r"<script.*?</script>", "", exported(COURSE.solution(name)), flags=re.S), "utf-8")
    page = chromium.new_page(viewport={"width": 1000, "height": 1200})
    page.goto(file.as_uri())
    assert grave(page, ".p2d") == []
    page.close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_notebook_is_large_or_holds_a_widgets_state(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.encode()) < MAX_NOTEBOOK <= 1_000_000
    assert "application/vnd.jupyter.widget" not in text
    assert "widgets" not in json.loads(text)["metadata"]
