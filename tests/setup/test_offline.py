"""After set-up nothing needs a network: real network namespaces, the real model.

Every notebook runs without one under nbval as well (tests/notebooks/conftest.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prompt2data.models import embedding_folder, fetch
from tests.models.support import ROOT

LESSON = min(path.stem for path in ROOT.glob("lessons/[0-9]*.py"))


def test_a_lesson_without_network(no_network: list[str], tmp_path: Path) -> None:
    fetch(), embedding_folder()
    settings = {"PROMPT2DATA_REHEARSAL": "8", "PROMPT2DATA_PROGRESS": "0", "PROMPT2DATA_OUTPUT": str(tmp_path)}
    done = subprocess.run(
        [*no_network, "make", "run", f"LESSON={LESSON}"],
        cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_network_is_really_gone(no_network: list[str]) -> None:
    reach = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"
    done = subprocess.run([*no_network, sys.executable, "-c", reach], capture_output=True, text=True)
    assert "unreachable" in done.stderr
    local = (
        "import socket; server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()); print('ok')"
    )
    done = subprocess.run([*no_network, sys.executable, "-c", local], capture_output=True, text=True)
    assert done.stdout.strip() == "ok", done.stderr
