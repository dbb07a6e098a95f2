"""Shared by the cache tests: entries that say by themselves whether they are right, and child processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prompt2data.cache import GenerationCache, entry_key

ROOT = Path(__file__).resolve().parents[2]


def key_of(number: int) -> str:
    """The key of the `number`-th text."""
    return entry_key(number=number)


def payload_of(key: str, times: int = 4) -> bytes:
    """The one right payload for `key`: `128 * times` bytes that follow from it."""
    return bytes.fromhex(key) * (4 * times)


def is_right(key: str, payload: bytes) -> bool:
    """Whether `payload` is one that `payload_of` gives for `key`, whatever its length."""
    return payload == payload_of(key, len(payload) // 128)


def put(cache: GenerationCache, key: str, times: int = 4) -> None:
    """Put the right text for `key`."""
    cache.put(key, "text", payload_of(key, times))


def get(cache: GenerationCache, keys: list[str]) -> dict[str, bytes]:
    """The texts that are there."""
    return cache.get(keys, "text")


def newest_database(folder: Path) -> Path:
    """The newest database in a cache folder."""
    return sorted(folder.glob("v2-*/entries.sqlite"))[-1]


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
