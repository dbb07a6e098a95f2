"""Units that a model may repeat without end, and those that make careless patterns slow."""

from __future__ import annotations

from collections.abc import Iterator

UNITS = (
    "word ", ".", " ", "面", "ก", "面，", "a", "🍞", "\u0301", "\u200d", "a\u200d", "🍞\u200d", "-面", "c+", "🇻", "क्",
    "👩\u200d🍳", "\u0e33", "1\ufe0f\u20e3", "\u1100", "\uac00\u11a8", "\ufe0f", "❤\ufe0f", "?!", "\n-", "7-", "a.",
    "_", "'", "\u0301a", "\r\n", "\u0600", "<|x|>", "\ud83d", "ー", "\uff71\uff9e", "\u1039\u1019", "1.", "1 ", "1   ",
    "9-", "a#", "$", "`", "|", "“", "„", '"', "```", "http://", "«", "a,", "a\n", "x=", "f(", "<a ", "<a>", "{", "}",
    "a;", "[", "if (", "from a import ", "é", "а", "x.y.", '"a":', "-- ", "a = ", 'a"', "a'a", "public a", "int a<",
    "for a in ", "return ", "> ", ": ", "\n.", "***\n", "a.a.", "www.", "# ", "\t", "\u2028", "\x00", "\u200b",
    "\ufeff",
)  # fmt: skip


def endless(length: int = 100_000) -> Iterator[str]:
    """Texts of `length` characters that repeat one unit each."""
    for unit in UNITS:
        yield (unit * length)[:length]
