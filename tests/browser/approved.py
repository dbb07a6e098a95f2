"""Pictures of parts of a page, compared with approved ones.

Approved pictures lie in `approved/`; `make test TESTS="tests/browser --approve"` writes them anew, for a person to look
at before they are committed. Two machines smooth letters in different ways, so the comparison looks at both pictures
at half their size and allows a small share of different points. And a line more or less above a part may move it by a
fraction of a point, so the comparison takes the best of some places.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "approved"
DIFFERENT = 30  # of 255: from here on two points differ
MOST_DIFFERENT = 0.015  # share of points
MOST_GROWN = 0.03  # of width and height


def difference(approved: bytes, seen: bytes) -> str:
    """What tells two PNG pictures apart, in one sentence; empty where that is within the tolerance."""
    one, two = (Image.open(io.BytesIO(picture)).convert("RGB") for picture in (approved, seen))
    for was, is_, what in zip(one.size, two.size, ("wide", "high"), strict=True):
        if abs(is_ - was) > max(4, MOST_GROWN * was):
            return f"it is {is_} points {what}, the approved one {was}"
    size = (max(1, one.width // 2), max(1, one.height // 2))
    least = 1.0
    for moved in _moved(two):
        least = min(least, _share(one, moved, size))
        if least <= MOST_DIFFERENT:
            return ""
    return f"{least:.1%} of its points differ from the approved one"


def _moved(picture: Image.Image) -> Iterator[Image.Image]:
    """A picture, moved by up to a point in steps of half a point."""
    steps = (0.0, -0.5, 0.5, -1.0, 1.0)
    for x in steps:
        for y in steps:
            yield picture.transform(picture.size, Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR)


def _share(one: Image.Image, two: Image.Image, size: tuple[int, int]) -> float:
    """The share of points, from 0 to 1, that differ at this size, borders left out."""
    pair = [np.asarray(image.resize(size, Image.Resampling.BOX), dtype=int)[1:-1, 1:-1] for image in (one, two)]
    return float((np.abs(pair[0] - pair[1]).max(axis=-1) > DIFFERENT).mean())


def check(name: str, seen: bytes, approve: bool, folder: Path) -> None:
    """Compare a picture with `approved/<name>.png`, or write it there; `folder` gets one that differs."""
    path = FOLDER / f"{name}.png"
    if approve:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_small(seen))
        return
    assert path.is_file(), f"{path} is missing: look at the page, then run with --approve"
    found = difference(path.read_bytes(), seen)
    if found:
        folder.mkdir(parents=True, exist_ok=True)
        other = folder / f"{name.replace('/', '-')}-seen.png"
        other.write_bytes(seen)
        raise AssertionError(f"{name}: {found}; look at {other}; if it is right, run with --approve")


def _small(picture: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
