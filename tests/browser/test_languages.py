"""A learner in each language: `make lab LANGUAGE=…`, lesson 01 run, its widget used, an exercise answered wrongly, then
rightly; and some parts of the page compared with approved pictures.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from playwright.sync_api import Page, expect

from builder.course import load
from tests.browser.lab import (
    EVERY_CELL_HAS_RUN,
    ROOT,
    browser,
    copy_of_the_course,
    make_lab,
    screenshot,
    scroll_to,
    wait_for_kernel,
)
from tests.browser.stage import show_all_cells

COURSE = load(ROOT)
LESSON = COURSE.lessons[0].name
WRONG = "def distinct_share(texts, n):\n    return 2.0\n"
# Five words in a row of the Latin alphabet without an accent: no sentence of these languages.
ENGLISH = re.compile(r"\b[A-Za-z]{2,}(?: [A-Za-z]{2,}){4,}")


def translation(language: str, catalogue: str, text: str) -> str:
    """The current translation of a message."""
    if language == "en":
        return text
    entries = polib.pofile(str(COURSE.catalogue(language, catalogue)))
    return next(entry.msgstr for entry in entries if entry.msgid == text)


def answer(page: Page, source: str) -> str:
    """Fill exercise 1.2 in, run it and its check, and return what the card says."""
    scroll_to(page, "ex-distinct-code")
    page.locator(".jp-Notebook .jp-Cell.jp-mod-active .cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(source)
    before = counts(page)
    page.keyboard.press("Shift+Enter")
    scroll_to(page, "ex-distinct-check")
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("(before) => window.jupyterapp.shell.currentWidget.content.widgets"
                           ".filter((one) => one.model.executionCount > before).length >= 2", arg=before)  # fmt: skip
    scroll_to(page, "ex-distinct-check")
    card = page.locator(".jp-Notebook .jp-Cell.jp-mod-active .jp-OutputArea-output")
    card.first.wait_for()
    return " ".join(card.all_inner_texts())


def counts(page: Page) -> int:
    """The highest execution count so far."""
    return page.evaluate("() => Math.max(...window.jupyterapp.shell.currentWidget.content.widgets"
                         ".map((one) => one.model.executionCount || 0))")  # fmt: skip


def part(page: Page, selector: str) -> bytes:
    """A picture of one element in the active cell.

    The cells above have heights that are no whole pixels, and so many as the model wrote. Where an element begins
    within a pixel, each line of its text goes to one pixel or the next: so it is put on a whole one first.
    """
    element = page.locator(f".jp-Notebook .jp-Cell.jp-mod-active {selector}").first
    element.scroll_into_view_if_needed()
    element.evaluate(
        """(element) => {
            const {left, top} = element.getBoundingClientRect();
            element.style.translate = `${Math.round(left) - left}px ${Math.round(top) - top}px`;
        }"""
    )
    return element.screenshot(animations="disabled")


@pytest.mark.parametrize("language", [language.code for language in COURSE.built_languages])
def test_a_lesson_in_the_language(
    language: str, tmp_path: Path, generations: str, approved: Callable[[str, bytes], None]
) -> None:
    path = COURSE.exercise(LESSON, language).relative_to(ROOT).as_posix()
    solved = {cell["id"]: "".join(cell["source"]) for cell in cells(COURSE.solution(LESSON, language))}
    folder = tmp_path / "course"
    folder.mkdir()
    copy_of_the_course(folder)
    home = tmp_path / "home"  # of a learner who has passed nothing yet
    shutil.copytree(os.environ["PROMPT2DATA_HOME"], home, symlinks=True, ignore=shutil.ignore_patterns("progress*"))
    own = {"PROMPT2DATA_CACHE": generations, "PROMPT2DATA_HOME": str(home)}
    with make_lab(folder, language, own) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 1400})
        page.goto(f"{lab.url}/?token={lab.token}")
        wait_for_kernel(page)
        show_all_cells(page)
        assert page.url.endswith(f"/lab/tree/{path}")
        title = translation(language, f"lessons/{LESSON}", f"# 1. {COURSE.lessons[0].title}")
        assert page.locator(".jp-NotebookPanel h1").first.inner_text().startswith(title.removeprefix("# "))
        menus = page.locator("#jp-MainMenu").inner_text()
        assert language == "en" or ("Settings" not in menus and "Run" not in menus), "JupyterLab's menus are in English"
        screenshot(page, f"{language}-opened", tmp_path)

        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        page.wait_for_function(EVERY_CELL_HAS_RUN, timeout=300_000, polling=500)
        lab.wait_until_idle()
        scroll_to(page, "sweep-plot")
        page.locator(".jp-Notebook .jp-Cell.jp-mod-active img").first.wait_for()
        screenshot(page, f"{language}-plot", tmp_path)

        scroll_to(page, "what-is-it")
        approved(f"{language}/diagram", part(page, ".jp-MarkdownOutput img"))
        scroll_to(page, "playground")
        widget = page.locator(".jp-Notebook .jp-Cell.jp-mod-active .p2d")
        assert widget.get_attribute("lang") == language
        approved(f"{language}/playground", part(page, "[data-part=controls]"))
        page.mouse.move(0, 0)
        widget.get_by_role("button", name=translation(language, "prompt2data", "Generate")).click()
        expect(widget.get_by_role("table")).to_have_count(2, timeout=30_000)
        intro = widget.locator("[data-part=intro]").inner_text()
        assert bool(ENGLISH.search(intro)) == (language == "en"), intro

        said = answer(page, WRONG)
        screenshot(page, f"{language}-wrong", tmp_path)
        approved(f"{language}/card", part(page, ".jp-OutputArea-output"))
        assert "✘" in said and "2.0" in said
        assert language == "en" or not ENGLISH.search(said.replace("'", " ")), said
        assert translation(language, "prompt2data", "expected") in said
        right = ["✔", *translation(language, "prompt2data", "Passed.").split()]
        assert answer(page, solved["ex-distinct-code"]).split()[: len(right)] == right
        screenshot(page, f"{language}-right", tmp_path)
        page.keyboard.press("ControlOrMeta+S")
        lab.wait_until_idle()
        page.wait_for_timeout(2000)
    outputs = {cell["id"]: cell["outputs"] for cell in cells(folder / path) if cell["cell_type"] == "code"}
    for name, found in outputs.items():
        assert not [output for output in found if output["output_type"] == "error"], name
    card = json.dumps(outputs["ex-pairs-check"], ensure_ascii=False)
    assert translation(language, "prompt2data", "Not attempted yet.") in card


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]
