"""Does what reads texts take ten times as long for ten times the text? `python -m benchmarks.long_texts`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from prompt2data import metrics
from prompt2data.ground.segmentation import pieces, word_count, words
from prompt2data.quality import contamination, duplicates, texts
from prompt2data.quality.language import language_of
from tests.endless import UNITS

READERS: dict[str, Callable[[str], Any]] = {
    "words": words,
    "pieces": pieces,
    "word_count": word_count,
    "language_of": language_of,
    "rouge_l": lambda text: metrics.rouge_l(text, text),
    "distinct_n": lambda text: metrics.distinct_n([text], 2),
    "exact": lambda text: duplicates.exact([text, "a"]),
    "topic_words": duplicates.topic_words,
    "common_run": lambda text: contamination.common_run(
        text, "Which gas do yeast cells give off that lifts the dough?"
    ),
    "length": lambda text: texts.length({"instruction": text, "response": text}),
}


def seconds(reader: Callable[[str], Any], text: str) -> float:
    """The processor time of one call."""
    start = time.process_time()
    reader(text)
    return time.process_time() - start


def main() -> None:
    """Print for each reader its slowest unit: seconds for 100,000 characters, and how often that for 10,000."""
    for name, reader in READERS.items():
        reader("What is loaded once is loaded here.")
        long, unit = max((seconds(reader, (unit * 100_000)[:100_000]), unit) for unit in UNITS)
        short = min(seconds(reader, (unit * 10_000)[:10_000]) for _again in range(3))
        print(f"{name:12} {long:6.3f} s  {long / max(short, 1e-6):5.0f} x  {unit!r}", flush=True)


if __name__ == "__main__":
    main()
