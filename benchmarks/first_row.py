"""Seconds from `make lab` to the first generated row of lesson 1, in a fresh clone and again in the same one.

A copy of the committed tree gets its own `.venv` and its own folder of models; pip's cache of downloads is used as it
is. The row is made in JupyterLab's own kernel, by the notebook's cells from the first to the one that generates.

    python -m benchmarks.first_row
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path

import nbformat
import websocket

ROOT = Path(__file__).parents[1]
NOTEBOOK = "notebooks/01_basic_prompting.ipynb"
GENERATES = ".process("  # the first cell with this call makes the first row
PATIENCE = 1200.0  # seconds


def main() -> None:
    """Measure and print both."""
    cold, warm = measure()
    print(f"from `make lab` to the first row: cold {cold:.0f} s, warm {warm:.0f} s, ratio {cold / warm:.1f}")


def measure() -> tuple[float, float]:
    """Seconds in a fresh clone, and in the same clone again."""
    with tempfile.TemporaryDirectory(prefix="first-row-") as temporary:
        clone = Path(temporary) / "course"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PROMPT2DATA_", "VIRTUAL_ENV"))}
        env |= {"PROMPT2DATA_HOME": str(Path(temporary) / "home"), "PROMPT2DATA_CACHE": "off"}
        return until_first_row(clone, env), until_first_row(clone, env)


def until_first_row(clone: Path, env: dict[str, str]) -> float:
    """Run `make lab` in `clone` and the first cells of lesson 1 in it; how long it took to the end of the last one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    arguments = f"--no-browser --allow-root --port {port} --IdentityProvider.token={token}"
    began = time.monotonic()
    lab = subprocess.Popen(
        ["make", "lab", f"LAB_ARGS={arguments}"],
        cwd=clone,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        kernel = start_kernel(lab, f"http://127.0.0.1:{port}/api/kernels?token={token}")
        run_to_first_row(clone / NOTEBOOK, f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token={token}")
        return time.monotonic() - began
    finally:
        with suppress(ProcessLookupError):
            os.killpg(lab.pid, signal.SIGKILL)
        lab.wait()


def start_kernel(lab: subprocess.Popen, url: str) -> str:
    """The id of a kernel, as soon as the server starts one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if lab.poll() is not None:
            raise SystemExit("`make lab` ended before it could be used; run it by hand to see why.")
        with suppress(OSError):
            request = urllib.request.Request(url, data=json.dumps({"path": "notebooks"}).encode(), method="POST")
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["id"]
        time.sleep(0.2)
    raise SystemExit(f"`make lab` did not answer within {PATIENCE:.0f} s.")


def run_to_first_row(notebook: Path, url: str) -> None:
    """Run the notebook's code cells up to the one that generates; raises SystemExit if one fails."""
    session = uuid.uuid4().hex
    with websocket.create_connection(url, timeout=PATIENCE) as channel:
        for cell in nbformat.read(notebook, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            status = execute(channel, session, cell.source)
            if status != "ok":
                raise SystemExit(f"cell {cell.id!r} ended with {status}")
            if GENERATES in cell.source:
                return
    raise SystemExit(f"{notebook.name} generates nothing")


def execute(channel: websocket.WebSocket, session: str, code: str) -> str:
    """Run `code` in the kernel; "ok" or "error"."""
    message = uuid.uuid4().hex
    header = {"msg_id": message, "msg_type": "execute_request", "session": session, "username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps(request))
    while True:
        answer = json.loads(channel.recv())
        if answer["msg_type"] == "execute_reply" and answer["parent_header"].get("msg_id") == message:
            return answer["content"]["status"]


if __name__ == "__main__":
    main()
