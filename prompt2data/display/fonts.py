"""Bundled fonts for plots and pictures in the reader's language: a machine without them shows boxes.

The files are subsets of Noto Sans CJK (`data/fonts`, SIL Open Font License); `scripts/fonts.py` makes them.
"""

from __future__ import annotations

from pathlib import Path

from prompt2data import i18n

FOLDER = Path(__file__).parents[1] / "data" / "fonts"
FILES = {"zh": "CourseSansSC.otf", "ja": "CourseSansJP.otf", "ko": "CourseSansKR.otf"}


def files(language: str | None = None) -> list[Path]:
    """The bundled fonts, that of `language` (default: the one in use) first."""
    language = language or i18n.language()
    return [FOLDER / FILES[code] for code in sorted(FILES, key=lambda code: code != language)]


def use() -> None:
    """Let matplotlib use the font of the current language, and its own DejaVu Sans for missing glyphs."""
    import matplotlib
    from matplotlib import font_manager

    language = i18n.language()
    if language not in FILES:
        return
    path = FOLDER / FILES[language]
    name = font_manager.FontProperties(fname=path).get_name()
    if name not in {font.name for font in font_manager.fontManager.ttflist}:
        font_manager.fontManager.addfont(path)
    matplotlib.rcParams["font.family"] = [name, "DejaVu Sans"]
