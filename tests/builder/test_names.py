"""Names a cell needs and names it gives."""

from __future__ import annotations

import sys

import pytest

from builder.names import names_of

CASES = {
    "a = b": ({"b"}, {"a"}),
    "a = a + 1": ({"a"}, {"a"}),
    "a += 1": ({"a"}, {"a"}),
    "a = 1\nb = a": (set(), {"a", "b"}),
    "for i in xs:\n    y = i": ({"xs"}, {"i", "y"}),
    "[x for x in xs if x > t]": ({"xs", "t"}, set()),
    "[(x, y) for x in xs for y in x]": ({"xs"}, set()),
    "{k: v for k, v in d.items()}": ({"d"}, set()),
    "def f(a, b=c):\n    return a + b + d": ({"c", "d"}, {"f"}),
    "def f():\n    x = 1\n    def g():\n        return x + y\n    return g": ({"y"}, {"f"}),
    "def f() -> T:\n    return f()": ({"T"}, {"f"}),
    "def f():\n    global z\n    z = 1": (set(), {"f", "z"}),
    "class A(B):\n    x = 1\n    y = x": ({"B"}, {"A"}),
    "import a.b\nimport c as d\nfrom e import f as g": (set(), {"a", "d", "g"}),
    "with open(p) as f:\n    t = f.read()": ({"p"}, {"f", "t"}),
    "try:\n    pass\nexcept E as e:\n    print(e)": ({"E"}, {"e"}),
    "f'{a:{b}}'": ({"a", "b"}, set()),
    "(n := 1)\nn": (set(), {"n"}),
    "a: int = b": ({"b"}, {"a"}),
    "a, (b, *c) = d": ({"d"}, {"a", "b", "c"}),
    "a.b = c\nd[e] = f": ({"a", "c", "d", "e", "f"}, set()),
    "lambda x, *y, **z: x + y + z + w": ({"w"}, set()),
    "@d\ndef f(): pass": ({"d"}, {"f"}),
    "def f():\n    return g()\n\ndef g():\n    return 1": (set(), {"f", "g"}),
    "f()\ndef f(): pass": ({"f"}, {"f"}),
    "match v:\n    case {'a': x, **r}:\n        print(x, r)": ({"v"}, {"x", "r"}),
    "display(MODEL, __name__)": ({"MODEL"}, set()),
    "del a": ({"a"}, set()),
    "[y := x for x in xs]\ny": ({"xs"}, {"y"}),
    "sum(x * t for x in xs)\nt = 1": ({"xs", "t"}, {"t"}),
    "class A:\n    n = m\n    def f(self):\n        return n": ({"m", "n"}, {"A"}),
    "await a": ({"a"}, set()),
    "if c:\n    a = 1\na": ({"c"}, {"a"}),
}


@pytest.mark.parametrize("source", CASES)
def test_names(source):
    found = names_of(source)
    assert ({read.name for read in found.reads}, found.binds) == CASES[source]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_names_of_types():
    found = names_of("type Pair = tuple[T, T]\ndef first[U](xs: list[U]) -> U | V:\n    return xs[0]\n")
    assert ({read.name for read in found.reads}, found.binds) == ({"T", "V"}, {"Pair", "first"})


def test_star_imports():
    assert names_of("a = 1\nfrom b import *\n").star_imports == [2]


def test_line_and_deferral():
    reads = {read.name: (read.line, read.deferred) for read in names_of("a\n\ndef f():\n    return b\n").reads}
    assert reads == {"a": (1, False), "b": (4, True)}
