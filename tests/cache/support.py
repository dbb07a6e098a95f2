"""Shared by the cache tests: entries that say by themselves whether they are right, and child processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prompt2data.cache import Entry, entry_key

ROOT = Path(__file__).resolve().parents[2]


def key_of(number: int) -> str:
    """The key of the `number`-th text."""
    return entry_key(number=number)


def entry_of(key: str, times: int = 4) -> Entry:
    """The one right entry for `key`: `32 * times` tokens that follow from it."""
    return Entry([byte * place for place in range(times) for byte in bytes.fromhex(key)], _reason(key))


def is_right(key: str, entry: Entry) -> bool:
    """Whether `entry` is one that `entry_of` gives for `key`, whatever its length."""
    return entry == entry_of(key, len(entry.tokens) // 32)


def _reason(key: str) -> str:
    return "stop" if int(key, 16) % 2 else "length"


def database(folder: Path) -> Path:
    """The newest database in a cache folder."""
    return sorted(folder.glob("v1-*/entries.sqlite"))[-1]


def child(action: str, *arguments: object) -> list[str]:
    """The command that runs a function of `children.py` in a process of its own."""
    return [sys.executable, "-m", "tests.cache.children", action, *map(str, arguments)]


def run_child(action: str, *arguments: object, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    """Run a child to its end (`before` comes before its command); fail with what it wrote if it does not end well."""
    done = subprocess.run(
        [*before, *child(action, *arguments)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
