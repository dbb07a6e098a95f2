"""What no linter knows of the helper package: its map, its size, and what a lesson may import.

`python -m builder.structure` writes the table of patches in the map anew.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from builder.problems import Problem
from builder.readme import filled

PACKAGE = "prompt2data"
MAP = "ARCHITECTURE.md"
MAX_MODULE = 350  # lines
MAX_PACKAGE = 18_450  # lines of all modules together, apart from
MAX_CHECKS = 5_450  # lines of the checks, of which most are reference solutions and inputs to try answers on
BACK_ROOMS = {"engine", "display", "ground"}  # no lesson imports from these
OPEN_ROOMS = {"checks", "quality", "widgets"}  # lessons import the modules of these; of others, the room's face only
_ROOM = re.compile(r"(?m)^\* \*\*`([\w/]+)/`\*\*")
_PATCHES = "| of | replaced | why | thread |\n|---|---|---|---|\n{rows}"
_MODULE = re.compile(r"`(\w+\.py)`")


def problems(root: Path) -> list[Problem]:
    """Every fault of the course in `root`."""
    modules = sorted((root / PACKAGE).rglob("*.py"))
    return [*map_faults(root, modules), *size_faults(root, modules), *lesson_faults(root), *unused_faults(root)]


def map_faults(root: Path, modules: list[Path]) -> Iterator[Problem]:
    """Rooms and modules that the map does not name, or names although they are gone."""
    path = root / MAP
    parts = _ROOM.split(path.read_text("utf-8")) if path.is_file() else [""]
    rooms = dict(zip(parts[1::2], parts[2::2], strict=True))
    named = {f"{room}/{name}" for room, text in rooms.items() for name in _MODULE.findall(text.split("\n\n")[0])}
    # A room's `__init__.py` is the room itself.
    found = {module.relative_to(root).as_posix(): module for module in modules if module.name != "__init__.py"}
    folders = {module.parent.relative_to(root).as_posix(): module.parent for module in modules}
    for name in sorted(found.keys() - named):
        yield Problem(found[name], 0, f"{MAP} does not name this module in its room")
    for name in sorted(folders.keys() - rooms.keys()):
        yield Problem(folders[name], 0, f"{MAP} does not name this room")
    for name in sorted((named - found.keys()) | (rooms.keys() - folders.keys())):
        yield Problem(path, 0, f"names {name}, which does not exist")


def size_faults(root: Path, modules: list[Path]) -> Iterator[Problem]:
    """Modules, or a package, of too many lines."""
    lines = {module: len(module.read_text("utf-8").splitlines()) for module in modules}
    for module, count in lines.items():
        if count > MAX_MODULE:
            yield Problem(module, 0, f"{count} lines; a module has at most {MAX_MODULE}")
    checks = sum(count for module, count in lines.items() if module.parent.name == "checks")
    for name, count, most in (
        ("the package beside its checks", sum(lines.values()) - checks, MAX_PACKAGE),
        ("its checks", checks, MAX_CHECKS),
    ):
        if count > most:
            yield Problem(root / PACKAGE, 0, f"{count:,} lines; {name} may have at most {most:,}")


def lessons(root: Path) -> list[Path]:
    """The sources of all lessons, and of drafts: lessons being written, which are neither listed nor built yet."""
    return [*sorted((root / "lessons").glob("*.py")), *sorted((root / "lessons" / "drafts").glob("*.py"))]


def lesson_faults(root: Path) -> Iterator[Problem]:
    """Imports of lessons from behind the top level of the package."""
    for lesson in lessons(root):
        for module, line in imports(root, lesson):
            _, *inner = module.split(".")
            depth = 2 if inner and inner[0] in OPEN_ROOMS else 1
            if len(inner) > depth or (inner and inner[0] in BACK_ROOMS):
                yield Problem(lesson, line, f"imports {module}, which is behind the top level of {PACKAGE}")


def unused_faults(root: Path) -> Iterator[Problem]:
    """Modules at the top level that neither a lesson nor the package's own face names."""
    faces = [root / PACKAGE / "__init__.py", *lessons(root)]
    text = "\n".join(path.read_text("utf-8") for path in faces if path.is_file())
    for module in sorted((root / PACKAGE).glob("[!_]*.py")):
        if not re.search(rf"\b{PACKAGE}(\.| import (\w+, )*){module.stem}\b", text):
            yield Problem(module, 0, f"no lesson names this module of the top level: it belongs in a room of {PACKAGE}")


def imports(root: Path, path: Path) -> Iterator[tuple[str, int]]:
    """(module of the package, line) for each import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [_module(root, node.module, alias.name) for alias in node.names]
        else:
            continue
        yield from ((name, node.lineno) for name in names if name.split(".")[0] == PACKAGE)


def _module(root: Path, module: str, name: str) -> str:
    """The module that `from module import name` reads: `module.name` where that is one."""
    path = root.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.is_dir() or path.with_suffix(".py").is_file() else module


def with_patches(path: Path) -> str:
    """The text of the map at `path`, with the table of what the course replaces in distilabel as it is now."""
    from prompt2data.pipelines.patches import as_markdown  # takes seconds: it imports distilabel

    return filled(path, path.read_text("utf-8"), {"patches": _PATCHES.format(rows=as_markdown())})


if __name__ == "__main__":
    Path(MAP).write_text(with_patches(Path(MAP)), "utf-8")
