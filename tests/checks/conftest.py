"""Shared by the tests of all checks: reference answers from the lesson sources, and how a card is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from prompt2data.checks import guard
from prompt2data.checks.core import CheckFailed

LESSONS = Path(__file__).parents[2] / "lessons"


@pytest.fixture(scope="session")
def solution() -> Callable[[str, str], dict[str, Any]]:
    """`solution("01_basic_prompting")`: the names bound by a lesson's given and exercise cells, solutions included.

    The reference answers of the tests are the lesson's own, so the two cannot drift apart.
    """
    import jupytext

    def namespace(lesson: str, *cells: str) -> dict[str, Any]:
        names: dict[str, Any] = {"MODEL": "no model in a check"}
        [path] = LESSONS.rglob(f"{lesson}.py")  # a draft has its check, too
        for cell in jupytext.read(path).cells:
            tags = cell.metadata.get("tags", [])
            wanted = cell.metadata.get("id") in cells if cells else ("exercise" in tags or "given" in tags)
            if cell.cell_type == "code" and wanted:
                exec(compile(cell.source, f"{lesson}:{cell.metadata.get('id')}", "exec"), names)
        return names

    return namespace


@pytest.fixture(scope="module")
def lesson(request: pytest.FixtureRequest, solution: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The names of the lesson that the test module is about, its `LESSON`."""
    return solution(request.module.LESSON)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """No answer is stopped because the machine is busy."""
    monkeypatch.setattr(guard, "_LONGEST", 600.0)


@pytest.fixture
def card(capsys, monkeypatch) -> Callable[..., str]:
    """`card(check, *answers)`: what the card says, with strict mode off."""
    monkeypatch.delenv("PROMPT2DATA_STRICT", raising=False)

    def read(check: Callable[..., None], *answers: Any) -> str:
        capsys.readouterr()
        check(*answers)
        return capsys.readouterr().out.strip()

    return read


def stub(*_args: Any, **_kwargs: Any) -> Any:
    """An exercise that nobody has filled in."""
    ...


@pytest.fixture
def assert_each_named(card, monkeypatch) -> Callable[..., None]:
    """`assert_each_named(check, right=[…], wrong=[(answer, part of its message), …])`: test a check both ways.

    An answer to a check of several arguments is a tuple of them. Right answers pass. The card of a wrong one has its
    own part of a message, and none of the other wrong answers' parts. An answer of which any argument is still a stub
    counts as not attempted. Strict mode lets the first right answer pass and raises for a wrong one and a stub.
    """

    def named(check: Callable[..., None], *, right: Iterable[Any], wrong: Iterable[tuple[Any, str]] = ()) -> None:
        rights, wrongs = [_arguments(answer) for answer in right], [(_arguments(a), part) for a, part in wrong]
        faults = []
        for answers in rights:
            text = card(check, *answers)
            if not text.startswith("✔ Passed."):
                faults.append(f"{_name(answers)} should pass: {text}")
        parts = {part for _answers, part in wrongs}
        for answers, own in wrongs:
            text = card(check, *answers)
            if not text.startswith("✘ ") or {part for part in parts if part in text} != {own}:
                faults.append(f"{_name(answers)} should be told {own!r} and nothing else: {text}")
        stubs = list(_stubs(rights[0]))
        for answers in stubs:
            text = card(check, *answers)
            if not text.startswith("… Not attempted yet."):
                faults.append(f"{_name(answers)} is not attempted: {text}")
        assert not faults, "\n\n".join(faults)

        monkeypatch.setenv("PROMPT2DATA_STRICT", "1")
        check(*rights[0])
        for answers, status in [(stubs[0], "not attempted"), *((answers, "wrong") for answers, _part in wrongs[:1])]:
            with pytest.raises(CheckFailed, match=status):
                check(*answers)
        monkeypatch.delenv("PROMPT2DATA_STRICT")

    return named


def _arguments(answer: Any) -> tuple[Any, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _name(answers: tuple[Any, ...]) -> str:
    return ", ".join(getattr(answer, "__name__", None) or repr(answer) for answer in answers)


def _stubs(answers: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    """The same arguments, of which one or all are stubs."""
    for unfilled in (stub, ...):
        yield (unfilled,) * len(answers)
        for index in range(len(answers)):
            yield (*answers[:index], unfilled, *answers[index + 1 :])
