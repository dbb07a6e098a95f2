"""How each widget is used: by mouse, by keyboard. The same plays run in JupyterLab and in the classic notebook.

A module has `CELLS`, code cells that show the widget, the last of them binding it to the name `widget`; and functions
`by_mouse(widget, kernel)` and `by_keyboard(widget, kernel)`. `widget` is the Playwright locator of the widget on the
page (`widget.page` is the page), `kernel(expression)` the value of a Python expression in the notebook's kernel. Each
asserts what happened on the page *and* in the kernel. `by_keyboard` never clicks: it reaches what it needs with the
Tab key (`reach` below) and acts with keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Locator

Kernel = Callable[[str], object]
_MOST_ANSWERS = 1_000


def reach(widget: Locator, target: Locator, most: int = 60) -> None:
    """Press Tab, from the beginning of the widget, until `target` has the focus."""
    widget.evaluate("(one) => { one.tabIndex = -1; one.focus(); one.removeAttribute('tabindex'); }")
    for _press in range(most):
        if target.evaluate("(one) => one === document.activeElement"):
            return
        widget.page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not reach it")


def until(condition: Callable[[], bool], what: str = "it did not happen") -> None:
    """Wait until `condition()` is true.

    It is the page or the kernel that answers, after what came before: so answers are counted, not seconds, of which a
    busy machine needs more.
    """
    for _answer in range(_MOST_ANSWERS):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(what)
