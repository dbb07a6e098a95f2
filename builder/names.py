"""Which names a code cell reads from the cells before it, and which it binds for those after it.

Python's own rules of scope, as far as a notebook needs them: module level in order; functions and lambdas
read later ("deferred"), comprehensions and class bodies at once.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

ALWAYS = frozenset(dir(builtins)) | {"__name__", "display", "get_ipython"}


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


def names_of(source: str) -> Names:
    """Analyse one cell. Raises SyntaxError where it does not parse."""
    walker = _Walker()
    for statement in ast.parse(source).body:
        walker.visit(statement)
    found = walker.names
    # A function may read what its own cell binds below it.
    found.reads = [read for read in found.reads if not (read.deferred and read.name in found.binds)]
    return found


class _Walker(ast.NodeVisitor):
    def __init__(self) -> None:
        self.names = Names()
        self.scopes: list[set[str]] = []  # local names of the scopes around the node, outermost first
        self.transparent: list[bool] = []  # a comprehension: `:=` inside it binds outside it
        self.deferred = 0

    def bind(self, name: str) -> None:
        for scope, transparent in zip(reversed(self.scopes), reversed(self.transparent), strict=True):
            if not transparent:
                scope.add(name)
                return
        self.names.binds.add(name)

    def read(self, name: str, line: int) -> None:
        if name in ALWAYS or any(name in scope for scope in self.scopes):
            return
        if name not in self.names.binds:
            self.names.reads.append(Read(name, line, bool(self.deferred)))

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
        else:
            self.read(node.id, node.lineno)

    # What is evaluated first is visited first.
    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.read(node.target.id, node.lineno)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value:
            self.visit(node.value)
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for part in (*node.body, *node.orelse):
            self.visit(part)

    visit_AsyncFor = visit_For

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.split(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.names.star_imports.append(node.lineno)
            else:
                self.bind(alias.asname or alias.name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type:
            self.visit(node.type)
        if node.name:
            self.bind(node.name)
        for part in node.body:
            self.visit(part)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.pattern:
            self.visit(node.pattern)
        if node.name:
            self.bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self.bind(node.rest)

    # Scopes.
    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, *_annotations(node)):
            self.visit(part)
        self._defaults(node.args)
        self.bind(node.name)
        local = _arguments(node.args) | _locals(node.body)
        declared = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
        for name in declared:
            self.names.binds.add(name)
        self._function(node.body, local - declared)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        self._function([node.body], _arguments(node.args))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self._push(set(), transparent=False)
        for part in node.body:
            self.visit(part)
        self._pop()
        self.bind(node.name)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        self.visit(node.generators[0].iter)  # evaluated outside
        own: set[str] = set()
        for generator in node.generators:
            own |= {part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)}
        self._push(own, transparent=True)
        for index, generator in enumerate(node.generators):
            if index:
                self.visit(generator.iter)
            for condition in generator.ifs:
                self.visit(condition)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self._pop()

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _defaults(self, arguments: ast.arguments) -> None:
        for part in (*arguments.defaults, *arguments.kw_defaults):
            if part is not None:
                self.visit(part)

    def _function(self, body: list[ast.stmt] | list[ast.expr], local: set[str]) -> None:
        self._push(set(local), transparent=False)
        self.deferred += 1
        for part in body:
            self.visit(part)
        self.deferred -= 1
        self._pop()

    def _push(self, names: set[str], transparent: bool) -> None:
        self.scopes.append(names)
        self.transparent.append(transparent)

    def _pop(self) -> None:
        self.scopes.pop()
        self.transparent.pop()


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    star = [part for part in (arguments.vararg, arguments.kwarg) if part]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *star]


def _arguments(arguments: ast.arguments) -> set[str]:
    return {part.arg for part in _all_arguments(arguments)}


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    given = [part.annotation for part in _all_arguments(node.args)] + [node.returns]
    return [part for part in given if part is not None]


def _locals(body: list[ast.stmt]) -> set[str]:
    """Names a function's own body binds: they are local to all of it, above the binding as well."""
    inner = _Walker()
    for part in body:
        inner.visit(part)
    return inner.names.binds
