"""What all checks share: a card that says passed, not attempted, or what is wrong and how to go on.

A check never stops a notebook: a wrong or missing answer shows a card. With `graded=True`, as in graded cells, or
`PROMPT2DATA_STRICT=1` (CI) it raises `CheckFailed` on anything but a pass, and no progress is kept or shown.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any

from prompt2data.checks import record
from prompt2data.checks.card import CheckCard, Marked
from prompt2data.checks.diff import compare, contrasted
from prompt2data.checks.forms import Endless, content, same
from prompt2data.checks.guard import Stopped, TookTooLong, alive, guarded, line_in
from prompt2data.i18n import _, listed, translated
from prompt2data.untrusted import safe_repr, visible, visible_repr

_NOTHING = object()
_LONGEST_SHOWN = 400


class NotAttempted(BaseException):
    """The learner has not written anything yet."""


class Wrong(BaseException):  # an answer that catches every `Exception` must not catch this one
    """An answer is wrong in a way the check can name.

    Args:
        message: one sentence that names the mistake.
        expected: what a right answer gives here, if that helps.
        actual: what this one gave.
        hint: what to try, fitting this very mistake; general hints belong in `@exercise`.
        given: the call that shows it.
        line: the learner's own line that raised an error.
        values: what fills the placeholders of message and hint; without any, both are taken literally.
    """

    def __init__(
        self,
        message: str,
        /,
        *,
        expected: Any = _NOTHING,
        actual: Any = _NOTHING,
        hint: str = "",
        given: str = "",
        line: str = "",
        **values: Any,
    ) -> None:
        self.message, self.hint = (text.format(**values) if values else text for text in (message, hint))
        self.expected, self.actual, self.given, self.line = expected, actual, given, line
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
        names = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def check(*answers: Any, graded: bool = False) -> None:
            nonlocal attempts
            graded = graded or strict()
            try:
                named = dict(zip(names, answers, strict=False))
                card = guarded(lambda: _judged(lambda: function(*answers), named, hints, attempts))
            except TookTooLong as late:
                message = _("Your code did not finish, so it was stopped.")
                hint = _("Is there a loop that never ends?")
                card = _wrong_card(Wrong(message, hint=hint, given=late.doing, line=late.line), hints, attempts)
            attempts = {"passed": 0, "wrong": attempts + 1}.get(card.status, attempts)
            if lesson and not graded:  # what is graded or stored does not depend on the machine
                name = function.__name__ if card.status == "passed" else ""
                progress, note = record.progress(lesson, name)
                card = replace(card, progress=progress, note=note)
            _show(card)
            if graded and card.status != "passed":
                # The status itself stays English: CI reads it.
                raise CheckFailed(f"{function.__name__}: {card.status}: {card!r}")

        return check

    return decorate


def _judged(judge: Callable[[], None], answers: Mapping[str, Any], hints: Sequence[str], attempts: int) -> CheckCard:
    """The card of these answers, whatever they do."""
    open_ones = []
    try:
        if open_ones := [name for name, answer in answers.items() if not attempted(answer)]:
            raise NotAttempted
        judge()
    except NotAttempted:
        title = _("Not attempted yet.")
        if 0 < len(open_ones) < len(answers):
            title += " " + _("Still open: {names}").format(names=listed(open_ones))
        return CheckCard("not attempted", title)
    except Stopped:
        raise
    except Wrong as wrong:
        return _wrong_card(wrong, hints, attempts)
    except BaseException as error:
        message = _("The check can make nothing of this answer: {error}")
        told = Wrong(message, line=line_in(error.__traceback__), error=error_text(error))
        return _wrong_card(told, hints, attempts)
    return CheckCard("passed", _("Passed."))


def _wrong_card(wrong: Wrong, hints: Sequence[str], attempts: int) -> CheckCard:
    """The card of a wrong answer; `attempts`: how many in a row came before it."""
    # A hint for this very mistake is shown alone at first; each further attempt adds the next general one to it.
    turn = attempts - bool(wrong.hint)
    return CheckCard(
        "wrong",
        wrong.message,
        [
            *([(_("your line"), visible(wrong.line, _LONGEST_SHOWN))] if wrong.line else []),
            *([(_("called like this"), wrong.given)] if wrong.given else []),
            *_differences(wrong.expected, wrong.actual),
        ],
        hint=wrong.hint,
        hints=list(map(translated, hints)),
        turn=min(turn, len(hints) - 1) if hints and turn >= 0 else None,
    )


def _differences(expected: Any, actual: Any) -> list[tuple[str, str | Marked]]:
    """The lines of a card that show the values given, with marks where they differ if that helps."""
    labels = _("expected"), _("your answer")
    if expected is _NOTHING or actual is _NOTHING:
        values = zip(labels, (expected, actual), strict=True)
        return [(label, visible_repr(value)) for label, value in values if value is not _NOTHING]
    if both := compare(expected, actual):
        return [(labels[0], Marked(both[0], "ins")), (labels[1], Marked(both[1], "del"))]
    texts = contrasted(expected, actual)
    shown: list[tuple[str, str | Marked]] = [*zip(labels, texts, strict=True)]
    return shown[texts[0] == texts[1] :]  # what shows no difference is shown once


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


def error_text(error: BaseException) -> str:
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
    code = answer.__code__ if isinstance(answer, FunctionType | MethodType) else None
    return code is not None and code.co_code in _STUB_CODES and set(code.co_consts) <= {None, answer.__doc__, ...}


def attempted(answer: Any) -> bool:
    """Whether there is something to judge: no stub, also inside a tuple, list or mapping."""
    items = answer.values() if isinstance(answer, dict) else answer if type(answer) in (list, tuple) else ()
    return not is_stub(answer) and not any(item is ... for item in items)


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a learner's function, and give what it returns as `plain` does.

    Raises:
        Wrong: where it raises anything, at once or while its result is read; the error is the cause.
        NotAttempted: where it is not written yet.
    """
    if is_stub(function):
        raise NotAttempted
    wrong_if(not callable(function), _("This should be a function."), actual=function)
    given = told_call(function, args, kwargs)
    alive(given)
    try:
        result = content(function(*args, **kwargs))
    except (Wrong, NotAttempted, Stopped):
        raise
    except Endless:
        raise Wrong(_("The answer has no end."), given=given) from None
    except NotImplementedError as error:
        raise NotAttempted from error
    except BaseException as error:
        message, line = _("{name} raised {error}"), line_in(error.__traceback__)
        raise Wrong(message, given=given, line=line, name=_name(function), error=error_text(error)) from error
    finally:
        alive()
    if result is ...:
        raise NotAttempted
    return result


def _name(function: Any) -> str:
    name = getattr(function, "__name__", None)
    return name if type(name) is str else "function"


def told_call(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """A call as a learner would write it, cut where it is long."""
    told = [*map(safe_repr, args), *(f"{name}={safe_repr(value)}" for name, value in kwargs.items())]
    return visible(f"{_name(function)}({', '.join(told)})", _LONGEST_SHOWN)


def plain(value: Any) -> Any:
    """The content of a value, as `forms.content` gives it.

    Raises:
        Wrong: where reading it raises an error, or it has no end.
    """
    try:
        return content(value)
    except (Wrong, NotAttempted, Stopped):
        raise
    except Endless:
        raise Wrong(_("The answer has no end.")) from None
    except BaseException as error:
        message, line = _("Reading your answer raised {error}"), line_in(error.__traceback__)
        raise Wrong(message, line=line, error=error_text(error)) from error


def wrong_if(mistaken: Any, message: str, /, **more: Any) -> None:
    """Raise `Wrong` with this message if the condition holds; `more`: further arguments of `Wrong`."""
    if mistaken:
        raise Wrong(message, **more)


def expect(actual: Any, expected: Any, message: str, /, **more: Any) -> None:
    """Raise `Wrong` with this message unless both values are equal; `more`: further arguments of `Wrong`."""
    wrong_if(not same(actual, expected), message, expected=expected, actual=actual, **more)


def close(actual: Any, expected: float, tolerance: float = 1e-6) -> bool:
    """Whether `actual` is a number within `tolerance` of `expected`; booleans and NaN are not numbers here."""
    if isinstance(actual, bool):
        return False
    try:
        return abs(float(actual) - expected) <= tolerance
    except (TypeError, ValueError, OverflowError):
        return False


def returned(answer: Any) -> Any:
    """The answer, unless it is `None`, which raises `Wrong`."""
    wrong_if(answer is None, _("The function returned None."), hint=_("Is there a `return`?"))
    return answer


def texts(answer: Any) -> list[str]:
    """Texts from whatever a learner returns; raises `Wrong` for anything else."""
    answer = plain(returned(answer))
    right = isinstance(answer, list) and all(isinstance(text, str) for text in answer)
    wrong_if(not right, _("The answer should be a list of texts."), actual=answer)
    return answer


def truth(answer: Any) -> bool:
    """Yes or no, from any value that is true or false."""
    return bool(returned(plain(answer)))


def number(answer: Any) -> float:
    """A number; raises `Wrong` for anything else."""
    answer = returned(plain(answer))
    right = isinstance(answer, int | float) and not isinstance(answer, bool)
    wrong_if(not right, _("The answer should be a number."), actual=answer)
    return answer


def records(answer: Any, columns: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Rows from whatever a learner returns: a list of mappings, a `datasets.Dataset`, a pandas table, a generator.

    Raises:
        Wrong: if it is none of these, or a row lacks one of `columns`.
    """
    answer = plain(returned(answer))
    wrong_if(not isinstance(answer, list), _("The answer should be a list of rows, each a dictionary."), actual=answer)
    for index, row in enumerate(answer):
        wrong_if(not isinstance(row, Mapping), _("Row {place} is not a dictionary."), actual=row, place=index)
        for column in columns:
            if column not in row:
                message = _("Row {place} lacks the column {column}.")
                raise Wrong(message, expected=sorted(columns), actual=sorted(row), place=index, column=column)
    return answer
