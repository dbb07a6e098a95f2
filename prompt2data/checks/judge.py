"""One way to judge an answer: against a reference solution, on a battery of inputs, with the mistakes that are known.

An answer that differs from the reference somewhere, and everywhere does what a known mistake does, is told that
mistake. Any other is shown the smallest input on which it differs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from prompt2data.checks.core import Wrong, call, error_text, told_call
from prompt2data.checks.forms import same
from prompt2data.i18n import _, language, translated
from prompt2data.untrusted import safe_repr


@dataclass(frozen=True)
class Case:
    """An input of a battery; `case` makes one.

    Attributes:
        arguments: positional arguments. Each call gets a copy.
        options: keyword arguments.
        says: what an answer is told that goes wrong here, makes no known mistake, and is right elsewhere, marked with
            `N_()`. Where `Task.mistakes` has this message, too, the answer must do what they do here.
        values: what fills the placeholders of `says`.
        drawn: whether it was drawn at random, against answers that are looked up.
    """

    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    says: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    drawn: bool = False

    def size(self) -> int:
        """How long it is when written out."""
        return len(safe_repr((self.arguments, self.options)))


def case(*arguments: Any, says: str = "", values: Mapping[str, Any] | None = None, **options: Any) -> Case:
    """An input of a battery: the arguments of one call."""
    return Case(arguments, options, says, values or {})


def drawn(make: Callable[[int], Case], number: int) -> list[Case]:
    """Inputs that `make` draws from the seeds below `number`."""
    return [replace(make(seed), drawn=True) for seed in range(number)]


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

    def repeats(self, other: Outcome) -> bool:
        """Whether this is what `other` was: the same value, or again an error."""
        return bool(self.error) == bool(other.error) and same(self.value, other.value)

    def reordered(self, other: Outcome) -> bool:
        """Whether it has the items of `other` in another order."""
        if not isinstance(self.value, list) or not isinstance(other.value, list):
            return False
        return same(sorted(self.value, key=_rank), sorted(other.value, key=_rank))

    def shown(self) -> Any:
        """What a card shows of it."""
        if isinstance(self.value, Properties):
            return Words(_("no error"))
        if isinstance(self.error, Wrong):
            return Words(self.error)
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
    _given: dict[tuple[str, Callable[..., Any]], list[Outcome]] = field(default_factory=dict, init=False, repr=False)

    def judge(self, answer: Callable[..., Any]) -> None:
        """Return if `answer` does what the reference does.

        Raises:
            Wrong: if it does not, with the mistake that it makes, or the smallest input on which it differs.
            NotAttempted: if there is nothing to judge yet.
        """
        found, wanted = self.outcomes(answer), self._known(self.reference)
        wrong = [place for place, outcome in enumerate(found) if not outcome.agrees(wanted[place])]
        if not wrong or isinstance(self.says, str):  # what is random has a property for it
            again = self.outcomes(answer, backwards=True)
            for place, outcome in enumerate(again):
                if not outcome.repeats(found[place]):
                    message = _("The same call gives something else when it comes again: what does it remember?")
                    raise self._wrong(message, answer, place, found[place], outcome)
        if wrong:
            # What a function gives says more about it than what it raises.
            told = [(bool(outcome.error), not isinstance(outcome.error, Wrong)) for outcome in found]
            worth = lambda place: (bool(wanted[place].error), *told[place], self.cases[place].size())  # noqa: E731
            raise self._explained(answer, found, wanted, min(wrong, key=worth))
        for place, outcome in enumerate(found):
            if self.unchanged and outcome.changed:
                raise self._wrong(self.unchanged, answer, place)

    def outcomes(self, function: Callable[..., Any], backwards: bool = False) -> list[Outcome]:
        """What it gives in each case, in their order."""
        order = -1 if backwards else 1
        return [self._outcome(function, given) for given in self.cases[::order]][::order]

    def _known(self, solution: Callable[..., Any]) -> list[Outcome]:
        """The outcomes of the reference, or of a solution with a known mistake: found once in each language."""
        if (key := (language(), solution)) not in self._given:
            self._given[key] = self.outcomes(solution)
        return self._given[key]

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
        pairs = list(zip(found, wanted, strict=True))
        if self.order and all(one.agrees(other) or one.reordered(other) for one, other in pairs):
            return self._wrong(self.order, *shown)
        for message in self.mistakes:
            if any(self._makes(found, wanted, mistaken) for mistaken in self._mistaken(message)):
                return self._wrong(message, *shown)
        given, told = self.cases[smallest], found[smallest].wrong
        if told is not None and wanted[smallest].error is None:
            told.given = told.given or told_call(answer, given.arguments, given.options)
            return told
        value, right = found[smallest].value, wanted[smallest].value
        if isinstance(self.says, str) or not isinstance(value, Properties) or not isinstance(right, Properties):
            says = self.says if isinstance(self.says, str) else next(iter(self.says.values()))
            # A case names one mistake. Who is right nowhere makes another; and what is known has to be made here.
            known = [self._outcome(mistaken, given) for mistaken in self._mistaken(given.says)]
            made = not known or any(found[smallest].agrees(outcome) for outcome in known)
            fits = given.says and made and (wanted[smallest].error or any(a.value and a.agrees(b) for a, b in pairs))
            return self._wrong(given.says if fits else says, *shown)
        name = next(name for name in self.says if not same(value.get(name), right.get(name)))
        if isinstance(right[name], bool):
            return self._wrong(self.says[name], answer, smallest)
        return self._wrong(self.says[name], answer, smallest, Outcome(right[name]), Outcome(value[name]))

    def _mistaken(self, message: str) -> Sequence[Callable[..., Any]]:
        """The solutions that make the mistake of this message."""
        mistaken = self.mistakes.get(message, ())
        return mistaken if isinstance(mistaken, Sequence) else [mistaken]

    def _makes(self, found: list[Outcome], wanted: list[Outcome], mistaken: Callable[..., Any]) -> bool:
        """Whether an answer does what a mistaken solution does: nearly everywhere, where it gives anything."""
        given = [place for place, outcome in enumerate(found) if outcome.error is None or wanted[place].error]
        return (
            2 * len(given) > len(found)
            and all(found[place].agrees(self._known(mistaken)[place]) for place in given)
            and not all(found[place].agrees(wanted[place]) for place in given)
        )

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
        if len(set(map(safe_repr, more.values()))) == 1:  # nothing to be seen
            more = {}
        hint = translated(self.hints[message]) if message in self.hints else ""
        told = told_call(answer, given.arguments, given.options)
        values = {
            key: translated(value) if value and type(value) is str else value for key, value in given.values.items()
        }
        return Wrong(translated(message), hint=hint, given=told, **more, **values)


def _rank(item: Any) -> str:
    """A text by which to sort; in which order a row has its columns does not matter."""
    return safe_repr(sorted(item.items(), key=safe_repr) if isinstance(item, Mapping) else item)
