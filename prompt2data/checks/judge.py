"""One way to judge an answer: against a reference solution, on a battery of inputs, with the mistakes that are known.

An answer that differs from the reference somewhere, and everywhere does what a known mistake does, is told that
mistake. Any other is shown the smallest input on which it differs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose, isnan
from typing import Any

from prompt2data.checks.core import NotAttempted, Wrong, call, error_text, told_call
from prompt2data.i18n import _, translated
from prompt2data.untrusted import safe_repr


@dataclass(frozen=True)
class Case:
    """An input of a battery; `case` makes one.

    Attributes:
        arguments: positional arguments. Each call gets a copy.
        options: keyword arguments.
        says: what an answer is told that goes wrong here and makes no known mistake, marked with `N_()`.
        values: what fills the placeholders of `says`; texts may be marked with `N_()`.
    """

    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    says: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def size(self) -> int:
        """How long it is when written out."""
        return len(safe_repr((self.arguments, self.options)))


def case(*arguments: Any, says: str = "", values: Mapping[str, Any] | None = None, **options: Any) -> Case:
    """An input of a battery: the arguments of one call."""
    return Case(arguments, options, says, values or {})


class Properties(dict[str, Any]):
    """What `Task.play` has to say about a call where its result may be one of many."""


class Words(str):
    """What stands on a card as it is, without quotes."""

    __repr__ = str.__str__


@dataclass(frozen=True)
class Outcome:
    """What a call gave: a value as `Task.view` sees it, or an error; and whether it changed its arguments.

    Attributes:
        wrong: what an answer is told for the error if it should not be there.
    """

    value: Any = None
    error: BaseException | None = None
    wrong: Wrong | None = None
    changed: bool = False

    def agrees(self, other: Outcome) -> bool:
        """Whether this is the same value as `other`, or an error of its kind."""
        if self.error is None or other.error is None:
            return self.error is other.error and same(self.value, other.value)
        alike = not isinstance(other.error, Wrong) or str(self.error) == str(other.error)
        return isinstance(self.error, type(other.error)) and alike

    def shown(self) -> Any:
        """What a card shows of it."""
        if isinstance(self.value, Properties):
            return Words(_("no error"))
        return self.value if self.error is None else Words(error_text(self.error))


@dataclass(frozen=True)
class Task:
    """What a function should do.

    Attributes:
        reference: a right solution. Where it raises, an answer has to raise an error of that class.
        cases: the battery.
        says: what an answer is told where nothing fits better, marked with `N_()`. Where `play` gives `Properties`,
            a dictionary: property → what an answer is told that differs in it.
        mistakes: message, marked with `N_()` → solutions that make this mistake. The first that fits is told.
        view: what counts of what is given back; raises `Wrong` where it has not even the right form.
        play: calls the function with the arguments of a case, where that takes more than a call.
        unchanged: what an answer is told that changes its arguments; it may where this is empty.
        order: what an answer is told that gives the right items everywhere, but in another order.
        hints: message → a hint that belongs to it.
    """

    reference: Callable[..., Any]
    cases: Sequence[Case]
    says: str | Mapping[str, str]
    mistakes: Mapping[str, Callable[..., Any] | Sequence[Callable[..., Any]]] = field(default_factory=dict)
    view: Callable[[Any], Any] = lambda value: value
    play: Callable[..., Any] = call
    unchanged: str = ""
    order: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)

    def judge(self, answer: Callable[..., Any]) -> None:
        """Return if `answer` does what the reference does.

        Raises:
            Wrong: if it does not, with the mistake that it makes, or the smallest input on which it differs.
            NotAttempted: if there is nothing to judge yet.
        """
        found, wanted = self.outcomes(answer), self.outcomes(self.reference)
        wrong = [place for place, outcome in enumerate(found) if not outcome.agrees(wanted[place])]
        again = self.outcomes(answer, backwards=True)
        moved = [place for place, outcome in enumerate(again) if not outcome.agrees(found[place])]
        # Right at first and wrong later says more than what went wrong on the way; `Properties` name it themselves.
        forgets = [place for place in moved if place not in wrong and not isinstance(found[place].value, Properties)]
        if wrong and not forgets:
            # What a function gives says more about it than what it raises.
            worth = lambda place: (bool(wanted[place].error), bool(found[place].error), self.cases[place].size())  # noqa: E731
            raise self._explained(answer, found, wanted, min(wrong, key=worth))
        for place in forgets or moved:
            message = _("The same call gives something else when it comes again: what does it remember?")
            raise self._wrong(message, answer, place, found[place], again[place])
        for place, outcome in enumerate(found):
            if self.unchanged and outcome.changed:
                raise self._wrong(self.unchanged, answer, place)

    def outcomes(self, function: Callable[..., Any], backwards: bool = False) -> list[Outcome]:
        """What it gives in each case, in their order."""
        order = -1 if backwards else 1
        return [self._outcome(function, given) for given in self.cases[::order]][::order]

    def _outcome(self, function: Callable[..., Any], given: Case) -> Outcome:
        arguments, options = copy.deepcopy((given.arguments, dict(given.options)))
        value, error, wrong = None, None, None
        try:
            value = self.view(self.play(function, *arguments, **options))
        except Wrong as told:
            error, wrong = told.__cause__ or told, told
        return Outcome(value, error, wrong, not same([*arguments, options], [*given.arguments, given.options]))

    def _explained(
        self, answer: Callable[..., Any], found: list[Outcome], wanted: list[Outcome], smallest: int
    ) -> Wrong:
        """The mistake that an answer makes which differs from the reference, at the least in this case."""
        shown = (answer, smallest, wanted[smallest], found[smallest])
        if self.order and all(_items(one) == _items(other) for one, other in zip(found, wanted, strict=True)):
            return self._wrong(self.order, *shown)
        for message, mistaken in self.mistakes.items():
            for one in mistaken if isinstance(mistaken, Sequence) else [mistaken]:
                made = self.outcomes(one)
                if all(outcome.agrees(made[place]) for place, outcome in enumerate(found)):
                    return self._wrong(message, *shown)
        given, told = self.cases[smallest], found[smallest].wrong
        if told is not None and wanted[smallest].error is None:
            told.given = told.given or told_call(answer, given.arguments, given.options)
            return told
        if isinstance(self.says, str) or not isinstance(found[smallest].value, Properties) or wanted[smallest].error:
            says = self.says if isinstance(self.says, str) else next(iter(self.says.values()))
            return self._wrong(given.says or says, *shown)
        right, value = wanted[smallest].value, found[smallest].value
        name = next(name for name in self.says if not same(value[name], right[name]))
        return self._wrong(self.says[name], answer, smallest, Outcome(right[name]), Outcome(value[name]))

    def _wrong(
        self,
        message: str,
        answer: Callable[..., Any],
        place: int,
        wanted: Outcome | None = None,
        found: Outcome | None = None,
    ) -> Wrong:
        given = self.cases[place]
        more = {} if wanted is None or found is None else {"expected": wanted.shown(), "actual": found.shown()}
        hint = translated(self.hints[message]) if message in self.hints else ""
        told = told_call(answer, given.arguments, given.options)
        values = {key: translated(one) if one and type(one) is str else one for key, one in given.values.items()}
        return Wrong(translated(message), hint=hint, given=told, **more, **values)


def _items(outcome: Outcome) -> Any:
    """What it gave, in an order that does not depend on the answer."""
    return sorted(map(safe_repr, outcome.value)) if isinstance(outcome.value, list) else outcome


def same(one: Any, other: Any) -> bool:
    """Whether two values have the same content; numbers need only be close, truth values are no numbers."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (isnan(one) and isnan(other))
    if hasattr(one, "tolist") and hasattr(other, "tolist"):
        return same(one.tolist(), other.tolist())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if type(one) is type(other) and type(one).__eq__ is object.__eq__:
        return True  # copies of what knows nothing of being equal
    try:
        return bool(one == other)
    except Exception:  # a learner's class may have any `__eq__`
        return False
