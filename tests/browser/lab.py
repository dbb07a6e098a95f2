"""A real `make lab` in a copy of the course, and a real Chromium that looks at it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
EVERY_CELL_HAS_RUN = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter((widget) => widget.model.type === 'code').every((widget) => widget.model.executionCount)"""
FLAGS = (
    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--disable-dev-shm-usage",
)  # fmt: skip


def chromium() -> str | None:
    """`PROMPT2DATA_CHROMIUM`, the system's Chromium, or None for the one Playwright brought."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("PROMPT2DATA_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def missing_chromium() -> str:
    """Why no browser test can run here, as one sentence; empty where they can."""
    named = os.environ.get("PROMPT2DATA_CHROMIUM")
    if named and not shutil.which(named):
        return f"PROMPT2DATA_CHROMIUM names {named!r}, which is no program: name a Chromium, or unset it."
    if chromium():
        return ""
    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).is_file():
            return ""
    return (
        "No browser test has run, for want of a Chromium: install your system's package (on Debian: chromium), name "
        "one by PROMPT2DATA_CHROMIUM, or run `.venv/bin/python -m playwright install chromium`."
    )


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, *(["--no-sandbox"] if root else [])]
        )
        yield launched
        launched.close()


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab over `folder`."""

    folder: Path
    url: str
    token: str
    log: Path

    def ask(self, path: str) -> list | dict:
        """The server's answer to GET `path` of its REST API."""
        request = urllib.request.Request(f"{self.url}{path}", headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def end_kernels(self) -> None:
        """Shut all kernels down."""
        for kernel in self.ask("/api/kernels"):
            request = urllib.request.Request(f"{self.url}/api/kernels/{kernel['id']}", method="DELETE")
            request.add_header("Authorization", f"token {self.token}")
            urllib.request.urlopen(request, timeout=20).close()

    def wait_until_idle(self) -> None:
        """Wait until the one kernel has had nothing to do for two seconds, for as long as it lives."""
        quiet_since = None
        while quiet_since is None or time.monotonic() - quiet_since < 2:
            kernels = self.ask("/api/kernels")
            assert len(kernels) == 1 and kernels[0]["execution_state"] != "dead", f"not one living kernel: {kernels}"
            busy = kernels[0]["execution_state"] != "idle"
            quiet_since = None if busy else quiet_since or time.monotonic()
            time.sleep(0.3)


def copy_of_the_course(folder: Path) -> Path:
    """What a clone holds, with this clone's environment: JupyterLab may write into it as it likes."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


@contextlib.contextmanager
def make_lab(folder: Path, language: str = "en", extra: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """`make lab` in `folder`, on a port of its own; ended with all its kernels. `extra`: environment variables."""
    port, token = free_port(), secrets.token_hex(16)
    arguments = f"--no-browser --port={port} --ServerApp.port_retries=0 --IdentityProvider.token={token}"
    # Lets the test ask JupyterLab to scroll to a cell; everything else goes by mouse and keyboard.
    arguments += " --LabApp.expose_app_in_browser=True"
    log = folder / "lab.log"
    own = {f"JUPYTERLAB_{name}_DIR": str(folder / f".{name.lower()}") for name in ("WORKSPACES", "SETTINGS")}
    with open(log, "wb") as sink:
        process = subprocess.Popen(
            ["make", "lab", f"PYTHON={sys.executable}", f"LANGUAGE={language}", f"LAB_ARGS={arguments}"],
            cwd=folder,
            # Otherwise it would open again what this user had open, and change their settings.
            env={**os.environ, **own, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        lab = Lab(folder, f"http://127.0.0.1:{port}", token, log)
        try:
            while True:
                with contextlib.suppress(OSError):
                    lab.ask("/api/status")
                    break
                assert process.poll() is None, log.read_text("utf-8", "replace")
                time.sleep(0.3)
            yield lab
        finally:
            with contextlib.suppress(OSError):
                lab.end_kernels()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def wait_for_kernel(page: Page) -> None:
    """Wait until the open notebook is drawn and its kernel answers: cells that are run before that never run."""
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=60_000)
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=120_000,
        polling=200,
    )


def screenshot(page: Page, name: str, otherwise: Path) -> Path:
    """Save what the page shows under `PROMPT2DATA_SCREENSHOTS`, or in the folder `otherwise`."""
    folder = Path(os.environ.get("PROMPT2DATA_SCREENSHOTS") or otherwise)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    return folder / f"{name}.png"


def scroll_to(page: Page, cell: str) -> None:
    """Make the cell with this id the active one of the open notebook, in sight."""
    page.evaluate(
        """async (id) => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const index = notebook.widgets.findIndex((widget) => widget.model.id === id);
            notebook.activeCellIndex = index;
            notebook.deselectAll();
            await notebook.scrollToItem(index, 'center');
        }""",
        cell,
    )
    page.wait_for_timeout(300)
