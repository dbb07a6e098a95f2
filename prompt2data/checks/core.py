"""What all checks share: a card that says passed, not attempted, or what is wrong and how to go on.

A check never stops a notebook: a wrong or missing answer shows a card. With `PROMPT2DATA_STRICT=1` (CI, grading)
it raises `CheckFailed` on anything but a pass, and no progress is kept or shown.
"""

from __future__ import annotations

import functools
import os
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from prompt2data.checks import record
from prompt2data.checks.card import CheckCard, Marked
from prompt2data.checks.diff import compare
from prompt2data.i18n import _, translated
from prompt2data.untrusted import visible, visible_repr

_NOTHING = object()
_LONGEST_SHOWN = 400


class NotAttempted(Exception):
    """The learner has not written anything yet."""


class Wrong(Exception):
    """An answer is wrong in a way the check can name.

    Args:
        message: one sentence that names the mistake.
        expected: what a right answer gives here, if that helps.
        actual: what this one gave.
        hint: what to try, fitting this very mistake; general hints belong in `@exercise`.
        values: what fills the placeholders of message and hint; without any, both are taken literally.
    """

    def __init__(
        self, message: str, /, *, expected: Any = _NOTHING, actual: Any = _NOTHING, hint: str = "", **values: Any
    ) -> None:
        self.message, self.hint = (text.format(**values) if values else text for text in (message, hint))
        self.expected, self.actual = expected, actual
        super().__init__(self.message)


class CheckFailed(AssertionError):
    """Raised in strict mode when an answer does not pass."""


def exercise(*hints: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a check out of a function that raises `Wrong` on a wrong answer and returns on a right one.

    In the order in which they are made, the checks of a module are the exercises of its lesson.

    Args:
        hints: general hints, marked with `N_()`, from a nudge to nearly the answer. A card in a notebook has them
            folded, each in the one before; in a terminal each failed attempt in a row shows one more.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        attempts = 0
        lesson = record.register(function)

        @functools.wraps(function)
        def check(*answers: Any) -> None:
            nonlocal attempts
            try:
                for answer in answers:
                    require_attempt(answer)
                function(*answers)
            except NotAttempted:
                card = CheckCard("not attempted", _("Not attempted yet."))
            except Wrong as wrong:
                card = _wrong_card(wrong, hints, attempts)
                attempts += 1
            else:
                attempts = 0
                card = CheckCard("passed", _("Passed."))
            if lesson and not strict():  # what is graded or stored does not depend on the machine
                name = function.__name__ if card.status == "passed" else ""
                progress, note = record.progress(lesson, name)
                card = replace(card, progress=progress, note=note)
            _show(card)
            if strict() and card.status != "passed":
                # The status itself stays English: CI reads it.
                raise CheckFailed(f"{function.__name__}: {card.status}: {card!r}")

        return check

    return decorate


def _wrong_card(wrong: Wrong, hints: Sequence[str], attempts: int) -> CheckCard:
    """The card of a wrong answer; `attempts`: how many in a row came before it."""
    # A hint for this very mistake is shown alone at first; each further attempt adds the next general one to it.
    turn = attempts - bool(wrong.hint)
    return CheckCard(
        "wrong",
        wrong.message,
        _differences(wrong.expected, wrong.actual),
        hint=wrong.hint,
        hints=list(map(translated, hints)),
        turn=min(turn, len(hints) - 1) if hints and turn >= 0 else None,
    )


def _differences(expected: Any, actual: Any) -> list[tuple[str, str | Marked]]:
    """The lines of a card that show the values given, with marks where they differ if that helps."""
    labels = _("expected"), _("your answer")
    if expected is not _NOTHING and actual is not _NOTHING and (both := compare(expected, actual)):
        return [(labels[0], Marked(both[0], "ins")), (labels[1], Marked(both[1], "del"))]
    values = zip(labels, (expected, actual), strict=True)
    return [(label, visible_repr(value)) for label, value in values if value is not _NOTHING]


def strict() -> bool:
    """Whether anything but a pass raises."""
    return os.environ.get("PROMPT2DATA_STRICT", "0") not in ("", "0")


def _show(card: CheckCard) -> None:
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(card)
    else:
        from IPython.display import display  # only a notebook has it for certain

        display(card)


def error_text(error: Exception) -> str:
    """An error that a learner's function raised, in one line."""
    try:
        text = str.__str__(str(error))
    except Exception:  # the learner may have defined its class, too
        text = ""
    return visible(f"{type(error).__name__}: {text}", _LONGEST_SHOWN)


# -- looking at answers -------------------------------------------------------------------------------------------


def _stub_with_docstring():
    """A docstring."""
    ...


def _stub_bare(): ...


_STUB_CODES = {_stub_with_docstring.__code__.co_code, _stub_bare.__code__.co_code}


def is_stub(answer: Any) -> bool:
    """Whether an answer is still the `...` it began as: the value itself, or a function with nothing else inside."""
    if answer is ...:
        return True
    code = getattr(answer, "__code__", None)
    return code is not None and code.co_code in _STUB_CODES and set(code.co_consts) <= {None, answer.__doc__, ...}


def require_attempt(answer: Any) -> None:
    """Raise `NotAttempted` for a stub, also inside a tuple, list or mapping."""
    items = answer.values() if isinstance(answer, dict) else answer if type(answer) in (list, tuple) else ()
    if is_stub(answer) or any(item is ... for item in items):
        raise NotAttempted


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a learner's function; what it raises becomes a `Wrong`, what it has not written yet a `NotAttempted`."""
    if is_stub(function):
        raise NotAttempted
    wrong_if(not callable(function), _("This should be a function."), actual=function)
    try:
        result = function(*args, **kwargs)
    except (Wrong, NotAttempted):
        raise
    except NotImplementedError as error:
        raise NotAttempted from error
    except Exception as error:
        named = [f"{name}={visible_repr(value)}" for name, value in kwargs.items()]
        called = ", ".join([*map(visible_repr, args), *named])
        name = getattr(function, "__name__", None)
        name = name if type(name) is str else "function"
        message = _("{name} raised {error} when called like this: {call}")
        raise Wrong(message, name=name, error=error_text(error), call=f"{name}({called})") from error
    if result is ...:
        raise NotAttempted
    return result


def wrong_if(mistaken: Any, message: str, /, **more: Any) -> None:
    """Raise `Wrong` with this message if the condition holds; `more`: further arguments of `Wrong`."""
    if mistaken:
        raise Wrong(message, **more)


def expect(actual: Any, expected: Any, message: str, /, **more: Any) -> None:
    """Raise `Wrong` with this message unless both values are equal; `more`: further arguments of `Wrong`."""
    wrong_if(actual != expected, message, expected=expected, actual=actual, **more)


def close(actual: Any, expected: float, tolerance: float = 1e-6) -> bool:
    """Whether `actual` is a number within `tolerance` of `expected`; booleans and NaN are not numbers here."""
    if isinstance(actual, bool):
        return False
    try:
        return abs(float(actual) - expected) <= tolerance
    except (TypeError, ValueError):
        return False


def returned(answer: Any) -> Any:
    """The answer, unless it is `None`, which raises `Wrong`."""
    wrong_if(answer is None, _("The answer is None: did you forget to return it?"))
    return answer


def texts(answer: Any) -> list[str]:
    """Texts from whatever iterable a learner returns; raises `Wrong` for anything else."""
    wrong_if(answer is None, _("The function returned None."), hint=_("Is there a `return`?"))
    if isinstance(answer, Iterable) and not isinstance(answer, str):
        answer = list(answer)
    right = isinstance(answer, list) and all(isinstance(text, str) for text in answer)
    wrong_if(not right, _("The answer should be a list of texts."), actual=answer)
    return answer


def records(answer: Any, columns: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Rows from whatever a learner returns: a list of mappings, a `datasets.Dataset`, a pandas table, a generator.

    Raises:
        Wrong: if it is none of these, or a row lacks one of `columns`.
    """
    answer = returned(answer)
    if hasattr(answer, "to_dict") and hasattr(answer, "columns"):  # pandas
        answer = answer.to_dict("records")
    if isinstance(answer, str | Mapping) or not isinstance(answer, Iterable):
        raise Wrong(_("The answer should be a list of rows, each a dictionary."), actual=answer)
    rows = list(answer)
    for index, row in enumerate(rows):
        wrong_if(not isinstance(row, Mapping), _("Row {place} is not a dictionary."), actual=row, place=index)
        for column in columns:
            if column not in row:
                message = _("Row {place} lacks the column {column}.")
                raise Wrong(message, expected=sorted(columns), actual=sorted(row), place=index, column=column)
    return [dict(row) for row in rows]


class GlobalRandomState:
    """Context manager that restores the global random state of Python and numpy on exit.

    Attributes:
        changed: whether either state changed inside the block; known once it has ended.
    """

    changed = False

    def __enter__(self) -> Self:
        self._before = random.getstate(), np.random.get_state()
        return self

    def __exit__(self, *_error: object) -> None:
        python, numpy = self._before
        self.changed = random.getstate() != python or _comparable(np.random.get_state()) != _comparable(numpy)
        random.setstate(python)
        np.random.set_state(numpy)


def _comparable(state: Any) -> list[Any]:
    """A state of numpy's generator, which contains an array, as values that `==` compares."""
    return [np.asarray(part).tolist() for part in state]
