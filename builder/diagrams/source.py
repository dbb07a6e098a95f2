"""A diagram's source, images/NAME.mmd: a Mermaid flowchart whose every word stands in quotes, and can be translated.

Lines that open the file with `%%` hold its alternative text and, where its boxes are to be narrower or wider, the width
of a line of text: `%% alt: …`, `%% wrap: 120` (in pixels).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from builder.catalogues.store import Message
from builder.course import Course
from builder.problems import Problem, Refused
from builder.reading import read

NAME = re.compile(r"[a-z][a-z0-9_]*")
KINDS = ("data", "model", "check", "drop", "step", "result")  # of boxes, by their colour
DEFAULT_WRAP = 150  # pixels
LABEL = "diagram label"
ALT = "alternative text of a diagram"
FORMS = (
    'a line is one of: flowchart LR, direction LR, subgraph name["label"], end, name["label"]:::kind, '
    f'a --> b, a -.->|"label"| b & c; kinds are {", ".join(KINDS)}'
)
_WORD = r"[a-z][a-z0-9]*"
_NAMES = rf"{_WORD}(?: & {_WORD})*"
_BOX = re.compile(rf'(?P<name>{_WORD})\["(?P<label>[^"]+)"\]:::(?:{"|".join(KINDS)})')
_GROUP = re.compile(rf'subgraph (?P<name>{_WORD})\["(?P<label>[^"]+)"\]')
_ARROW = re.compile(rf'(?P<start>{_NAMES}) (?:-->|-\.->)(?:\|"(?P<label>[^"]+)"\|)? (?P<end>{_NAMES})')
_PLAIN = re.compile(r"flowchart (?:LR|TB)|direction (?:LR|TB)|end")
BREAK = "<br>"


@dataclass(frozen=True)
class Label:
    """The lines of text of the box `name`, or of the arrows from `start` to `end`; `line`: in the file.

    `group`: the box holds others.
    """

    name: str
    group: bool
    start: str
    end: str
    parts: tuple[str, ...]
    line: int

    @property
    def keys(self) -> list[str]:
        """By what the drawing finds it: its name, or "a_b" for each of its arrows."""
        if self.name:
            return [self.name]
        return [f"{start}_{end}" for start in self.start.split(" & ") for end in self.end.split(" & ")]


@dataclass(frozen=True)
class Diagram:
    """A parsed diagram. `text` is the file as it is, `wrap` the width of a line of text in pixels."""

    name: str
    path: Path
    text: str
    alt: str
    wrap: int
    labels: tuple[Label, ...]

    @property
    def context(self) -> str:
        """Of its messages in the course's catalogue."""
        return f"diagram {self.name}"

    def messages(self) -> list[Message]:
        """What is to be translated: the alternative text, then the labels, line by line."""
        found = [Message(self.context, self.alt, ALT, 1)]
        for label in self.labels:
            found += [Message(self.context, part, LABEL, label.line) for part in label.parts]
        return found


def paths(course: Course) -> list[Path]:
    """The sources of all diagrams."""
    return sorted(course.images.glob("*.mmd"))


def all_of(course: Course) -> list[Diagram]:
    """All diagrams of a course. Raises Refused with everything that is wrong in any of them."""
    found, problems = [], []
    for path in paths(course):
        try:
            found.append(parse(path))
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return found


def parse(path: Path) -> Diagram:
    """Read the diagram at `path`. Raises Refused with everything that is wrong."""
    text = read(path)
    lines = text.rstrip("\n").split("\n")
    head = next((number for number, line in enumerate(lines) if not line.startswith("%%")), len(lines))
    alt, wrap, problems = _head(path, lines[:head])
    labels: list[Label] = []
    used: dict[str, int] = {}  # names at the ends of arrows → line
    for number, line in enumerate(map(str.strip, lines[head:]), start=head + 1):
        match = next(filter(None, (form.fullmatch(line) for form in (_BOX, _GROUP, _ARROW, _PLAIN))), None)
        found = match.groupdict() if match else {}
        if line and not match:
            problems.append(Problem(path, number, FORMS))
        if label := found.get("label"):
            parts = tuple(part.strip() for part in label.split(BREAK))
            if not all(parts):
                problems.append(Problem(path, number, "a line of this label is empty"))
            group, ends = line.startswith("subgraph"), (found.get("start", ""), found.get("end", ""))
            labels.append(Label(found.get("name", ""), group, *ends, parts, number))
        for name in f"{found.get('start', '')} {found.get('end', '')}".replace("&", " ").split():
            used.setdefault(name, number)
    if not NAME.fullmatch(path.stem):
        problems.append(Problem(path, 0, "its name is not like some_words"))
    if not any(line.startswith("flowchart ") for line in lines[head : head + 1]):
        problems.append(Problem(path, head + 1, "the graph begins with: flowchart LR, or flowchart TB"))
    names = [label.name for label in labels if label.name]
    problems += [
        Problem(path, 0, f"{name} is there twice") for name in sorted({n for n in names if names.count(n) > 1})
    ]
    problems += [Problem(path, used[name], f"nothing is called {name}") for name in used if name not in names]
    if problems:
        raise Refused(problems)
    return Diagram(path.stem, path, text, alt, wrap, tuple(labels))


def _head(path: Path, lines: list[str]) -> tuple[str, int, list[Problem]]:
    """(alternative text, width of a line of text, what is wrong)."""
    words: list[str] = []
    wrap, problems = DEFAULT_WRAP, []
    for number, line in enumerate(lines, start=1):
        text = line[2:].strip()
        if text.startswith("wrap:"):
            value = text.removeprefix("wrap:").strip()
            if value.isdecimal() and 60 <= int(value) <= 400:
                wrap = int(value)
            else:
                problems.append(Problem(path, number, "wrap is a number of pixels, 60 to 400"))
        elif text.startswith("alt:") and not words:
            words.append(text.removeprefix("alt:").strip())
        elif words:
            words.append(text)
        else:
            problems.append(Problem(path, number, "the comment at the top begins with: %% alt: …"))
    alt = " ".join(filter(None, words))
    if not alt:
        problems.append(Problem(path, 1, "the alternative text is missing: %% alt: …"))
    return alt, wrap, problems
