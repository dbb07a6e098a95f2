"""`make lint`: what a look at the code alone can find, from spelling to architecture.

    python -m builder.lint                 everything, in the current folder
    python -m builder.lint types imports   these checks

pyproject.toml holds the rules of the tools; `builder.structure` holds the rules that none of them knows. Every check
runs, whatever another one found; the exit status is 1 where one found something.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from builder import structure

# import-linter has no module to run by -m.
_IMPORT_LINTER = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
TOOLS = {
    "names": ["-m", "ruff", "check", "--quiet", "."],
    "format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "imports": ["-c", _IMPORT_LINTER, "--no-logo", "--cache-dir", ".cache/lint/imports"],
    "types": ["-m", "mypy", "--no-error-summary"],
}
CHECKS = (*TOOLS, "structure")
# What import-linter says of imports against the direction, and of circles within a room.
_CHAIN = re.compile(r"(prompt2data[\w.]*) -> (prompt2data[\w.]*) \(l\.(\d+)")
_CIRCLE = re.compile(r"(?m)^No cycles are allowed in (.+)\.$|^- (\.\w+) -> (\.\w+) ")


def faults(check: str, root: Path) -> str:
    """What a check finds in the course in `root`, each with its file; empty where all is well."""
    if check == "structure":
        return "\n".join(str(problem).replace(f"{root}/", "") for problem in structure.problems(root))
    env = os.environ | {"COLUMNS": "200"}  # import-linter breaks lines where the terminal ends
    done = subprocess.run([sys.executable, *TOOLS[check]], cwd=root, env=env, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    told = (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"
    return "\n".join([*_files(root, told), told]) if check == "imports" else told


def _files(root: Path, told: str) -> Iterator[str]:
    """The files of the modules that import-linter names, each with what it must not import."""
    for module, other, line in dict.fromkeys(_CHAIN.findall(told)):
        yield f"{_file(root, module)}:{line}: imports {other}"
    room = ""
    for named, module, other in _CIRCLE.findall(told):
        room = named or room
        if module:
            yield f"{_file(root, room + module)}: imports {room}{other}, in a circle"


def _file(root: Path, module: str) -> str:
    """The file of a module, relative to `root`."""
    path = Path(*module.split("."))
    return str(path / "__init__.py" if (root / path).is_dir() else path.with_suffix(".py"))


def main(arguments: list[str] | None = None) -> int:
    """Run the checks and tell what they find; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m builder.lint", description=__doc__.split("\n")[0])
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"only these of: {', '.join(CHECKS)}")
    chosen = parser.parse_args(arguments).checks or CHECKS
    if unknown := set(chosen) - set(CHECKS):
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    root, failed = Path.cwd(), False
    with ThreadPoolExecutor() as pool:  # mypy takes longest: the others run beside it
        for check, told in zip(chosen, pool.map(lambda check: faults(check, root), chosen), strict=True):
            failed = failed or bool(told)
            print(f"{check}: {'FAILED' if told else 'ok'}", *filter(None, [told]), sep="\n", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
