"""Every widget in the classic notebook 6.5.7 with ipywidgets 7.7.1, the versions of Colab's image."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import plays, stage
from tests.browser.classic import Classic, classic_notebook, environment, kernel_value
from tests.browser.lab import screenshot
from tests.browser.test_widgets import DESKTOP, PLAYS


@pytest.fixture(scope="module")
def classic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classic]:
    python = environment(tmp_path_factory.mktemp("classic") / "venv")
    folder = tmp_path_factory.mktemp("notebooks")
    for name in PLAYS:
        stage.write_notebook(folder, f"{name}.ipynb", importlib.import_module(f"{plays.__name__}.{name}").CELLS)
    with classic_notebook(python, folder) as running:
        yield running


@pytest.mark.parametrize("name", PLAYS)
def test_a_widget(classic: Classic, chromium: Browser, name: str, tmp_path: Path) -> None:
    play = importlib.import_module(f"{plays.__name__}.{name}")
    page = chromium.new_page(viewport=DESKTOP)
    widget = classic.show(page, f"{name}.ipynb", ".output .p2d")
    assert kernel_value(page, "__import__('ipywidgets').__version__") == "7.7.1"
    widget.scroll_into_view_if_needed()
    try:
        play.by_mouse(widget, lambda expression: kernel_value(page, expression))
    finally:
        screenshot(page, f"classic-{name}", tmp_path)
    page.close()
