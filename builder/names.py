"""Which names a code cell reads from the cells before it, and which it binds for those after it.

Compiling the cell leaves the rules of scope and the order of evaluation to the interpreter: the names of the module
are what its code loads and stores by name. Functions and lambdas run later ("deferred"); class bodies and
comprehensions run at once.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
from dataclasses import dataclass, field
from types import CodeType

ALWAYS = frozenset(dir(builtins)) | {"__name__", "__annotations__", "display", "get_ipython"}
_READS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_NAME", "DELETE_GLOBAL"}


@dataclass(frozen=True)
class Read:
    """A name a cell needs. `line` counts from 1 within the cell."""

    name: str
    line: int
    deferred: bool


@dataclass
class Names:
    """The names a cell reads from others, in order, and those it binds at module level."""

    reads: list[Read] = field(default_factory=list)
    binds: set[str] = field(default_factory=set)
    star_imports: list[int] = field(default_factory=list)


def compiled(tree: ast.Module) -> CodeType:
    """The code of a cell. Raises SyntaxError for what parses but cannot be run, such as `return` outside a function."""
    return compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def names_of(source: str) -> Names:
    """Analyse one cell. Raises SyntaxError where it does not compile."""
    tree = ast.parse(source)
    names = Names()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            names.star_imports.append(node.lineno)
    _collect(compiled(tree), names, names.binds, deferred=False)
    # A function may read what its own cell binds below it.
    names.reads = [read for read in names.reads if not (read.deferred and read.name in names.binds)]
    return names


def _collect(code: CodeType, names: Names, own: set[str], deferred: bool) -> None:
    """Add what `code` reads and binds to `names`; `own` takes what it stores in its own namespace."""
    line = code.co_firstlineno
    for step in dis.get_instructions(code):
        if step.positions and step.positions.lineno:
            line = step.positions.lineno
        if isinstance(step.argval, CodeType):
            inner = step.argval
            is_class = not inner.co_flags & inspect.CO_OPTIMIZED
            at_once = is_class or (inner.co_name.startswith("<") and inner.co_name != "<lambda>")
            _collect(inner, names, set(), deferred or not at_once)
        elif step.opname == "STORE_NAME":
            own.add(step.argval)
        elif step.opname == "STORE_GLOBAL":
            names.binds.add(step.argval)
        elif step.opname in _READS and step.argval not in ALWAYS | own | names.binds:
            names.reads.append(Read(step.argval, line, deferred))
