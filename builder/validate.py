"""What the builder refuses in a lesson, each fault with its line: the source format, as code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from builder import lookups, minutes, results
from builder.catalogues import blocks, code_text
from builder.course import LessonEntry
from builder.guards.structure import row
from builder.names import Names, compiled, names_of
from builder.problems import Problem, Refused
from builder.setup_cell import NAMES as SETUP_NAMES
from builder.source import MARKER_WORDS, SOURCE_BODY, Cell, Lesson, regions

LEVELS = {"🐢": 1, "🐕": 2, "🦁": 3}  # level → points nbgrader gives for it
HEADING = re.compile(r"### (🐢|🐕|🦁) Exercise (\d+)\.(\d+): (\S.*\S) \((\d+) min\)")
_DASHES = re.compile(r"\s*\|(\s*:?-+:?\s*\|)+\s*")
MIN_COMPARED = 3  # cells whose stored output nbval compares, per lesson


@dataclass(frozen=True)
class Exercise:
    """One exercise: where its three cells are, how hard it is, how long it takes."""

    level: str
    number: int
    title: str
    minutes: int
    heading: Cell
    code: Cell
    check: Cell

    @property
    def points(self) -> int:
        return LEVELS[self.level]


class _Faults:
    def __init__(self, lesson: Lesson):
        self.lesson = lesson
        self.problems: list[Problem] = []

    def add(self, cell: Cell, text: str, offset: int | None = None) -> None:
        """`offset`: line within the cell, from 0; None is the cell's own marker."""
        line = cell.line if offset is None else cell.first + offset
        self.problems.append(Problem(self.lesson.path, line, text))


def validate(lesson: Lesson, entry: LessonEntry) -> list[Exercise]:
    """The lesson's exercises in order. Raises Refused with everything that is wrong."""
    faults = _Faults(lesson)
    _frame(lesson, entry, faults)
    _markers(lesson, faults)
    _tables(lesson, faults)
    for cell in lesson.cells:
        for text in results.faults(cell):
            faults.add(cell, text)
    exercises = _exercises(lesson, faults)
    if not _syntax(lesson, faults) and not faults.problems:
        _Flow(lesson, faults).run()
        for cell, line, text in lookups.faults(lesson):
            faults.add(cell, text, line)
        for cell, text in minutes.faults(lesson, entry.minutes, [exercise.minutes for exercise in exercises]):
            faults.add(cell, text)
    compared = [cell for cell in lesson.cells if "nbval-check-output" in cell.tags]
    for cell in compared:
        if not cell.code:
            faults.add(cell, "only a code cell has an output to compare")
    if len(compared) < MIN_COMPARED:
        faults.problems.append(
            Problem(
                lesson.path,
                0,
                f"{len(compared)} cells tagged nbval-check-output; at least {MIN_COMPARED} are needed",
            )
        )
    if faults.problems:
        raise Refused(sorted(faults.problems, key=lambda problem: problem.line))
    return exercises


def _frame(lesson: Lesson, entry: LessonEntry, faults: _Faults) -> None:
    first = lesson.cells[0]
    heading = f"# {entry.number}. {entry.title}"
    if first.id != "title" or first.code or first.lines()[0] != heading:
        faults.add(
            first,
            f'the first cell must be markdown, id "title", and open with {heading!r} (from course.toml)',
        )
    setups = [cell for cell in lesson.cells if "setup" in cell.tags]
    for cell in setups:
        if not cell.code or cell.id != "setup" or cell.source.strip() != SOURCE_BODY:
            faults.add(cell, f'the set-up cell is code, has the id "setup" and one line: {SOURCE_BODY}')
    for cell in setups[1:]:
        faults.add(cell, "a second set-up cell")
    if not setups:
        faults.add(first, 'the lesson has no set-up cell: # %% id="setup" tags=["setup"]')
    elif next(cell for cell in lesson.cells if cell.code) is not setups[0]:
        faults.add(setups[0], "the set-up cell must come before all other code")
    for cell in lesson.cells:
        kinds = [tag for tag in cell.tags if tag != "nbval-check-output"]
        if len(kinds) > 1:
            faults.add(cell, f"a cell is one of {', '.join(kinds)}, not several")
        if not cell.code and ("given" in kinds or "check" in kinds):
            faults.add(cell, f"only code cells are tagged {kinds[0]}")


def _markers(lesson: Lesson, faults: _Faults) -> None:
    for cell in lesson.cells:
        if cell.code and "exercise" in cell.tags:
            for offset, text in regions(cell.source).faults:
                faults.add(cell, text, offset)
            continue
        for offset, line in enumerate(cell.lines()):
            if MARKER_WORDS.search(line):
                faults.add(cell, "a solution marker outside a code cell tagged exercise", offset)


def _tables(lesson: Lesson, faults: _Faults) -> None:
    """Rows that have not as many cells as the heading of their table."""
    for cell in lesson.cells:
        lines = cell.lines()
        for token in () if cell.code else blocks.parser().parse(cell.source):
            if token.type == "table_open" and token.map:
                first, last = token.map
                wanted = len(row(lines[first]))
                for offset in range(first, last):
                    if len(row(lines[offset])) != wanted:
                        found = len(row(lines[offset]))
                        faults.add(cell, f"a row of {found} cells in a table that has {wanted} columns", offset)
            elif token.type == "paragraph_open" and token.map and not token.level:
                for offset in range(*token.map):
                    if _DASHES.fullmatch(lines[offset]):
                        faults.add(cell, "no table: its heading has not as many cells as the line of dashes", offset)


def _exercises(lesson: Lesson, faults: _Faults) -> list[Exercise]:
    """Heading, (given code), exercise code, check: in this order, with nothing else between."""
    found: list[Exercise] = []
    used: set[str] = set()
    levels: list[str] = []  # of all headings, whatever is wrong with them: one fault, one message
    cells = lesson.cells
    for index, heading in enumerate(cells):
        if heading.code:
            continue
        match = HEADING.fullmatch(heading.lines()[0])
        if "exercise" not in heading.tags:
            if match:  # its code will be named
                levels.append(match[1])
            continue
        if not match:
            faults.add(heading, "an exercise opens with a heading like: ### 🐢 Exercise 1.1: title (5 min)", 0)
            levels.append(next((level for level in LEVELS if level in heading.lines()[0]), ""))
        else:
            if match[2] != f"{lesson.number}" or match[3] != f"{len(levels) + 1}":
                faults.add(heading, f"this is exercise {lesson.number}.{len(levels) + 1}", 0)
            levels.append(match[1])
        after = [cell for cell in cells[index + 1 :] if not (cell.code and "given" in cell.tags)][:2]
        code = after[0] if after and after[0].code and "exercise" in after[0].tags else None
        check = after[1] if code and len(after) > 1 and "check" in after[1].tags else None
        if code is None:
            faults.add(heading, "the next cell must be the exercise's code, tagged exercise")
            continue
        used.add(code.id)
        if not regions(code.source).inside and not regions(code.source).faults:
            faults.add(code, "this exercise has no solution region")
        if check is None:
            faults.add(code, "the next cell must be the exercise's check, tagged check")
            continue
        used.add(check.id)
        if match:
            level, _, number, title, minutes = match.groups()
            found.append(Exercise(level, int(number), title, int(minutes), heading, code, check))
    for before, cell in zip((None, *cells), cells, strict=False):
        if cell.code and cell.id not in used and "exercise" in cell.tags:
            faults.add(cell, "exercise code without a heading cell tagged exercise before it")
        elif cell.code and cell.id not in used and "check" in cell.tags:
            if not (before and before.code and "exercise" in before.tags):  # or that one is named
                faults.add(cell, "a check without an exercise before it")
    for level in LEVELS:
        if level not in levels and "" not in levels:
            faults.problems.append(Problem(lesson.path, 0, f"the lesson has no {level} exercise"))
    return found


def _syntax(lesson: Lesson, faults: _Faults) -> bool:
    """Whether some code does not parse; also looks into check cells."""
    before = len(faults.problems)
    for cell in lesson.cells:
        if not cell.code:
            continue
        if "exercise" in cell.tags:
            cut = regions(cell.source)
            unfilled = "\n".join(cut.outside)
            # Where the solution does not parse, the fault may lie outside of it: it is told once.
            tree = _parsed(cell, "\n".join(cut.solved), faults, cut.solved_at) and _parsed(
                cell, unfilled, faults, cut.outside_at, "unfilled, "
            )
            if tree and tree.body and _prints_ellipsis(tree.body[-1]):
                text = "unfilled, this cell ends with ... and shows 'Ellipsis'"
                faults.add(cell, f"{text}: let a statement follow the region, or put it into a function")
            continue
        tree = _parsed(cell, cell.source, faults)
        if tree and "check" in cell.tags and not (tree.body and all(map(_is_check_call, tree.body))):
            faults.add(cell, "a check cell consists of calls like check.name(answer)", 0)
        elif tree and len(tree.body) == 1 and ast.get_docstring(tree, clean=False) is not None:
            faults.add(cell, "this code is a text alone: a cell of prose is marked [markdown]")
    for cell in lesson.cells if len(faults.problems) == before else ():
        try:
            code_text.texts(cell.source if cell.code else "")
        except code_text.NotLiteral as fault:
            faults.add(cell, str(fault), fault.line - 1)
    return len(faults.problems) > before


def _parsed(
    cell: Cell, source: str, faults: _Faults, lines: list[int] | None = None, form: str = ""
) -> ast.Module | None:
    """The tree of a cell's code, or None where it does not parse. `lines`: which of the cell's each of `source` is."""
    try:
        tree = ast.parse(source)
        compiled(tree)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = max(getattr(error, "lineno", None) or 1, 1) - 1
        offset = lines[min(line, len(lines) - 1)] if lines else line
        faults.add(cell, f"{form}this code does not parse: {getattr(error, 'msg', error)}", offset)
        return None
    return tree


def _prints_ellipsis(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and value.value is ...


def _is_check_call(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "check"
        and bool(call.args or call.keywords)
    )


class _Flow:
    """Follows names through the cells, for the two ways a lesson is run.

    Whole, unfilled, from top to bottom: no cell may need what only a solution or a solution-only cell binds.
    Exercises alone (set-up, given, exercise and check cells): they may not need what the other cells bind.
    """

    def __init__(self, lesson: Lesson, faults: _Faults):
        self.lesson = lesson
        self.faults = faults
        self.owner: dict[str, tuple[str, Cell]] = {}  # name → kind and cell of its latest binding
        self.alone: set[str] = set()  # bound when the exercises run alone, unfilled
        self.solved: set[str] = set()  # the same, with the solutions filled in
        self.everywhere: set[str] = set(SETUP_NAMES)

    def run(self) -> None:
        code = [cell for cell in self.lesson.cells if cell.code]
        self.everywhere.update(*(names_of(_solved(cell)).binds for cell in code))
        for cell in code:
            if "setup" in cell.tags:
                self.bind("given", cell, set(SETUP_NAMES))
            elif "exercise" in cell.tags:
                self.exercise(cell)
            elif "check" in cell.tags or "given" in cell.tags:
                self.standalone(cell, names_of(cell.source), self.alone, "given")
            elif "solution-only" in cell.tags:
                self.cell(cell, "solution-only", allowed={"plain", "given", "exercise", "solution-only"})
            else:
                self.cell(cell, "plain", allowed={"plain", "given"})

    def bind(self, kind: str, cell: Cell, names: set[str]) -> None:
        for name in names:
            self.owner[name] = (kind, cell)
        if kind in ("given", "exercise"):
            self.alone |= names
            self.solved |= names

    def cell(self, cell: Cell, kind: str, allowed: set[str]) -> None:
        """A cell of the whole notebook, outside the exercises."""
        found = names_of(cell.source)
        self.stars(cell, found)
        for read in found.reads:
            owner = self.owner.get(read.name)
            if owner is None:
                if not (read.deferred and read.name in self.everywhere):
                    self.faults.add(cell, f"reads {read.name!r}, which no cell before it binds", read.line - 1)
            elif owner[0] not in allowed:
                where = "an answer of the exercise" if owner[0] == "exercise" else "bound in the solution-only cell"
                self.faults.add(cell, f"reads {read.name!r}, {where} {owner[1].id!r}", read.line - 1)
        self.bind(kind, cell, found.binds)

    def standalone(self, cell: Cell, found: Names, known: set[str], kind: str) -> None:
        """A cell that must run with nothing but set-up, given, exercise and check cells."""
        self.stars(cell, found)
        for read in found.reads:
            if read.name in known and self.owner[read.name][0] in ("given", "exercise"):
                continue
            owner = self.owner.get(read.name)
            if read.name in self.solved:
                text = "bound only inside a solution region: bind it outside, as in: answer = ..."
            elif owner is None:
                text = "which no cell before it binds"
            else:
                text = f"bound in the cell {owner[1].id!r}, which is not tagged given"
            self.faults.add(cell, f"reads {read.name!r}, {text}", read.line - 1)
        self.bind(kind, cell, found.binds)

    def exercise(self, cell: Cell) -> None:
        cut = regions(cell.source)
        unfilled, solved = names_of("\n".join(cut.outside)), names_of("\n".join(cut.solved))
        before = len(self.faults.problems)
        # Line numbers shift where regions are cut out, so names are looked up in the cell as it was written.
        whole = {
            read.name: index
            for index, line in reversed(list(enumerate(cell.lines())))
            for read in (*unfilled.reads, *solved.reads)
            if re.search(rf"\b{re.escape(read.name)}\b", line)
        }
        for reads, known in ((unfilled.reads, self.alone), (solved.reads, self.solved | self.alone)):
            for read in reads:
                owner = self.owner.get(read.name)
                if read.name in known and (owner is None or owner[0] in ("given", "exercise")):
                    continue
                if len(self.faults.problems) > before:
                    break
                if owner is not None and owner[0] not in ("given", "exercise"):
                    text = f"bound in the cell {owner[1].id!r}, which is not tagged given"
                elif read.name in self.solved or read.name in solved.binds:
                    text = "bound only inside a solution region: an unfilled notebook would raise NameError"
                else:
                    text = "which no cell before it binds"
                self.faults.add(cell, f"reads {read.name!r}, {text}", whole.get(read.name))
        self.stars(cell, solved)
        self.bind("exercise", cell, unfilled.binds)
        self.solved |= solved.binds
        for name in solved.binds - unfilled.binds:
            self.owner[name] = ("exercise", cell)

    def stars(self, cell: Cell, found: Names) -> None:
        lines = regions(cell.source).solved_at
        for line in found.star_imports:
            self.faults.add(cell, "import names one by one, not with *", lines[line - 1])


def _solved(cell: Cell) -> str:
    return "\n".join(regions(cell.source).solved) if "exercise" in cell.tags else cell.source
