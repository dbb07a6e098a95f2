"""Notebooks written for a test, opened in a running JupyterLab or classic notebook, and what their kernel says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

from tests.browser.lab import EVERY_CELL_HAS_RUN, Lab, wait_for_kernel

_ASK_KERNEL = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false, stop_on_error: false});
    let said = '';
    future.onIOPub = (message) => {
        if (message.header.msg_type === 'stream') said += message.content.text;
        if (message.header.msg_type === 'error') said += message.content.evalue;
    };
    await future.done;
    return said;
}"""
OUTPUTS = ".jp-NotebookPanel .jp-OutputArea-output"


def write_notebook(folder: Path, name: str, cells: Sequence[str]) -> str:
    """Write `folder/name` with these code cells; their ids are c0, c1, …"""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(cells)],
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )
    (folder / name).write_text(nbformat.writes(notebook), "utf-8")
    return name


def open_notebook(lab: Lab, page: Page, path: str) -> None:
    """Open a notebook of the lab's folder and wait for its kernel."""
    if page.url.startswith(lab.url):  # to load JupyterLab takes longer than most notebooks
        page.evaluate("async (path) => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }", path)
    else:
        page.goto(f"{lab.url}/lab/tree/{path}?token={lab.token}&reset")
    wait_for_kernel(page)
    show_all_cells(page)


def close_all(page: Page) -> None:
    """Close what is open in JupyterLab, saved or not; kernels live on."""
    page.evaluate(
        """() => {
            [...window.jupyterapp.shell.widgets('main')].forEach((widget) => widget.dispose());
            window.jupyterapp.shell.expandLeft();
        }"""
    )


def show_all_cells(page: Page) -> None:
    """Keep every cell of the open notebook on the page: otherwise JupyterLab takes out those that are out of sight."""
    page.evaluate(
        """() => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.notebookConfig = {...notebook.notebookConfig, windowingMode: 'none'};
        }"""
    )


def run_all(page: Page, seconds: float = 120) -> None:
    """Run all cells of the open notebook, and wait until each has run."""
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(EVERY_CELL_HAS_RUN, timeout=seconds * 1000, polling=200)


def kernel_says(page: Page, code: str) -> str:
    """What the open notebook's kernel prints for `code`, or the message of its error."""
    return page.evaluate(_ASK_KERNEL, code).strip()


def kernel_value(page: Page, expression: str) -> object:
    """The value of an expression in the open notebook's kernel, by way of JSON."""
    return json.loads(kernel_says(page, f"import json as _json; print(_json.dumps({expression}))"))


def restart_kernel(page: Page) -> None:
    """Restart the kernel of the open notebook, as the menu does without its question."""
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    wait_for_kernel(page)


def outside(widget: Locator) -> list[str]:
    """Elements of a widget that stand out of it on the right, unless something around them scrolls."""
    return widget.evaluate(
        """(widget) => {
            const limit = Math.min(widget.getBoundingClientRect().right, window.innerWidth) + 1;
            const scrolls = (one) => one !== widget && (getComputedStyle(one).overflowX !== 'visible'
                || (one.parentElement && widget.contains(one.parentElement) && scrolls(one.parentElement)));
            const stands = (one) => one.getClientRects().length && one.getBoundingClientRect().right > limit;
            const found = [...widget.querySelectorAll('*')].filter((one) => stands(one) && !scrolls(one));
            return found.map((one) => one.outerHTML.slice(0, 120));
        }"""
    )
