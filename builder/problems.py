"""How the builder refuses: every fault at once, each with the file and the line it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One fault. `line` counts from 1; 0 means the file as a whole."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        location = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{location}: {self.text}"


class ExecutionFailed(Exception):
    """A cell raised, died or wrote something that must not be stored. One line for each fault."""


class Unknown(KeyError):
    """A lesson or a language that the course does not have, in one sentence that lists those it has."""


class Refused(Exception):
    """The sources break a rule of the course; `problems` says which, where."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def refuse(path: Path, line: int, text: str) -> Refused:
    """A refusal with one problem, ready to be raised."""
    return Refused([Problem(path, line, text)])


@contextmanager
def gathered(problems: list[Problem], path: Path) -> Iterator[None]:
    """Go on after what is inside: a refusal is added to `problems`, as is an unforeseen error, as one of `path`."""
    try:
        yield
    except Refused as refused:
        problems += refused.problems
    except Exception as error:  # whatever it is, the other problems are to be told
        text = " ".join(str(error).split())
        problems.append(Problem(path, 0, f"cannot be looked at ({type(error).__name__}: {text or 'no reason given'})"))
