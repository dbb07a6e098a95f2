"""The chain of lesson 07: named filters in order, a reason for every dropped row, a count for every reason.

Cheap rules on single rows come first, rules that compare rows last. So no faulty row decides which of two duplicates
stays, and no row is embedded that was already dropped. A row on which a filter fails is dropped as "error", with what
the filter said as evidence, and the chain goes on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prompt2data.metrics import Share
from prompt2data.quality import broken, contamination, duplicates, exchanges, texts
from prompt2data.quality.fields import field, words_of
from prompt2data.quality.language import language_of
from prompt2data.untrusted import visible, visible_repr

Row = Mapping[str, Any]

ERROR = "error"  # the reason of a row on which a filter failed
# A task that needs two languages.
_TRANSLATES = re.compile(
    r"\b((?i:translat)(e|ion|ed)|in(to)? [A-Z]\w+(ese|ish|an|ch|ai)|dịch)\b|翻译|译成|翻訳|訳し|번역"
)
_NOT_A_ROW = (ImportError, OSError, MemoryError)  # a model that is not there, a full disk: not the fault of a row


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
            cells = {column: field(row, column) for column in columns}
            evidence = {"evidence": verdict.evidence, "collides with": other or ""}
            lines.append({"verdict": verdict.reason, **cells, **evidence})
        return lines


def each(name: str, reasons: Iterable[str], why_drop: Callable[[Row], str | Verdict | None]) -> RowFilter:
    """Make a filter from a rule on one row, such as those of lessons 01 to 04.

    A row on which the rule raises an error, or returns what is no reason, gets the reason "error".
    """

    def judged(row: Row) -> Verdict | None:
        try:
            why = why_drop(row)
            if why is None or isinstance(why, Verdict):
                return why
            if isinstance(why, str):
                return Verdict(why) if why else None
            return Verdict(ERROR, visible(f"{name}: {visible_repr(why)}", 200))
        except Exception as error:
            return _failed(name, error)

    def find(rows: Sequence[Row]) -> dict[int, Verdict]:
        return {index: verdict for index, row in enumerate(rows) if (verdict := judged(row))}

    return RowFilter(name, tuple(reasons), find)


def _failed(name: str, error: Exception) -> Verdict:
    return Verdict(ERROR, visible(f"{name}: {visible_repr(error)}", 200))


def _found(filter_: RowFilter, rows: Sequence[Row]) -> dict[int, Verdict]:
    """What a filter finds. If it fails, the rows on which it fails alone are "error", and it looks at the others."""
    try:
        return dict(filter_.find(rows))
    except _NOT_A_ROW:
        raise
    except Exception as error:
        whole = error
    broken_rows: dict[int, Verdict] = {}
    for index, row in enumerate(rows):
        try:
            filter_.find([row])
        except Exception as error:
            broken_rows[index] = _failed(filter_.name, error)
    left = [index for index in range(len(rows)) if index not in broken_rows]
    try:
        found = filter_.find([rows[index] for index in left]) if broken_rows else None
    except Exception as error:
        found, whole = None, error
    if found is None:  # it fails on the rows together, so no row can be told from another
        return broken_rows | dict.fromkeys(left, _failed(filter_.name, whole))
    return broken_rows | {left[index]: _moved(verdict, left) for index, verdict in found.items()}


def _moved(verdict: Verdict, places: Sequence[int]) -> Verdict:
    """A verdict whose row is named by its place among all rows, not among those a filter saw."""
    return replace(verdict, other=places[verdict.other]) if isinstance(verdict.other, int) else verdict


def run_chain(rows: Iterable[Row], filters: Sequence[RowFilter]) -> Sifted:
    """Run rows through the filters. Each sees only the rows that the ones before it kept; no row is changed.

    Rows on which a filter fails are dropped with the reason "error"; the evidence names the filter and the error.

    Raises:
        ImportError, OSError, MemoryError: from a filter on all rows, since they say nothing of a row.
    """
    rows = list(rows)
    verdicts: list[Verdict | None] = [None] * len(rows)
    left = list(range(len(rows)))
    for filter_ in filters:
        for index, verdict in _found(filter_, [rows[index] for index in left]).items():
            verdicts[left[index]] = _moved(verdict, left)
        left = [index for index in left if verdicts[index] is None]
    happened = Counter(verdict.reason for verdict in verdicts if verdict)
    planned = dict.fromkeys(reason for filter_ in filters for reason in filter_.reasons)
    return Sifted(rows, verdicts, {reason: happened[reason] for reason in [*planned, *happened]})


def standard_filters(
    evaluation: Sequence[Row] = (),
    language: str = "en",
    near: float = duplicates.NEAR,
    paraphrase: float = duplicates.PARAPHRASE,
) -> list[RowFilter]:
    """The course's chain for rows with `instruction` and `response`, with the reasons of all lessons.

    On each row: is a text missing ("empty") or ended by the token budget ("cut off")? Does it refuse ("refusal"), hold
    a prompt or a template ("leak"), a model's thoughts ("reasoning"), or the other side's turn ("roles")? Does the
    response only say the instruction again ("echo") or a part of it ("copy")? Is a text bytes ("blob"), in another
    language ("language"), too short or too long, or does it go in circles ("loop") or stop in a sentence
    ("unfinished")? Does the instruction ask for nothing ("no request")? Then among rows: "contaminated", duplicates,
    "paraphrase". And "error", for rows on which a filter failed.

    Args:
        evaluation: rows with `question`, `answer` and `key`, which the data must not give away.
        language: the code that `language_of` should give for both texts.
        near: Jaccard similarity from which a row repeats another, 0 to 1.
        paraphrase: similarity (`embed_rows`) from which a row means what another means, -1 to 1.
    """

    def foreign(row: Row) -> Verdict | None:
        if _TRANSLATES.search(texts.text(row, "instruction")):
            return None
        found = [texts.text(row, column) for column in texts.COLUMNS]
        # "Ha ha ha!" is no language
        others = {
            code for one in found if (len({*words_of(one)}) > 3 or not one.isascii()) and (code := language_of(one))
        } - {language}
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
        each("reasoning", ["reasoning"], broken.reasoning),
        each("roles", ["roles"], exchanges.roles),
        each("echo", ["echo"], exchanges.echo),
        each("copy", ["copy"], exchanges.copy),
        each("blob", ["blob"], broken.blob),
        each("language", ["language"], foreign),
        each("length", ["too short", "too long"], texts.length),
        each("loop", ["loop"], broken.loop),
        each("unfinished", ["unfinished"], broken.unfinished),
        each("no request", ["no request"], exchanges.no_request),
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
    planted = [field(row, "planted") for row in rows]
    dropped = [verdict.reason if verdict else None for verdict in verdicts]
    shares = {}
    for reason in dict.fromkeys(reason for reason in [*planted, *dropped] if reason):
        both = sum(a == b == reason for a, b in zip(planted, dropped, strict=True))
        shares[reason] = (Share(both, planted.count(reason)), Share(both, dropped.count(reason)))
    return shares
