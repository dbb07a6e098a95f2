"""distilabel's own unit tests, with our set-up active."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_no_upstream_test_regresses() -> None:
    script = Path(__file__).with_name("run_upstream.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
