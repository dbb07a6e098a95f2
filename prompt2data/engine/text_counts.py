"""How many texts a call generated, and how many it took from the cache, noted in the log for a run to add up."""

from __future__ import annotations

import logging
from dataclasses import dataclass

_TEXTS = logging.getLogger("distilabel.texts")


@dataclass(frozen=True)
class TextsCounted:
    """So many texts were generated, and so many taken from the cache."""

    generated: int
    from_cache: int


def count_texts(generated: int, from_cache: int) -> None:
    """Note in the log how many texts a call generated and how many it took from the cache: the record's `event`."""
    event = TextsCounted(generated, from_cache)
    _TEXTS.info("Texts: %d generated, %d from the cache", generated, from_cache, extra={"event": event})
