"""Every widget in a real JupyterLab: by mouse, by keyboard, on a phone, in the dark, through a kernel's restart.

How each is used stands in `plays/`. What it does is asserted on the page and in the kernel.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.browser import plays, stage
from tests.browser.accessibility import grave
from tests.browser.lab import Lab, copy_of_the_course, make_lab, screenshot

PLAYS = sorted(module.name for module in pkgutil.iter_modules(plays.__path__))
DESKTOP, PHONE = {"width": 1100, "height": 1000}, {"width": 360, "height": 740}
WIDGET = ".jp-NotebookPanel .jp-OutputArea-output .p2d"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, generations: str) -> Iterator[Lab]:
    folder = copy_of_the_course(tmp_path_factory.mktemp("course"))
    for name in PLAYS:
        stage.write_notebook(folder, f"{name}.ipynb", importlib.import_module(f"{plays.__name__}.{name}").CELLS)
    with make_lab(folder, extra={"PROMPT2DATA_CACHE": generations}) as running:
        yield running


def opened(lab: Lab, page: Page, name: str) -> Locator:
    """The widget of this play, in its notebook, which has run from the top."""
    page.set_viewport_size(DESKTOP)
    stage.open_notebook(lab, page, f"{name}.ipynb")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
    return fresh(page)


def fresh(page: Page) -> Locator:
    """A new widget, from running the open notebook from the top."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.locator(WIDGET).wait_for(state="detached")
    stage.run_all(page)
    widget = page.locator(WIDGET).last
    widget.wait_for(timeout=60_000)
    widget.scroll_into_view_if_needed()
    return widget


@pytest.mark.parametrize("name", PLAYS)
def test_a_widget(lab: Lab, page: Page, name: str, tmp_path: Path) -> None:
    play = importlib.import_module(f"{plays.__name__}.{name}")
    widget = opened(lab, page, name)
    for how in ("by_keyboard", "by_mouse"):
        try:
            getattr(play, how)(widget, lambda expression: stage.kernel_value(page, expression))
        finally:
            screenshot(page, f"widget-{name}-{how}", tmp_path)
        assert grave(page) == []
        if how == "by_keyboard":
            widget = fresh(page)
    on_a_phone_in_the_dark(page, widget)
    screenshot(page, f"widget-{name}-phone", tmp_path)
    assert stage.outside(widget) == [], "wider than the window"
    assert grave(page) == []
    assert page.errors == []


def on_a_phone_in_the_dark(page: Page, widget: Locator) -> None:
    page.set_viewport_size(PHONE)
    page.evaluate(
        """() => {
            window.jupyterapp.shell.collapseLeft();
            window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'});
        }"""
    )
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    page.wait_for_timeout(300)
    widget.scroll_into_view_if_needed()


def test_a_kernel_restart_in_the_middle_of_a_generation(lab: Lab, page: Page) -> None:
    widget = opened(lab, page, "playground")
    stage.kernel_says(page, "widget.max_new_tokens = 2000")
    widget.get_by_role("button", name="Generate").click()
    widget.get_by_text("Generating …").wait_for()
    stage.restart_kernel(page)
    # The dead widget says or does nothing wrong, and the cell brings a new one that works.
    stage.run_all(page)
    widget = page.locator(WIDGET).last
    widget.get_by_text("Ready.").wait_for(timeout=60_000)
    assert stage.kernel_value(page, "len(widget.texts)") == 3
    widget.get_by_role("button", name="Generate").click()
    plays.until(lambda: stage.kernel_value(page, "len(widget.runs)") == 2)
    assert page.errors == []


def test_the_checks_of_accessibility_and_width_fire(lab: Lab, page: Page) -> None:
    cell = (
        "from IPython.display import HTML\n"
        "HTML('<div class=p2d><input type=range><p style=\"color: #888; background: #999\">hardly to be read</p>'\n"
        "     '<p style=\"width: 3000px\">wide</p></div>')"
    )
    stage.write_notebook(lab.folder, "faulty.ipynb", [cell])
    stage.open_notebook(lab, page, "faulty.ipynb")
    stage.run_all(page)
    page.locator(WIDGET).wait_for()
    found = " ".join(grave(page))
    assert "label" in found and "color-contrast" in found
    assert stage.outside(page.locator(WIDGET)) != []
