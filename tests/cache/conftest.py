"""Fixtures of the cache tests."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from prompt2data import cache
from prompt2data.cache import CacheWarning, GenerationCache


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch):
    """Each test is like a process that has warned of nothing yet."""
    monkeypatch.setattr(cache, "_said", set())


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "generations"


@pytest.fixture
def open_cache(folder):
    """Opens caches in `folder` (or another) and closes them after the test."""
    opened = []

    def open_one(where: Path = folder, **options) -> GenerationCache:
        opened.append(GenerationCache(where, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def said() -> Callable[[], list[str]]:
    """What the cache has said since the last call."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")

        def since() -> list[str]:
            sentences = [str(one.message) for one in heard if one.category is CacheWarning]
            heard.clear()
            return sentences

        yield since
