"""The chain of lesson 07: named filters in an order, a reason for every row that goes, a count for every reason.

Cheap rules on single rows come first, rules that compare rows last. So no faulty row decides which of two duplicates
stays, and nothing is embedded that was dropped already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompt2data.metrics import Share
from prompt2data.quality import contamination, duplicates, texts
from prompt2data.quality.language import language_of
from prompt2data.untrusted import visible

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Why a row is dropped.

    Attributes:
        reason: a code that is counted, such as "leak".
        evidence: what showed it, for a person to check: a number, or a language.
        other: the row's index in the set, or the question, that it collides with; None where it stands alone.
    """

    reason: str
    evidence: str = ""
    other: int | str | None = None


@dataclass(frozen=True)
class Filter:
    """A named part of the chain.

    Attributes:
        name: what it looks for.
        reasons: the codes it may give, so that a count of zero is a count, too.
        find: given the rows that are left, the verdict on each that should go, by its place among them. `other` is a
            place among them as well.
    """

    name: str
    reasons: tuple[str, ...]
    find: Callable[[Sequence[Row]], Mapping[int, Verdict]]


@dataclass(frozen=True)
class Sifted:
    """What a chain made of a set of rows.

    Attributes:
        rows: all rows, in their order.
        verdicts: one for each row; None for a row that is kept.
        counts: reason -> number of rows, in the order of the chain, zeros included.
    """

    rows: list[Row]
    verdicts: list[Verdict | None]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> list[Row]:
        """The rows that no filter dropped."""
        return [row for row, verdict in zip(self.rows, self.verdicts, strict=True) if verdict is None]

    def table(self, columns: Sequence[str] = texts.COLUMNS) -> list[dict[str, Any]]:
        """The rows with `verdict` ("kept" or the reason), `evidence` and `collides with`, for people to read."""
        shown = []
        for row, verdict in zip(self.rows, self.verdicts, strict=True):
            line: dict[str, Any] = {"verdict": verdict.reason if verdict else "kept"}
            line |= {column: row.get(column) for column in columns}
            line["evidence"] = verdict.evidence if verdict else ""
            line["collides with"] = self._other(verdict)
            shown.append(line)
        return shown

    def _other(self, verdict: Verdict | None) -> str:
        if verdict is None or verdict.other is None:
            return ""
        if isinstance(verdict.other, str):
            return verdict.other
        return visible(texts.text(self.rows[verdict.other], "instruction"), 200)


def each(name: str, reasons: Iterable[str], why_drop: Callable[[Row], str | None]) -> Filter:
    """A filter from a rule on one row, such as those of lessons 01 to 04."""

    def find(rows: Sequence[Row]) -> dict[int, Verdict]:
        found = ((place, why_drop(row)) for place, row in enumerate(rows))
        return {place: Verdict(reason) for place, reason in found if reason}

    return Filter(name, tuple(reasons), find)


def run_chain(rows: Iterable[Row], filters: Sequence[Filter]) -> Sifted:
    """Send rows through the filters. Each filter sees only what the ones before it left, and nothing is changed."""
    rows = list(rows)
    verdicts: list[Verdict | None] = [None] * len(rows)
    left = list(range(len(rows)))
    for one in filters:
        found = one.find([rows[index] for index in left])
        for place, verdict in found.items():
            other = left[verdict.other] if isinstance(verdict.other, int) else verdict.other
            verdicts[left[place]] = Verdict(verdict.reason, verdict.evidence, other)
        left = [index for place, index in enumerate(left) if place not in found]
    happened = Counter(verdict.reason for verdict in verdicts if verdict)
    planned = dict.fromkeys(reason for one in filters for reason in one.reasons)
    return Sifted(rows, verdicts, {reason: happened[reason] for reason in [*planned, *(happened.keys() - planned)]})


def standard_filters(
    evaluation: Sequence[Row] = (),
    language: str = "en",
    near: float = duplicates.NEAR,
    paraphrase: float = duplicates.PARAPHRASE,
) -> list[Filter]:
    """The course's chain for rows with `instruction` and `response`.

    Args:
        evaluation: rows with `question` and `answer`, which the data must not give away.
        language: the code that `language_of` should give for both texts.
        near: Jaccard similarity from which a row repeats another, 0 to 1.
        paraphrase: similarity (`embed_rows`) from which a row means what another means, -1 to 1.
    """
    return [
        each("empty", ["empty"], texts.empty),
        each("cut off", ["cut off"], texts.cut_off),
        each("refusal", ["refusal"], texts.refusal),
        each("leak", ["leak"], texts.leak),
        Filter("language", ("language",), lambda rows: _languages(rows, language)),
        each("length", ["too short", "too long"], texts.length),
        Filter("contamination", ("contaminated",), lambda rows: _contaminated(rows, evaluation)),
        Filter("exact duplicates", ("exact duplicate",), _exact),
        Filter("near duplicates", ("near duplicate",), lambda rows: _near(rows, near)),
        Filter("paraphrases", ("paraphrase",), lambda rows: _paraphrases(rows, paraphrase)),
    ]


def measure(rows: Sequence[Row], verdicts: Sequence[Verdict | None]) -> dict[str, tuple[Share, Share]]:
    """Recall and precision for each planted reason, on rows whose column `planted` tells the truth.

    Recall: of the rows planted with a reason, those dropped with it. Precision: of the rows dropped with it, those
    planted with it.
    """
    truth = [row.get("planted") for row in rows]
    said = [verdict.reason if verdict else None for verdict in verdicts]
    found = {}
    for reason in dict.fromkeys(reason for reason in [*truth, *said] if reason):
        both = sum(a == b == reason for a, b in zip(truth, said, strict=True))
        found[reason] = (Share(both, truth.count(reason)), Share(both, said.count(reason)))
    return found


# -- the filters that look at more than one row ---------------------------------------------------------------------


def _columns(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    first, second = ([texts.text(row, column) for row in rows] for column in texts.COLUMNS)
    return first, second


def _whole(rows: Sequence[Row]) -> list[str]:
    return [f"{asked}\n{said}" for asked, said in zip(*_columns(rows), strict=True)]


def _languages(rows: Sequence[Row], wanted: str) -> dict[int, Verdict]:
    found = {}
    for place, row in enumerate(rows):
        others = {language_of(texts.text(row, column)) for column in texts.COLUMNS} - {wanted, None}
        if others:
            found[place] = Verdict("language", ", ".join(sorted(others)))
    return found


def _contaminated(rows: Sequence[Row], evaluation: Sequence[Row]) -> dict[int, Verdict]:
    questions = [row["question"] for row in evaluation]
    asked, said = _columns(rows)
    pairs = [{"instruction": a, "response": b} for a, b in zip(asked, said, strict=True)]
    found = {
        place: Verdict("contaminated", f"similarity {score:.2f}", questions[other])
        for place, (other, score) in contamination.by_neighbours(pairs, evaluation).items()
    }
    for place, other in contamination.by_words(asked, questions).items():
        found[place] = Verdict("contaminated", "common words", questions[other])
    return found


def _exact(rows: Sequence[Row]) -> dict[int, Verdict]:
    return {place: Verdict("exact duplicate", "", other) for place, other in duplicates.exact(_whole(rows)).items()}


def _near(rows: Sequence[Row], threshold: float) -> dict[int, Verdict]:
    found = duplicates.near(_whole(rows), threshold)
    return {place: Verdict("near duplicate", f"Jaccard {score:.2f}", other) for place, (other, score) in found.items()}


def _paraphrases(rows: Sequence[Row], threshold: float) -> dict[int, Verdict]:
    found = duplicates.paraphrases(*_columns(rows), threshold)
    return {place: Verdict("paraphrase", f"similarity {score:.2f}", other) for place, (other, score) in found.items()}
