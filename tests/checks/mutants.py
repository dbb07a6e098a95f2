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
_METHODS = {"strip", "lower", "lstrip", "rstrip", "casefold", "copy", "split"}
_FUNCTIONS = {"list", "sorted", "set", "dict", "tuple", "bool", "reversed", "deepcopy", "float", "int", "str"}
# Of a regular expression: what holds it in its place or makes it lazy or long.
_REGEX = re.compile(r"\\[bsdw][+*?]?|[\^$+*?]")
_EMPTY = (ast.List, ast.Dict, ast.Set)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed source) for each change to the functions in `source`, or to the cell without any."""
    tree = ast.parse(source)
    right, seen = ast.unparse(tree), set()
    functions: list[ast.AST] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for part in functions or [tree]:
        for node in list(ast.walk(part)):
            for change in _changes(node, bool(functions)):
                undo = change()
                text = ast.unparse(ast.fix_missing_locations(tree))
                undo()
                if text != right and text not in seen:
                    seen.add(text)
                    yield _difference(right, text), text


Undo = Callable[[], Any]


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
        case ast.Constant(value=bool()):
            yield field("value", not node.value)
        case ast.Constant(value=int() | float()):
            yield field("value", node.value + 1)
            yield field("value", node.value - 1)
        case ast.Constant(value=str()) if "\\" in node.value or "^" in node.value:
            for found in _REGEX.finditer(node.value):
                yield field("value", node.value[: found.start()] + node.value[found.end() :])
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
        case ast.Call(args=[_, _]):
            yield field("args", node.args[::-1])
        case _:
            pass
    if isinstance(node, ast.Call) and node.keywords:
        for place in range(len(node.keywords)):
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
            if not isinstance(item, ast.Return | ast.FunctionDef | ast.Import | ast.ImportFrom):
                yield field(name, rest or [ast.Pass()])
            if place + 1 < len(value):
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
