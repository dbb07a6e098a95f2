"""How many texts a run generated, and how many it took from the cache, counted through its log."""

from __future__ import annotations

import logging

_TEXTS = logging.getLogger("distilabel.texts")


class TextCounts(logging.Handler):
    """Adds up how many texts the workers of a run generated, and how many they took from the cache."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.generated = 0
        self.from_cache = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == _TEXTS.name:
            self.generated += record.generated
            self.from_cache += record.from_cache


def count_texts(generated: int, from_cache: int) -> None:
    """Note in the log how many texts a call generated and how many it took from the cache."""
    counts = {"generated": generated, "from_cache": from_cache}
    _TEXTS.info("Texts: %d generated, %d from the cache", generated, from_cache, extra=counts)
