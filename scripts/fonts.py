"""Makes the fonts that plots and pictures use for Chinese, Japanese and Korean: subsets of Noto Sans CJK.

    .venv/bin/python scripts/fonts.py [FOLDER WITH NotoSansCJK-Regular.ttc]

Each keeps the regional forms of its language: every character of its catalogues, all kana, the 2,350 syllables of
KS X 1001, and the characters that the everyday parts of the Chinese and the Japanese standard share (both in
full would take 1.5 MB each). Run it again when a test names a character that is missing. Needs
fontTools, and Debian's fonts-noto-cjk or the same file from elsewhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "prompt2data" / "data" / "fonts"
SOURCE = Path("/usr/share/fonts/opentype/noto")
LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2027), 0x2030, 0x2032, 0x2033, 0x203B, 0x20AC]
SIGNS = [0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265, 0x221E, 0x00D7, 0x2713, 0x2714, 0x2718]
FULL_WIDTH = [*range(0x3000, 0x3020), *range(0xFF01, 0xFF61)]
FACES = {  # language -> name of the face in Noto's collection, and of ours
    "zh": ("Noto Sans CJK SC", "Course Sans SC"),
    "ja": ("Noto Sans CJK JP", "Course Sans JP"),
    "ko": ("Noto Sans CJK KR", "Course Sans KR"),
}


def characters(language: str) -> set[int]:
    """Code points that the font of a language keeps."""
    found = {*LATIN, *SIGNS, *FULL_WIDTH}
    if language == "ja":
        found.update(range(0x3041, 0x3100))
    if language == "ko":
        found |= _level_one("euc_kr", range(0xB0, 0xC9))
    else:
        found |= _level_one("gb2312", range(0xB0, 0xD8)) & _level_one("euc_jp", range(0xB0, 0xD0))
    for catalogue in sorted((ROOT / "translations" / language).rglob("*.po")):
        found.update(map(ord, catalogue.read_text(encoding="utf-8")))
    return found


def _level_one(codec: str, first: range) -> set[int]:
    """The characters whose first byte is one of `first`."""
    text = "".join(bytes((high, low)).decode(codec, errors="ignore") for high in first for low in range(0xA1, 0xFF))
    return set(map(ord, text))


def make(language: str, collection: TTCollection) -> Path:
    """Write the font of one language; the same input gives the same bytes."""
    face, name = FACES[language]
    font = next(font for font in collection if font["name"].getDebugName(1) == face)
    options = subset.Options(
        layout_features=["kern", "locl"], name_IDs=[0, 1, 2, 4, 6, 13, 14], hinting=False, desubroutinize=False
    )
    options.recalc_timestamp = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters(language))
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = name.replace(" ", "") if record.nameID == 6 else name
    font["CFF "].cff.fontNames = [name.replace(" ", "")]
    TARGET.mkdir(parents=True, exist_ok=True)
    path = TARGET / f"{name.replace(' ', '')}.otf"
    font.recalcTimestamp = False
    font.save(path)
    return path


def main(arguments: list[str]) -> int:
    source = Path(arguments[0] if arguments else SOURCE) / "NotoSansCJK-Regular.ttc"
    if not source.is_file():
        print(f"{source} is missing: install Debian's fonts-noto-cjk, or name the folder it is in.", file=sys.stderr)
        return 1
    for language in FACES:
        path = make(language, TTCollection(source, lazy=True))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
