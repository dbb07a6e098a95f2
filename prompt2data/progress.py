"""A progress bar for generation: rows done, and tokens per second.

It appears only when a call takes longer than two seconds, and is gone when the call is done. In a pipeline's worker
there is nobody to see it. `PROMPT2DATA_PROGRESS=0` turns it off (builds and CI, where outputs are stored).
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prompt2data.i18n import _

_DELAY_SECONDS = 2.0


class GenerationProgress:
    """Counts rows and tokens, and shows them on a tqdm bar."""

    def __init__(self, bar) -> None:
        self._bar = bar
        self._started = time.monotonic()
        self.rows = 0
        self.tokens = 0

    def update(self, tokens: int, rows: int) -> None:
        """Count the tokens of one step and the rows that it finished."""
        self.tokens += tokens
        self.rows += rows
        seconds = max(time.monotonic() - self._started, 1e-9)
        speed = _("{speed:.0f} tokens/s").format(speed=self.tokens / seconds)
        self._bar.set_postfix_str(speed, refresh=False)
        self._bar.update(rows)

    def mark(self) -> int:
        """Where the counting stands now, for `rewind`."""
        return self.rows

    def rewind(self, rows: int) -> None:
        """Go back to a mark: what came after it failed and will be made again."""
        self._bar.update(rows - self.rows)
        self.rows = rows


def enabled() -> bool:
    """Whether a progress bar has somebody to look at it."""
    in_worker = multiprocessing.parent_process() is not None
    return os.environ.get("PROMPT2DATA_PROGRESS", "1") != "0" and not in_worker


@contextmanager
def generation_progress(total: int) -> Iterator[GenerationProgress]:
    """A bar over `total` rows for the duration of a `with` block."""
    from tqdm.auto import tqdm

    options = {"delay": _DELAY_SECONDS, "leave": False, "disable": not enabled()}
    with tqdm(total=total, desc=_("generating"), unit=_(" rows"), **options) as bar:
        yield GenerationProgress(bar)
