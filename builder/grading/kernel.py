"""What runs inside the kernel of a hand-in, before its first cell. Sent there as text; imports nothing of ours."""

from __future__ import annotations

import builtins
import importlib
import importlib.machinery
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_CLEAN = dict(vars(builtins))  # a copy: what a hand-in does to `builtins` does not reach it


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from its source, never from `__pycache__`, with built-ins of its own."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = _CLEAN
        super().exec_module(module)


class _Finder:
    """Finds the modules of some packages for `_Loader`."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if not _within(name, self.packages) or spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(name, spec.origin)
        return spec


def prepare(secret: str, names: list[str]) -> None:
    """Load the checks `names` once more than the hand-in will, and hide them as `sys.SECRET(…)`, see `grade`."""
    packages = tuple({name.rpartition(".")[0] for name in names})
    finder = _Finder(packages)
    sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
    _forget(packages)
    try:
        checks = {name: importlib.import_module(name) for name in names}
    finally:
        sys.meta_path.remove(finder)  # type: ignore[arg-type]
        _forget(packages)
    opened, write, close, flags = os.open, os.write, os.close, os.O_WRONLY | os.O_CREAT

    def grade(module: str, name: str, answers: Callable[[], tuple[Any, ...]], file: str, proof: str) -> None:
        """Raise unless the check passes; then write `proof` into `file`."""
        given = answers()
        for answer in given:
            if _within(str(getattr(answer, "__module__", "")), packages):
                raise AssertionError(f"{name}: the answer is the check's own solution")
        getattr(checks[module], name)(*given, graded=True)
        handle = opened(file, flags)
        write(handle, proof.encode())
        close(handle)

    setattr(sys, secret, grade)


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _forget(packages: tuple[str, ...]) -> None:
    for name in [name for name in sys.modules if _within(name, packages)]:
        parent, _, child = name.rpartition(".")
        vars(sys.modules.get(parent, sys)).pop(child, None)
        del sys.modules[name]
