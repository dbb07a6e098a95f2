"""The chain of lesson 07: named filters in order, a reason for every dropped row, a count for every reason.

Cheap rules on single rows come first, rules that compare rows last. So no faulty row decides which of two duplicates
stays, and no row is embedded that was already dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompt2data.metrics import Share
from prompt2data.quality import contamination, duplicates, texts
from prompt2data.quality.language import language_of
from prompt2data.untrusted import visible

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Why a row is dropped."""

    reason: str  # a code that is counted, such as "leak"
    evidence: str = ""  # for a person to check: a number, or a language
    other: int | str | None = None  # index of the row, or the question, that it collides with


@dataclass(frozen=True)
class RowFilter:
    """A named part of the chain."""

    name: str
    reasons: tuple[str, ...]  # the codes it may give, so that a count of zero shows as well
    # Given the rows that are left, the verdicts on those to drop; keys and `other` are indices among these rows.
    find: Callable[[Sequence[Row]], Mapping[int, Verdict]]


@dataclass(frozen=True)
class Sifted:
    """The result of a chain."""

    rows: list[Row]  # all of them, in their order
    verdicts: list[Verdict | None]  # one for each row; None for a row that is kept
    counts: dict[str, int]  # number of rows by reason, in the order of the chain, zeros included

    @property
    def kept(self) -> list[Row]:
        """The rows that no filter dropped."""
        return [row for row, verdict in zip(self.rows, self.verdicts, strict=True) if verdict is None]

    def table(self, columns: Sequence[str] = texts.COLUMNS) -> list[dict[str, Any]]:
        """The rows with `verdict` ("kept" or the reason), `evidence` and `collides with`, for people to read."""
        lines = []
        for row, verdict in zip(self.rows, self.verdicts, strict=True):
            verdict = verdict or Verdict("kept")
            other = verdict.other
            if isinstance(other, int):
                other = visible(texts.text(self.rows[other], "instruction"), 200)
            cells = {column: row.get(column) for column in columns}
            evidence = {"evidence": verdict.evidence, "collides with": other or ""}
            lines.append({"verdict": verdict.reason, **cells, **evidence})
        return lines


def each(name: str, reasons: Iterable[str], why_drop: Callable[[Row], str | Verdict | None]) -> RowFilter:
    """Make a filter from a rule on one row, such as those of lessons 01 to 04."""

    def find(rows: Sequence[Row]) -> dict[int, Verdict]:
        found = ((index, why_drop(row)) for index, row in enumerate(rows))
        return {index: Verdict(why) if isinstance(why, str) else why for index, why in found if why}

    return RowFilter(name, tuple(reasons), find)


def run_chain(rows: Iterable[Row], filters: Sequence[RowFilter]) -> Sifted:
    """Run rows through the filters. Each sees only the rows that the ones before it kept; no row is changed."""
    rows = list(rows)
    verdicts: list[Verdict | None] = [None] * len(rows)
    left = list(range(len(rows)))
    for filter_ in filters:
        for index, verdict in filter_.find([rows[index] for index in left]).items():
            other = left[verdict.other] if isinstance(verdict.other, int) else verdict.other
            verdicts[left[index]] = Verdict(verdict.reason, verdict.evidence, other)
        left = [index for index in left if verdicts[index] is None]
    happened = Counter(verdict.reason for verdict in verdicts if verdict)
    planned = dict.fromkeys(reason for filter_ in filters for reason in filter_.reasons)
    return Sifted(rows, verdicts, {reason: happened[reason] for reason in [*planned, *(happened.keys() - planned)]})


def standard_filters(
    evaluation: Sequence[Row] = (),
    language: str = "en",
    near: float = duplicates.NEAR,
    paraphrase: float = duplicates.PARAPHRASE,
) -> list[RowFilter]:
    """The course's chain for rows with `instruction` and `response`.

    Args:
        evaluation: rows with `question`, `answer` and `key`, which the data must not give away.
        language: the code that `language_of` should give for both texts.
        near: Jaccard similarity from which a row repeats another, 0 to 1.
        paraphrase: similarity (`embed_rows`) from which a row means what another means, -1 to 1.
    """

    def foreign(row: Row) -> Verdict | None:
        others = {code for column in texts.COLUMNS if (code := language_of(texts.text(row, column)))} - {language}
        return Verdict("language", ", ".join(sorted(others))) if others else None

    def contaminated(rows: Sequence[Row]) -> dict[int, Verdict]:
        questions = [row["question"] for row in evaluation]
        near_by = contamination.by_neighbours(rows, evaluation).items()
        evidence = {index: (f"similarity {score:.2f}", other) for index, (other, score) in near_by}
        copied = contamination.by_words(texts.columns(rows)[0], questions).items()
        evidence |= {index: ("common words", other) for index, other in copied}
        return {index: Verdict("contaminated", why, questions[other]) for index, (why, other) in evidence.items()}

    def exact(rows: Sequence[Row]) -> dict[int, Verdict]:
        found = duplicates.exact(texts.joined(*texts.columns(rows)))
        return {index: Verdict("exact duplicate", "", other) for index, other in found.items()}

    def nearly(rows: Sequence[Row]) -> dict[int, Verdict]:
        return _scored("near duplicate", "Jaccard", duplicates.near(texts.joined(*texts.columns(rows)), near))

    def alike(rows: Sequence[Row]) -> dict[int, Verdict]:
        return _scored("paraphrase", "similarity", duplicates.paraphrases(*texts.columns(rows), paraphrase))

    return [
        each("empty", ["empty"], texts.empty),
        each("cut off", ["cut off"], texts.cut_off),
        each("refusal", ["refusal"], texts.refusal),
        each("leak", ["leak"], texts.leak),
        each("language", ["language"], foreign),
        each("length", ["too short", "too long"], texts.length),
        RowFilter("contamination", ("contaminated",), contaminated),
        RowFilter("exact duplicates", ("exact duplicate",), exact),
        RowFilter("near duplicates", ("near duplicate",), nearly),
        RowFilter("paraphrases", ("paraphrase",), alike),
    ]


def _scored(reason: str, measure: str, found: Mapping[int, tuple[int, float]]) -> dict[int, Verdict]:
    return {index: Verdict(reason, f"{measure} {score:.2f}", other) for index, (other, score) in found.items()}


def measure(rows: Sequence[Row], verdicts: Sequence[Verdict | None]) -> dict[str, tuple[Share, Share]]:
    """Recall and precision for each planted reason, on rows whose column `planted` tells the truth.

    Recall: of the rows planted with a reason, those dropped with it. Precision: of the rows dropped with it, those
    planted with it.
    """
    planted = [row.get("planted") for row in rows]
    dropped = [verdict.reason if verdict else None for verdict in verdicts]
    shares = {}
    for reason in dict.fromkeys(reason for reason in [*planted, *dropped] if reason):
        both = sum(a == b == reason for a, b in zip(planted, dropped, strict=True))
        shares[reason] = (Share(both, planted.count(reason)), Share(both, dropped.count(reason)))
    return shares
