"""Pool explorer: the decisions by which Self-Instruct's pool grew, and the words behind each of them."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prompt2data.ground.rows import records
from prompt2data.i18n import _, ngettext
from prompt2data.metrics import rouge_l
from prompt2data.untrusted import visible
from prompt2data.widgets.overlap import Overlap, overlap
from prompt2data.widgets.view import Pages, View, finite, index_from_page

COLUMNS = ("round", "instruction", "most similar in the pool", "verdict")
NOVEL, SIMILAR = "novel", "too similar"

_LONGEST_COMPARED = 500  # characters of a text whose words are compared: the cost is the product of both lengths
_PAGE = 8  # decisions in the list at a time
_STATIC = 8  # decisions in the stored form
_NEWEST = 5  # members of the pool that are shown
_ROUNDS = 12  # rounds in the table
_REASONS = 6  # reasons that are counted by name
_VERDICTS = 50  # verdicts to filter by


@dataclass(frozen=True, eq=False)
class Decision:
    """One row of the log, as `grow` of lesson 02 writes it."""

    number: int  # position in the log, from 1
    round: str
    candidate: Any  # the line that the model proposed
    neighbour: Any  # the text of the pool most similar to it
    similarity: float | None  # their ROUGE-L, 0 to 1; None if unknown
    verdict: str  # "novel", "too similar", or why the line was dropped for its form
    exact: bool  # whether the pool had the line word for word

    @classmethod
    def of_row(cls, number: int, row: Mapping[str, Any]) -> Decision:
        """The decision in row `number` of a log."""
        candidate, neighbour = row["instruction"], row["most similar in the pool"]
        # The log's number is rounded, and 0.696 and 0.70 are on different sides of a threshold of 0.7.
        comparable = _comparable(candidate, neighbour)
        similarity = rouge_l(candidate, neighbour) if comparable else finite(row.get("ROUGE-L"))
        verdict, round_ = visible(row["verdict"], 40), visible(row["round"], 20)
        return cls(number, round_, candidate, neighbour, similarity, verdict, row.get("exact") is True)

    @property
    def deciding(self) -> float | None:
        """The similarity if it decided the verdict; None for a line that was dropped for its form."""
        return self.similarity if self.verdict in (NOVEL, SIMILAR) else None

    @functools.cached_property
    def overlap(self) -> Overlap | None:
        """The words that both texts share; None for values that are not texts or too long to be compared here."""
        return overlap(self.candidate, self.neighbour) if _comparable(self.candidate, self.neighbour) else None


def _comparable(*texts: Any) -> bool:
    return all(isinstance(text, str) and len(text) <= _LONGEST_COMPARED for text in texts)


class PoolExplorer(View):
    """Replay how a pool grew from its log, and read each decision with the words that made it.

        PoolExplorer(SEEDS, log)

    Args:
        seeds: the texts that the pool began with.
        log: the decisions in order, with the columns "round", "instruction", "most similar in the pool" and
            "verdict", and optionally "ROUGE-L" and "exact". A list of rows, a `datasets.Dataset` or a pandas table.
        threshold: the ROUGE-L, 0 to 1, from which the log calls a line "too similar".
        novel_only: whether lines that are "too similar" stayed out of the pool.

    Raises:
        TypeError: if `seeds` is not a list of texts, or `log` no table.
        ValueError: if a row lacks a column, `threshold` is not a share, or `novel_only` contradicts the log.
    """

    part_names = ("heading", "controls", "growth", "filters", "decisions", "pair", "trial", "sides", "status")
    templates = "pool"

    def __init__(
        self, seeds: Iterable[str], log: Iterable[Mapping[str, Any]], threshold: float = 0.7, *, novel_only: bool = True
    ) -> None:
        if isinstance(seeds, str | Mapping) or not isinstance(seeds, Iterable):
            raise TypeError(_("`seeds` should be a list of texts."))
        limit = finite(threshold)
        if limit is None or not 0 <= limit <= 1:
            raise ValueError(_("`threshold` should be a number from 0 to 1."))
        rows = records(log, COLUMNS)
        self.seeds = list(seeds)
        self.decisions = [Decision.of_row(number, row) for number, row in enumerate(rows, start=1)]
        self.threshold = self.trial = limit
        self.novel_only = novel_only
        self._accepted = {NOVEL} if novel_only else {NOVEL, SIMILAR}
        self._origins = self._find_origins()
        self.verdicts = list(dict.fromkeys([NOVEL, SIMILAR, *(one.verdict for one in self.decisions)]))[:_VERDICTS]
        self.step = len(self.decisions)
        self.verdict: str | None = None  # the only one that is listed, or None for all
        self.order = "closest"  # or "newest"
        self.pages = Pages(_PAGE)
        self.selected = next(iter(self.listed()), None)
        self.message = ""  # for screen readers
        super().__init__()

    def title(self) -> str:
        return _("Pool explorer")

    def summary(self) -> str:
        return f"{self.title()}: {self._size(len(self.decisions))}"

    # -- what the log says --------------------------------------------------------------------------------------------

    def _find_origins(self) -> dict[str, int]:
        """Text -> number of the decision by which it first entered the pool; 0 for a seed."""
        origins = {text: 0 for text in self.seeds if isinstance(text, str)}
        refused: set[str] = set()
        for decision in self.decisions:
            neighbour, candidate = decision.neighbour, decision.candidate
            if isinstance(neighbour, str) and neighbour in refused and neighbour not in origins:
                message = _(
                    "In this log, a line that was too similar is in the pool later. If it comes from a loop"
                    " without the filter, write PoolExplorer(seeds, log, novel_only=False)."
                )
                raise ValueError(message)
            if not isinstance(candidate, str):
                continue
            if decision.verdict in self._accepted:
                origins.setdefault(candidate, decision.number)
            elif decision.verdict == SIMILAR:
                refused.add(candidate)
        return origins

    def pool(self, step: int) -> list[Any]:
        """The pool after that many decisions: the seeds, then accepted lines, in order."""
        return [*self.seeds, *(one.candidate for one in self.decisions[:step] if one.verdict in self._accepted)]

    def closest(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Sort by the distance of ROUGE-L from the threshold, newest first; those it did not decide come last."""

        def distance(decision: Decision) -> tuple[float, int]:
            deciding = decision.deciding
            return math.inf if deciding is None else abs(deciding - self.threshold), -decision.number

        return sorted(decisions, key=distance)

    def listed(self) -> list[Decision]:
        """The decisions so far that the list holds, in its order."""
        chosen = [one for one in self.decisions[: self.step] if self.verdict in (None, one.verdict)]
        return chosen[::-1] if self.order == "newest" else self.closest(chosen)

    def changes(self) -> list[Decision]:
        """The decisions so far that the threshold on trial would have made differently, in the order of the log."""
        return [
            one
            for one in self.decisions[: self.step]
            if one.deciding is not None and (one.deciding >= self.trial) != (one.verdict == SIMILAR)
        ]

    def _size(self, step: int) -> str:
        size = len(self.pool(step))
        return ngettext(
            "In the pool: {size} instruction, {seeds} of them seeds",
            "In the pool: {size} instructions, {seeds} of them seeds",
            size,
        ).format(size=size, seeds=len(self.seeds))

    # -- parts --------------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        if static and name not in ("heading", "growth", "decisions"):
            return False
        if name in ("controls", "filters", "decisions"):
            return bool(self.decisions)
        if name in ("trial", "sides"):
            return any(one.deciding is not None for one in self.decisions)
        return name != "pair" or self.selected is not None

    def part_growth(self, static: bool) -> str:
        step = len(self.decisions) if static else self.step
        decisions = self.decisions[:step]
        by_round: dict[str, Counter[str]] = {}
        for decision in decisions:
            by_round.setdefault(decision.round, Counter())[decision.verdict] += 1
        rounds, size = [], len(self.seeds)
        for name, counts in by_round.items():
            size += sum(counts[verdict] for verdict in self._accepted)
            other = counts.total() - counts[NOVEL] - counts[SIMILAR]
            rounds.append((name, (counts[NOVEL], counts[SIMILAR], other), size))
        reasons = Counter(one.verdict for one in decisions if one.verdict not in (NOVEL, SIMILAR)).most_common()
        return self.render(
            "growth",
            size=self._size(step),
            step=step,
            rounds=rounds[-_ROUNDS:],
            left_out=max(0, len(rounds) - _ROUNDS),
            most=max((max(counts) for _name, counts, _size in rounds), default=0),
            reasons=reasons[:_REASONS],
            more_reasons=sum(count for _reason, count in reasons[_REASONS:]),
            newest=[] if static else self.pool(step)[-_NEWEST:][::-1],
        )

    def part_decisions(self, static: bool) -> str:
        if static:
            closest = self.closest(one for one in self.decisions if one.deciding is not None)[:_STATIC]
            return self.render("closest", decisions=closest) if closest else ""
        listed = self.listed()
        shown = self.pages.shown(listed)
        focusable = self.selected if self.selected in shown else next(iter(shown), None)
        return self.render("decisions", decisions=shown, focusable=focusable, n=len(listed))

    def part_pair(self, static: bool) -> str:
        neighbour = self.selected.neighbour if self.selected else None
        origin = self._origins.get(neighbour) if isinstance(neighbour, str) else None
        return self.render("pair", one=self.selected, origin=origin)

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_step(self, value: str) -> None:
        """Let that many decisions happen, and select the last of them."""
        self.step = index_from_page(value, len(self.decisions) + 1)
        self._select(self.decisions[self.step - 1] if self.step else None)
        self.message = self._size(self.step)
        self.redraw("growth", "decisions", "pair", "sides", "status")

    def do_verdict(self, value: str) -> None:
        """List one verdict only: its index in `verdicts`, or "" for all."""
        self.verdict = self.verdicts[index_from_page(value, len(self.verdicts))] if value else None
        self._list_anew()

    def do_order(self, value: str) -> None:
        """List the newest first, or the closest to the threshold."""
        self.order = "newest" if value == "newest" else "closest"
        self._list_anew()

    def do_page(self, value: str) -> None:
        """Turn to the "next" or the previous page of the list."""
        self.pages.turn(value, len(self.listed()))
        self.redraw("decisions")

    def do_select(self, value: str) -> None:
        """Read the decision of that number, if it has happened."""
        self._select(self.decisions[index_from_page(value, self.step + 1) - 1])
        self.redraw("decisions", "pair")

    def do_threshold(self, value: str) -> None:
        """Try a threshold from 0 to 1: whose verdict would change?"""
        number = finite(value)
        if number is not None:
            self.trial = min(max(number, 0.0), 1.0)
            self.message = ""
            self.redraw("sides", "status")

    def _select(self, decision: Decision | None) -> None:
        """Select a decision, and turn to its page of the list."""
        self.selected = decision
        listed = self.listed()
        self.pages.turn_to(listed.index(decision) if decision in listed else 0)

    def _list_anew(self) -> None:
        self._select(next(iter(self.listed()), None))
        self.redraw("decisions", "pair")
