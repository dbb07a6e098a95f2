"""The map's table of patches is the one that is applied."""

from __future__ import annotations

from pathlib import Path

from builder import structure

ROOT = Path(__file__).parents[2]


def test_the_map_lists_every_patch():
    path = ROOT / structure.MAP
    assert path.read_text("utf-8") == structure.with_patches(path), "run `.venv/bin/python -m builder.structure`"
