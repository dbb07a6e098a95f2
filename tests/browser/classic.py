"""The classic notebook 6.5.7 with ipywidgets 7.7.1, as in Colab's image: another environment, another kernel."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError

from tests.browser.lab import ROOT, free_port

# What decides how widgets show; the rest, torch and the course, is that of the environment that runs the tests.
PACKAGES = (
    "notebook==6.5.7", "ipywidgets==7.7.1", "ipykernel==6.17.1", "anywidget==0.9.21", "jupyter-client<8", "tornado<6.5",
)  # fmt: skip
_READY = """() => {
    const kernel = window.Jupyter?.notebook?.kernel;
    return kernel?.is_connected() && 'jupyter.widget' in (kernel.comm_manager?.targets || {});
}"""
_ASK_KERNEL = """(code) => new Promise((done) => {
    let said = '';
    Jupyter.notebook.kernel.execute(code, {
        iopub: {output: (message) => { said += message.content.text || message.content.evalue || ''; }},
        shell: {reply: () => setTimeout(() => done(said), 300)},
    }, {silent: false, store_history: false});
})"""


@dataclass(frozen=True)
class Classic:
    """A running classic notebook server over `folder`."""

    folder: Path
    url: str
    token: str

    def open(self, page: Page, path: str) -> None:
        """Open a notebook of the folder and wait until its kernel is connected, and widgets are.

        The page loads what draws widgets by itself and later; a widget that is made before that is never drawn.
        """
        page.goto(f"{self.url}/notebooks/{path}?token={self.token}")
        page.wait_for_function(_READY, timeout=60_000, polling=200)
        page.wait_for_timeout(1000)  # for what it then asks the kernel: see `show`

    def show(self, page: Page, path: str, selector: str) -> Locator:
        """Open a notebook, run all of it, and give the last element with this selector, once it is to be seen.

        On a busy machine a widget of a new kernel was not drawn once in twelve openings. Why is not known for sure:
        the page asks a new kernel for its widgets, and cells may run before that is answered. A person would load the
        page again, and so does this, twice at the most.
        """
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text[:300]))
        for _try in range(3):
            self.open(page, path)
            self.run_all(page)
            element = page.locator(selector).last
            with contextlib.suppress(TimeoutError):
                element.wait_for(timeout=30_000)
                return element
        raise AssertionError(f"{selector} is not on the page, which said: {said[-20:]}")

    def run_all(self, page: Page, seconds: float = 120) -> None:
        """Run all cells of the open notebook, and wait until the kernel has come to the end of them."""
        page.evaluate("() => Jupyter.notebook.execute_all_cells()")
        page.wait_for_function(
            "() => Jupyter.notebook.get_cells().every((cell) => typeof cell.input_prompt_number === 'number')",
            timeout=seconds * 1000,
            polling=200,
        )


def kernel_value(page: Page, expression: str) -> object:
    """The value of an expression in the open notebook's kernel, by way of JSON."""
    return json.loads(page.evaluate(_ASK_KERNEL, f"import json as _json; print(_json.dumps({expression}))"))


def environment(folder: Path) -> Path:
    """The Python of an environment with `PACKAGES`, made in `folder`; everything else comes from this one."""
    # A pip of its own, and bytecode for all that is never imported, would take half of the time.
    install = ["-m", "pip", "--python", str(folder), "install", "--no-compile", *PACKAGES]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    for words in (["-m", "venv", "--without-pip", str(folder)], [*install, *quiet]):
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    python = folder / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    # A path in a .pth file comes after the folder it stands in: this environment's own packages win.
    (site / "course.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", "utf-8")
    return python


@contextlib.contextmanager
def classic_notebook(python: Path, folder: Path) -> Iterator[Classic]:
    """The classic notebook over `folder`, ended with its kernels."""
    port, token = free_port(), secrets.token_hex(16)
    command = [str(python), "-m", "notebook", "--no-browser", f"--port={port}", f"--NotebookApp.token={token}"]
    command += [f"--notebook-dir={folder}", "--NotebookApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    own = folder / ".jupyter"
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(own), "JUPYTER_DATA_DIR": str(own)}
    env["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    with open(folder / "classic.log", "wb") as sink:
        process = subprocess.Popen(command, env=env, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
        try:
            running = Classic(folder, f"http://127.0.0.1:{port}", token)
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{running.url}/api/status?token={token}", timeout=5).close()
                    break
                said = (folder / "classic.log").read_text("utf-8", "replace")
                assert process.poll() is None, said
                time.sleep(0.2)
            yield running
        finally:
            process.terminate()
            process.wait(30)
