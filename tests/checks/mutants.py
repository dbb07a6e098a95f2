"""Wrong answers by the hundred: a right one with one small thing changed, as learners and their editors change it."""

from __future__ import annotations

import ast
import copy
import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any

_COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COMPUTED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_METHODS = {"strip", "lower", "lstrip", "rstrip", "casefold", "copy", "split"}
_FUNCTIONS = {"list", "sorted", "set", "dict", "tuple", "bool", "reversed", "deepcopy", "float", "int", "str"}
# Of a regular expression: what holds it in its place or makes it lazy or long.
_REGEX = re.compile(r"\\[bsdw][+*?]?|[\^$+*?]")
_INDIFFERENT = ("name", "strict")  # arguments that only tell
_EMPTY = (ast.List, ast.Dict, ast.Set)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed source) for each change to the functions in `source`, or to all of it."""
    tree = ast.parse(source)
    right, seen = ast.unparse(tree), set()
    functions: list[ast.AST] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for part in functions or [tree]:
        for node in _inside(part):
            for change in _changes(node, bool(functions)):
                undo = change()
                text = ast.unparse(ast.fix_missing_locations(tree))
                undo()
                if text != right and text not in seen:
                    seen.add(text)
                    yield _difference(right, text), text


Undo = Callable[[], Any]


def _inside(part: ast.AST) -> list[ast.AST]:
    """The nodes of a tree, apart from what a learner is given: the arguments of its functions, and annotations."""
    found = [part]
    if (
        isinstance(part, ast.JoinedStr)
        or getattr(part, "arg", None) in _INDIFFERENT
        or (isinstance(part, ast.stmt) and _is_docstring(part))
    ):
        return []
    for name, value in ast.iter_fields(part):
        if name not in ("args", "annotation", "returns") or not isinstance(part, ast.FunctionDef | ast.AnnAssign):
            items = value if isinstance(value, list) else [value]
            found += [node for item in items if isinstance(item, ast.AST) for node in _inside(item)]
    return found


def _changes(node: ast.AST, statements: bool) -> Iterator[Callable[[], Undo]]:
    """Functions that change a node in place and return what changes it back; `statements`: these, too."""

    def field(name: str, value: Any) -> Callable[[], Undo]:
        return _fields(node, **{name: value})

    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                if new := _COMPARED.get(type(operator)):
                    yield field("ops", [*node.ops[:place], new(), *node.ops[place + 1 :]])
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _COMPUTED:
            yield field("op", _COMPUTED[type(node.op)]())
        case ast.BoolOp():
            yield field("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
            for place in range(len(node.values)):
                yield field("values", [*node.values[:place], *node.values[place + 1 :]])
        case ast.Name() if node.id in _NAMES:
            yield field("id", _NAMES[node.id])
        case ast.Constant(value=bool()):
            yield field("value", not node.value)
        case ast.Constant(value=int() | float()) if statements:
            yield field("value", node.value + 1)
            yield field("value", node.value - 1)
        case ast.Constant(value=str()) if "\\" in node.value or "^" in node.value:
            for found in _REGEX.finditer(node.value):
                yield field("value", node.value[: found.start()] + node.value[found.end() :])
        case ast.Constant(value=str()) if statements and node.value:
            yield field("value", node.value[:-1])
        case ast.Return(value=ast.expr()) if ast.unparse(node) != "return None":
            yield field("value", None)
        case ast.Dict(keys=[_, _, *_]):
            for place in range(len(node.keys)):
                keys, values = list(node.keys), list(node.values)
                del keys[place], values[place]
                yield _fields(node, keys=keys, values=values)
        case ast.Slice():
            for name in ("lower", "upper", "step"):
                if getattr(node, name) is not None:
                    yield field(name, None)
        case ast.comprehension(ifs=[_, *_]):
            for place in range(len(node.ifs)):
                yield field("ifs", [*node.ifs[:place], *node.ifs[place + 1 :]])
        case ast.Call(func=ast.Name(id="min" | "max")):
            pass
        case ast.Call(args=[_, _]):
            yield field("args", node.args[::-1])
        case _:
            pass
    if isinstance(node, ast.Call) and node.keywords:
        for place in (place for place, keyword in enumerate(node.keywords) if keyword.arg not in _INDIFFERENT):
            yield field("keywords", [*node.keywords[:place], *node.keywords[place + 1 :]])
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield field("test", ast.UnaryOp(ast.Not(), node.test))
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr) and (inner := _without(value)) is not None:
            yield field(name, inner)
        if not isinstance(value, list):
            continue
        for place, item in enumerate(value):
            if isinstance(item, ast.expr) and (inner := _without(item)) is not None:
                yield field(name, [*value[:place], inner, *value[place + 1 :]])
            if not statements or not isinstance(item, ast.stmt) or _is_docstring(item):
                continue
            rest = [*value[:place], *value[place + 1 :]]
            if other := _instead(item):
                yield field(name, [*value[:place], other, *value[place + 1 :]])
            if not isinstance(item, ast.Return | ast.FunctionDef | ast.Import | ast.ImportFrom):
                yield field(name, rest or [ast.Pass()])
            if place + 1 < len(value) and _depend(item, value[place + 1]):
                yield field(name, [*value[:place], value[place + 1], item, *value[place + 2 :]])
            if isinstance(node, ast.FunctionDef) and name == "body" and _is_empty_collection(item):
                yield _shared(node, item, rest)


def _fields(node: ast.AST, **values: Any) -> Callable[[], Undo]:
    def change() -> Undo:
        before = {name: getattr(node, name) for name in values}
        vars(node).update(values)
        return lambda: vars(node).update(before)

    return change


def _without(value: ast.expr) -> ast.expr | None:
    """What a call of a method or function is about: `text` of `text.strip()` and `x` of `not x` or `list(x)`."""
    match value:
        case ast.UnaryOp(op=ast.Not()):
            return value.operand
        case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in _METHODS:
            return inner
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _FUNCTIONS:
            return inner
    return None


def _instead(item: ast.stmt) -> ast.stmt | None:
    """The statement that is often mistaken for this one."""
    match item:
        case ast.AugAssign():
            return ast.Assign([item.target], item.value)
        case ast.Break():
            return ast.Continue()
        case ast.Continue():
            return ast.Break()
    return None


def _depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether it matters which of two statements comes first."""
    if isinstance(one, ast.AugAssign) and isinstance(other, ast.AugAssign):
        return False
    reads, writes = zip(*map(_used, (one, other)), strict=True)
    leaves = any(isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue) for node in ast.walk(one))
    return (leaves and not isinstance(other, ast.Assign)) or bool(
        writes[0] & (reads[1] | writes[1]) or writes[1] & reads[0]
    )


def _used(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement reads, and those whose values it may change."""
    reads, writes = set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else writes).add(node.id)
        receiver = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        receiver = node.value if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) else receiver
        if isinstance(receiver, ast.Name):
            writes.add(receiver.id)
    local = {
        name.id
        for node in ast.walk(statement)
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name)
    }
    return reads - local, writes - local


def _is_docstring(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def _is_empty_collection(item: ast.stmt) -> bool:
    if not (isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name)):
        return False
    value = item.value
    made = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("set", "dict", "list")
    return (made and not value.args) or (isinstance(value, _EMPTY) and not ast.unparse(value).strip("[]{}"))


def _shared(function: ast.FunctionDef, item: Any, rest: list[ast.stmt]) -> Callable[[], Undo]:
    """The collection becomes a default: one for all calls."""

    def change() -> Undo:
        before = function.body, function.args
        arguments = copy.deepcopy(function.args)
        arguments.kwonlyargs.append(ast.arg(item.targets[0].id))
        arguments.kw_defaults.append(item.value)
        function.body, function.args = rest or [ast.Pass()], arguments

        def undo() -> None:
            function.body, function.args = before

        return undo

    return change


def _difference(right: str, wrong: str) -> str:
    """The lines that one has and the other has not, in their places."""
    lines = [line for line in difflib.ndiff(right.splitlines(), wrong.splitlines()) if line[0] in "+-"]
    gone, new = ([line[2:].strip() for line in lines if line[0] == sign] for sign in "-+")
    return " / ".join(gone) + " -> " + ("moved" if gone == new else " / ".join(new))
