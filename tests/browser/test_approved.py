"""The comparison of pictures itself: it is quiet on another smoothing, and fires where something else is seen."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.browser import approved

pytestmark = pytest.mark.needs_no_browser


def picture(
    text: str = "Not attempted yet.", left: int = 10, blur: float = 0.0, size=(600, 120), color="white"
) -> bytes:
    image = Image.new("RGB", size, color)
    draw = ImageDraw.Draw(image)
    for line in range(4):
        draw.text((left, 10 + 25 * line), text, fill="black", font_size=18)
    buffer = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(blur)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("seen", [picture(), picture(blur=0.4), approved._small(picture()), picture(left=11)])
def test_quiet_where_the_same_is_seen(seen: bytes) -> None:
    assert approved.difference(picture(), seen) == ""


@pytest.mark.parametrize(
    "seen",
    [picture("Passed."), picture("Noch nicht versucht"), picture(left=200), picture(color="#ffdddd"),
     picture(color="black"), picture(size=(600, 160)), picture(size=(400, 120)), picture("▯▯▯ ▯▯▯▯▯▯▯ ▯▯▯")],
)  # fmt: skip
def test_it_fires_where_something_else_is_seen(seen: bytes) -> None:
    assert approved.difference(picture(), seen) != ""


def test_what_was_seen_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approved, "FOLDER", tmp_path / "approved")
    with pytest.raises(AssertionError, match="missing"):
        approved.check("en/card", picture(), False, tmp_path)
    approved.check("en/card", picture(), True, tmp_path)
    approved.check("en/card", picture(), False, tmp_path)
    with pytest.raises(AssertionError, match="en-card-seen.png"):
        approved.check("en/card", picture("Passed."), False, tmp_path)
    assert (tmp_path / "en-card-seen.png").is_file()
