"""A lesson's source: jupytext percent format in, cells with ids, tags and line numbers out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from builder.problems import Problem, Refused, refuse

MARKER = re.compile(r"# %%(?:\s|$)")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TAGS = {"setup", "exercise", "check", "given", "solution-only", "nbval-check-output"}
RESERVED_IDS = {"links"}

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
STUB = "...  # your code here"
# Whatever nbgrader acts on, in any spelling: outside the two exact lines above it is a mistake.
MARKER_WORDS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", re.IGNORECASE)


@dataclass(frozen=True)
class Cell:
    """One cell. `line` is the line of its `# %%` marker, `first` that of its first source line."""

    id: str
    kind: str  # "code" or "markdown"
    source: str
    tags: tuple[str, ...]
    line: int
    first: int

    @property
    def code(self) -> bool:
        return self.kind == "code"

    def lines(self) -> list[str]:
        return self.source.split("\n")


@dataclass(frozen=True)
class Lesson:
    """A parsed lesson; `path` is its source."""

    name: str
    path: Path
    cells: tuple[Cell, ...]

    @property
    def number(self) -> int:
        return int(self.name[:2])


@dataclass
class Regions:
    """An exercise cell cut at its markers. Line numbers count from 0 within the cell."""

    outside: list[str] = field(default_factory=list)  # the learner's lines, stubs in place of regions
    solved: list[str] = field(default_factory=list)  # the cell without markers
    inside: list[list[str]] = field(default_factory=list)  # the lines of each region
    faults: list[tuple[int, str]] = field(default_factory=list)


def regions(source: str) -> Regions:
    """Cut `source` at its solution markers; what is wrong with them is in `faults`."""
    cut = Regions()
    start: int | None = None
    for index, line in enumerate(source.split("\n")):
        word = line.strip()
        if word == BEGIN:
            if start is not None:
                cut.faults.append((index, "a solution begins inside a solution"))
                continue
            start = index
            cut.inside.append([])
            cut.outside.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif word == END:
            if start is None:
                cut.faults.append((index, "a solution ends that never began"))
            elif not any(part.strip() for part in cut.inside[-1]):
                cut.faults.append((index, "the solution is empty"))
            start = None
        elif MARKER_WORDS.search(line):
            cut.faults.append((index, f"a solution marker must stand alone on its line, as {BEGIN!r} or {END!r}"))
        else:
            cut.solved.append(line)
            (cut.outside if start is None else cut.inside[-1]).append(line)
    if start is not None:
        cut.faults.append((start, "the solution never ends"))
    return cut


def parse(path: Path) -> Lesson:
    """Read the lesson at `path`. Raises Refused for cells without a proper, unique id, or unknown tags."""
    import jupytext  # takes a second to import, and an unchanged course needs none of it

    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    markers = [number for number, line in enumerate(lines, start=1) if MARKER.match(line)]
    opening = next((number for number, line in enumerate(lines, start=1) if line.strip()), 1)
    if not markers or opening != markers[0]:
        raise refuse(path, opening, 'the lesson must open with a cell marker, as in: # %% [markdown] id="title"')
    # comment_magics off: otherwise the comment "# copy the rows" would be read as the shell command `copy`.
    form = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    raw = jupytext.reads(text, fmt=form).cells
    if len(raw) != len(markers):
        raise refuse(path, 0, f"{len(markers)} cell markers, but jupytext finds {len(raw)} cells")
    problems: list[Problem] = []
    cells: list[Cell] = []
    lines_of: dict[str, int] = {}
    for line, node in zip(markers, raw, strict=True):
        cell_id = node.metadata.get("id")
        tags = node.metadata.get("tags", [])
        unknown = set(node.metadata) - {"id", "tags", "cell_marker", "lines_to_next_cell"}
        if cell_id is None:
            problems.append(Problem(path, line, "this cell has no id"))
            cell_id = f"line-{line}"
        elif not isinstance(cell_id, str) or not ID.fullmatch(cell_id):
            problems.append(Problem(path, line, f"id {cell_id!r}: use 1 to 64 of A-Z a-z 0-9 _ -"))
        elif cell_id in RESERVED_IDS:
            problems.append(Problem(path, line, f"id {cell_id!r} belongs to a generated cell"))
        elif cell_id in lines_of:
            problems.append(Problem(path, line, f"id {cell_id!r} is already that of line {lines_of[cell_id]}"))
        lines_of.setdefault(str(cell_id), line)
        if unknown:
            problems.append(Problem(path, line, f"a cell has an id and tags, not {', '.join(sorted(unknown))}"))
        if not isinstance(tags, list) or not set(map(str, tags)) <= TAGS:
            problems.append(Problem(path, line, f"tags {tags}: known are {', '.join(sorted(TAGS))}"))
            tags = []
        if node.cell_type not in ("code", "markdown"):
            problems.append(Problem(path, line, f"a {node.cell_type} cell: use code or markdown"))
        if not node.source.strip():
            problems.append(Problem(path, line, "this cell is empty"))
        head = node.source.split("\n")[0]
        first = next((n for n in range(line + 1, len(lines) + 1) if lines[n - 1].endswith(head)), line + 1)
        cells.append(Cell(str(cell_id), node.cell_type, node.source, tuple(tags), line, first))
    if problems:
        raise Refused(problems)
    return Lesson(path.stem, path, tuple(cells))
