"""A learner in each other language: `make lab LANGUAGE=…`, the lesson run, an exercise answered wrongly and rightly."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polib
import pytest
from playwright.sync_api import Page

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

COURSE = load(ROOT)
LESSON = COURSE.lessons[0].name
WRONG = "def distinct_share(texts, n):\n    return 2.0\n"
# Five words in a row of the Latin alphabet without an accent: no sentence of these languages.
ENGLISH = re.compile(r"\b[A-Za-z]{2,}(?: [A-Za-z]{2,}){4,}")


def translation(language: str, catalogue: str, text: str) -> str:
    """The current translation of a message."""
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


@pytest.mark.parametrize("language", [language.code for language in COURSE.built_languages[1:]])
def test_a_lesson_in_the_language(language: str, tmp_path: Path, generations: str) -> None:
    path = COURSE.exercise(LESSON, language).relative_to(ROOT).as_posix()
    solved = {cell["id"]: "".join(cell["source"]) for cell in cells(COURSE.solution(LESSON, language))}
    folder = tmp_path / "course"
    folder.mkdir()
    copy_of_the_course(folder)
    with make_lab(folder, language, {"PROMPT2DATA_CACHE": generations}) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 1400})
        page.goto(f"{lab.url}/?token={lab.token}")
        wait_for_kernel(page)
        assert page.url.endswith(f"/lab/tree/{path}")
        title = translation(language, f"lessons/{LESSON}", f"# 1. {COURSE.lessons[0].title}")
        assert page.locator(".jp-NotebookPanel h1").first.inner_text().startswith(title.removeprefix("# "))
        menus = page.locator("#jp-MainMenu").inner_text()
        assert "Settings" not in menus and "Run" not in menus, "JupyterLab's menus are in English"
        screenshot(page, f"{language}-opened", tmp_path)

        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        page.wait_for_function(EVERY_CELL_HAS_RUN, timeout=300_000, polling=500)
        lab.wait_until_idle(seconds=120)
        scroll_to(page, "sweep-plot")
        page.locator(".jp-Notebook .jp-Cell.jp-mod-active img").first.wait_for()
        screenshot(page, f"{language}-plot", tmp_path)

        said = answer(page, WRONG)
        screenshot(page, f"{language}-wrong", tmp_path)
        assert "✘" in said and "2.0" in said and not ENGLISH.search(said.replace("'", " ")), said
        assert translation(language, "prompt2data", "expected") in said
        assert answer(page, solved["ex-distinct-code"]).split() == [
            "✔", *translation(language, "prompt2data", "Passed.").split()
        ]  # fmt: skip
        screenshot(page, f"{language}-right", tmp_path)
        page.keyboard.press("ControlOrMeta+S")
        lab.wait_until_idle(seconds=30)
        page.wait_for_timeout(2000)
    outputs = {cell["id"]: cell["outputs"] for cell in cells(folder / path) if cell["cell_type"] == "code"}
    for name, found in outputs.items():
        assert not [output for output in found if output["output_type"] == "error"], name
    card = json.dumps(outputs["ex-pairs-check"], ensure_ascii=False)
    assert translation(language, "prompt2data", "Not attempted yet.") in card


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]
