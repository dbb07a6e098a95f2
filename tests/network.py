"""How a test takes the network away from a command."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

_RUNNER = Path(__file__).with_name("without_network.py")
NO_WAY = "This machine lets nobody take the network away: neither unshare -n, unshare -rn nor sudo -n works."


@functools.cache
def without_network() -> list[str]:
    """What to put before a command so that it has no network but loopback; empty where this machine has no way."""
    runner = [sys.executable, str(_RUNNER)]
    ways = [["unshare", "-n", *runner], ["unshare", "-rn", *runner]]
    if hasattr(os, "getuid"):
        path = f"PATH={os.environ['PATH']}"
        itself = ["--as", str(os.getuid()), str(os.getgid())]
        ways.append(["sudo", "-n", "-E", "env", path, "unshare", "-n", *runner, *itself])
    for way in ways:
        try:
            if subprocess.run([*way, "true"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
                return way
        except FileNotFoundError:
            continue
    return []
