"""What a run says of its notebooks at the end: their seconds, their slowest cells, and what they may take at most."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

# Seconds of a solution on two cores with the embedded model, by lesson number.
COLD, COLD_OF = 90, {"05": 150, "08": 300}  # nothing generated before
WARM, WARM_OF = 20, {"05": 45}  # everything generated before
BOUNDED = {"01", "02", "03", "04", "05"}
ALL_COLD, ALL_WARM = 12 * 60, 5 * 60  # both halves of the lessons above, all together
SOLUTIONS = "solutions"

Summary = Mapping[str, Any]  # as Ran.summary() gives it


def bound(summary: Summary, warm: bool = False) -> int | None:
    """The most seconds that a notebook should take, or None for a half without such a bound.

    Notebooks in other languages run when the English ones have generated what they need.
    """
    localized = summary.get("language", "en") != "en"
    if summary["half"] != SOLUTIONS and not localized:
        return None
    warm = warm or localized
    return (WARM_OF if warm else COLD_OF).get(summary["lesson"][:2], WARM if warm else COLD)


def label(summary: Summary) -> str:
    """What a notebook is called in a table, as in `vi/solutions/01_basic_prompting`."""
    language = summary.get("language", "en")
    return f"{'' if language == 'en' else f'{language}/'}{summary['half']}/{summary['lesson']}"


def kept_cache() -> str | None:
    """The generation cache that whoever starts the run chose: a folder, "off", or None where nothing was chosen."""
    if "PROMPT2DATA_CACHE" not in os.environ:
        return None
    from prompt2data import cache

    chosen = cache.opened()
    return str(chosen.folder) if chosen else "off"


def texts(folder: str | Path) -> int:
    """How many texts there are in the generation cache in `folder`."""
    from prompt2data.cache import GenerationCache

    cache = GenerationCache(folder)
    try:
        return cache.stats().entries
    finally:
        cache.close()


def cache_line(kept: str | None) -> str:
    """One line that says what the notebooks of a run find in their generation cache. `kept`: see `kept_cache`."""
    if kept == "off":
        said = "off, everything is generated"
    elif kept is None:
        said = "cold, a folder of this run; exercises answer from what the solutions generated"
    else:
        count = texts(kept)
        said = f"warm, {count:,} texts kept in {kept}" if count else f"cold, nothing is kept in {kept} yet"
    return f"generation cache of the notebooks: {said}"


def notebooks(summaries: Iterable[Summary], warm: bool = False) -> list[str]:
    """A table of the notebooks, the longest first, and their sum."""
    found = sorted(summaries, key=lambda summary: -summary["seconds"])
    made = any(summary["made"] is not None for summary in found)
    rows = [("notebook", "cells", "compared", *(["new texts"] if made else []), "seconds", "at most")]
    for summary in found:
        most = bound(summary, warm)
        over = " (over)" if most and summary["seconds"] > most else ""
        rows.append(
            (
                label(summary),
                str(summary["passed"]),
                str(summary["compared"]),
                *([str(summary["made"])] if made else []),
                f"{summary['seconds']:.1f}",
                f"{most}{over}" if most else "",
            )
        )
    total = (
        f"{len(found)} notebooks run under nbval: {sum(each['passed'] for each in found)} cells, "
        f"{sum(each['compared'] for each in found)} outputs compared with the stored ones, "
        f"{sum(each['seconds'] for each in found):.0f} s one after another"
    )
    return [*aligned(rows, left=1), total]


def slowest_cells(summaries: Iterable[Summary], top: int = 10) -> list[str]:
    """A table of the `top` slowest cells, none of less than a second."""
    cells = [
        (seconds, label(summary), cell)
        for summary in summaries
        for cell, seconds in summary["cells"].items()
        if seconds >= 1
    ]
    cells.sort(key=lambda entry: -entry[0])
    rows = [(name, cell, f"{seconds:.1f}") for seconds, name, cell in cells[:top]]
    return aligned([("notebook", "slowest cells", "seconds"), *rows], left=2) if rows else []


def aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Lines of a table whose first `left` columns are words and the others figures."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if index < left else text.rjust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
