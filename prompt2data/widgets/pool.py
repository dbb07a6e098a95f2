"""Pool explorer: the decisions by which Self-Instruct's pool grew, and the words behind each of them."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from prompt2data.checks.core import Wrong, records
from prompt2data.i18n import _, ngettext
from prompt2data.metrics import rouge_l
from prompt2data.untrusted import visible
from prompt2data.widgets.overlap import Overlap, overlap
from prompt2data.widgets.view import View, render

COLUMNS = ("round", "instruction", "most similar in the pool", "verdict")
NOVEL, SIMILAR = "novel", "too similar"

_COMPARED = 500  # characters of a text whose words are compared: the time grows with their product
_PAGE = 8  # decisions in the list at a time
_STATIC = 8  # decisions in the stored form
_NEWEST = 5  # members of the pool that are shown
_ROUNDS = 12  # rounds in the table
_REASONS = 6  # reasons that are counted by name
_CHANGES = 6  # decisions that another threshold changes, by name


@dataclass(frozen=True, eq=False)
class Decision:
    """One row of the log, as `grow` of lesson 02 writes it.

    Attributes:
        number: its place in the log, from 1.
        round: the round, fit to be shown.
        candidate: the line that the model proposed.
        neighbour: the text of the pool most similar to it.
        similarity: their ROUGE-L, 0 to 1; None if it is not known.
        verdict: "novel", "too similar", or why the line was dropped for its form.
        exact: whether the line stood in the pool word for word.
    """

    number: int
    round: str
    candidate: Any
    neighbour: Any
    similarity: float | None
    verdict: str
    exact: bool

    @property
    def compared(self) -> bool:
        """Whether the similarity decided: not for a line that was dropped for its form."""
        return self.verdict in (NOVEL, SIMILAR) and self.similarity is not None

    @functools.cached_property
    def overlap(self) -> Overlap | None:
        """The words that both texts share, or None where they are no texts or too long to be compared here."""
        return overlap(self.candidate, self.neighbour) if _comparable(self.candidate, self.neighbour) else None


def _comparable(*texts: Any) -> bool:
    return all(isinstance(text, str) and len(text) <= _COMPARED for text in texts)


def _decision(number: int, row: Mapping[str, Any]) -> Decision:
    candidate, neighbour = row["instruction"], row["most similar in the pool"]
    if _comparable(candidate, neighbour):
        # The log's number is rounded: 0.696 and 0.70 would be the same, and are on two sides of a threshold of 0.7.
        similarity = rouge_l(candidate, neighbour)
    else:
        similarity = _number(row.get("ROUGE-L"))
    verdict = visible(row["verdict"], 40)
    return Decision(
        number, visible(row["round"], 20), candidate, neighbour, similarity, verdict, row.get("exact") is True
    )


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


class PoolExplorer(View):
    """Replay how a pool grew from its log, and read each decision with the words that made it.

        PoolExplorer(SEEDS, log)

    Args:
        seeds: the texts that the pool began with.
        log: the decisions in order, with the columns "round", "instruction", "most similar in the pool" and
            "verdict"; "ROUGE-L" and "exact" may be there. A list of rows, a `datasets.Dataset` or a pandas table.
        threshold: the ROUGE-L, 0 to 1, from which the log calls a line "too similar".
        novel_only: whether lines that are "too similar" stayed out of the pool.

    Raises:
        TypeError: if `seeds` is no list of texts.
        ValueError: if a row lacks a column, if the threshold is no share, or if `novel_only` contradicts the log.
    """

    part_names = ("heading", "controls", "growth", "filters", "decisions", "pair", "trial", "sides", "status")

    def __init__(
        self, seeds: Iterable[str], log: Iterable[Mapping[str, Any]], threshold: float = 0.7, *, novel_only: bool = True
    ) -> None:
        if isinstance(seeds, str | Mapping) or not isinstance(seeds, Iterable):
            raise TypeError(_("`seeds` should be a list of texts."))
        limit = _number(threshold)
        if limit is None or not 0 <= limit <= 1:
            raise ValueError(_("`threshold` should be a number from 0 to 1."))
        try:
            rows = records(log, COLUMNS)
        except Wrong as error:
            raise ValueError(str(error)) from None
        self.seeds = list(seeds)
        self.decisions = [_decision(number, row) for number, row in enumerate(rows, start=1)]
        self.threshold = self.trial = limit
        self.novel_only = novel_only
        self._entered = {NOVEL} if novel_only else {NOVEL, SIMILAR}
        self._origins = self._find_origins()
        self.verdicts = list(dict.fromkeys([NOVEL, SIMILAR, *(one.verdict for one in self.decisions)]))
        self.step = len(self.decisions)
        self.verdict: str | None = None  # the only one that is listed, or None for all
        self.order = "closest"  # or "newest"
        self.page = 0
        listed = self.listed()
        self.selected = listed[0] if listed else None
        self._said = ""
        super().__init__()

    def title(self) -> str:
        return _("Pool explorer")

    def summary(self) -> str:
        return f"{self.title()}: {self._size(len(self.decisions))}"

    # -- what the log says --------------------------------------------------------------------------------------------

    def _find_origins(self) -> dict[str, int]:
        """Text -> number of the decision by which it entered the pool first; 0 for a seed."""
        origins = {text: 0 for text in self.seeds if isinstance(text, str)}
        refused: set[str] = set()
        for one in self.decisions:
            if isinstance(one.neighbour, str) and one.neighbour in refused and one.neighbour not in origins:
                raise ValueError(
                    _(
                        "In this log, a line that was too similar is in the pool later. If it comes from a loop"
                        " without the filter, write PoolExplorer(seeds, log, novel_only=False)."
                    )
                )
            if not isinstance(one.candidate, str):
                continue
            if one.verdict in self._entered:
                origins.setdefault(one.candidate, one.number)
            elif one.verdict == SIMILAR:
                refused.add(one.candidate)
        return origins

    def pool(self, step: int) -> list[Any]:
        """The pool after that many decisions: the seeds, then what entered, in order."""
        return [*self.seeds, *(one.candidate for one in self.decisions[:step] if one.verdict in self._entered)]

    def closest(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Sorted by the distance of their ROUGE-L from the threshold; those that it did not decide come last."""
        return sorted(
            decisions,
            key=lambda one: (
                (0, abs(one.similarity - self.threshold), -one.number) if one.compared else (1, 0, -one.number)
            ),
        )

    def listed(self) -> list[Decision]:
        """The decisions so far that the list holds, in its order."""
        chosen = [one for one in self.decisions[: self.step] if self.verdict in (None, one.verdict)]
        return chosen[::-1] if self.order == "newest" else self.closest(chosen)

    def changes(self) -> list[Decision]:
        """The decisions so far that another threshold would have made differently, in the order of the log."""
        return [
            one
            for one in self.decisions[: self.step]
            if one.compared and (one.similarity >= self.trial) != (one.verdict == SIMILAR)
        ]

    def _size(self, step: int) -> str:
        size = len(self.pool(step))
        return ngettext(
            "In the pool: {size} instruction, {seeds} of them seeds",
            "In the pool: {size} instructions, {seeds} of them seeds",
            size,
        ).format(size=size, seeds=len(self.seeds))

    # -- parts --------------------------------------------------------------------------------------------------------

    def part_heading(self, static: bool) -> str:
        return render("pool_heading", title=self.title(), static=static)

    def part_controls(self, static: bool) -> str:
        if static or not self.decisions:
            return ""
        return render("pool_controls", uid=self.uid, most=len(self.decisions), step=self.step)

    def part_growth(self, static: bool) -> str:
        step = len(self.decisions) if static else self.step
        decisions = self.decisions[:step]
        counted: dict[str, Counter[str]] = {}
        for one in decisions:
            counted.setdefault(one.round, Counter())[one.verdict] += 1
        rounds, size = [], len(self.seeds)
        for name, counts in counted.items():
            size += sum(counts[verdict] for verdict in self._entered)
            other = counts.total() - counts[NOVEL] - counts[SIMILAR]
            rounds.append({"name": name, "counts": (counts[NOVEL], counts[SIMILAR], other), "size": size})
        reasons = Counter(one.verdict for one in decisions if one.verdict not in (NOVEL, SIMILAR)).most_common()
        return render(
            "pool_growth",
            size=self._size(step),
            step=step,
            rounds=rounds[-_ROUNDS:],
            left_out=max(0, len(rounds) - _ROUNDS),
            most=max((count for one in rounds for count in one["counts"]), default=0),
            reasons=reasons[:_REASONS],
            more_reasons=sum(count for _reason, count in reasons[_REASONS:]),
            newest=[] if static else self.pool(step)[-_NEWEST:][::-1],
        )

    def part_filters(self, static: bool) -> str:
        if static or not self.decisions:
            return ""
        return render(
            "pool_filters",
            uid=self.uid,
            verdicts=self.verdicts[:50],
            chosen=self.verdict,
            closest=self.order == "closest",
        )

    def part_decisions(self, static: bool) -> str:
        if static:
            closest = self.closest(one for one in self.decisions if one.compared)[:_STATIC]
            return render("pool_closest", decisions=closest, threshold=self.threshold) if closest else ""
        if not self.decisions:
            return ""
        listed = self.listed()
        pages = max(1, -(-len(listed) // _PAGE))
        self.page = min(self.page, pages - 1)
        shown = listed[self.page * _PAGE : (self.page + 1) * _PAGE]
        return render(
            "pool_decisions",
            uid=self.uid,
            decisions=shown,
            selected=self.selected,
            focusable=self.selected if self.selected in shown else next(iter(shown), None),
            first=self.page * _PAGE + 1,
            n=len(listed),
            page=self.page,
            pages=pages,
        )

    def part_pair(self, static: bool) -> str:
        one = self.selected
        if static or one is None:
            return ""
        return render(
            "pool_pair",
            one=one,
            threshold=self.threshold,
            origin=self._origins.get(one.neighbour) if isinstance(one.neighbour, str) else None,
        )

    def part_trial(self, static: bool) -> str:
        if static or not any(one.compared for one in self.decisions):
            return ""
        return render("pool_trial", uid=self.uid, trial=self.trial)

    def part_sides(self, static: bool) -> str:
        if static or not any(one.compared for one in self.decisions):
            return ""
        changes = self.changes()
        return render(
            "pool_sides",
            uid=self.uid,
            trial=self.trial,
            compared=sum(one.compared for one in self.decisions[: self.step]),
            n=len(changes),
            refused=sum(one.verdict == NOVEL for one in changes),
            changes=changes[:_CHANGES],
            novel_only=self.novel_only,
        )

    def part_status(self, static: bool) -> str:
        return "" if static else render("pool_status", failure=self.failure, said=self._said)

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_step(self, value: str) -> None:
        """So many decisions are made; the last of them is selected."""
        number = _number(value)
        if number is None:
            return
        self.step = int(min(max(number, 0), len(self.decisions)))
        self._select(self.decisions[self.step - 1] if self.step else None)
        self._said = self._size(self.step)
        self.redraw("growth", "decisions", "pair", "sides", "status")

    def do_verdict(self, value: str) -> None:
        """List one verdict only: its place in `verdicts`, or "" for all."""
        place = _number(value)
        known = place is not None and 0 <= place < len(self.verdicts)
        self._list(verdict=self.verdicts[int(place)] if known else None)

    def do_order(self, value: str) -> None:
        """List the newest first, or the closest to the threshold."""
        self._list(order="newest" if value == "newest" else "closest")

    def do_page(self, value: str) -> None:
        """Show that page of the list, from 0."""
        number = _number(value)
        if number is not None:
            self.page = int(min(max(number, 0), len(self.decisions)))
            self.redraw("decisions")

    def do_select(self, value: str) -> None:
        """Read the decision of that number, if it is made already."""
        number = _number(value)
        if number is not None and 1 <= number <= self.step:
            self._select(self.decisions[int(number) - 1])
            self.redraw("decisions", "pair")

    def do_threshold(self, value: str) -> None:
        """See who would change sides at that threshold, 0.3 to 1."""
        number = _number(value)
        if number is not None:
            self.trial = min(max(number, 0.0), 1.0)
            self._said = ""
            self.redraw("sides", "status")

    def _select(self, one: Decision | None) -> None:
        """Select a decision, and turn to the page of the list that has it."""
        self.selected = one
        listed: Sequence[Decision] = self.listed()
        if one in listed:
            self.page = listed.index(one) // _PAGE
        else:
            self.page = 0

    def _list(self, **how: Any) -> None:
        for name, value in how.items():
            setattr(self, name, value)
        self.page = 0
        listed = self.listed()
        self.selected = listed[0] if listed else None
        self.redraw("decisions", "pair")
