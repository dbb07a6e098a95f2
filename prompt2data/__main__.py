"""The `prompt2data` command (also `python -m prompt2data`): show or clear the generation cache or passed exercises."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import warnings
from collections.abc import Sequence

from prompt2data import checks
from prompt2data.cache import CacheUnavailable, CacheWarning, GenerationCache, opened
from prompt2data.checks import record
from prompt2data.checks.card import progress_line
from prompt2data.i18n import _, ngettext
from prompt2data.untrusted import visible


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, else those of the process: 0, or 1 and one sentence.

    Raises `SystemExit` as argparse does: 2 for arguments it does not know, 0 after `--help`.
    """
    arguments = _parser().parse_args(argv)
    try:
        problems, lines = (_progress if arguments.command == "progress" else _cache)(arguments.action)
    except (CacheUnavailable, record.RecordUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    for problem in problems:
        print(problem, file=sys.stderr)
    for line in lines:
        print(line)
    return 0


def _cache(action: str) -> tuple[list[str], list[str]]:
    """Sentences about problems, and the lines to print."""
    with warnings.catch_warnings(record=True) as problems:
        warnings.simplefilter("always", CacheWarning)
        if (cache := opened()) is None:
            lines = [_("The generation cache is turned off: unset PROMPT2DATA_CACHE, or set it to a folder.")]
        else:
            lines = _clear(cache) if action == "clear" else _show(cache)
    return [str(problem.message) for problem in problems], lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="prompt2data", description=_("The command of From Prompt to Data."))
    commands = parser.add_subparsers(dest="command", required=True, metavar=_("command"))
    texts = {
        "cache": (
            _("show what the generation cache holds, or clear it"),
            _("show (default): print its folder and size; clear: forget every text"),
        ),
        "progress": (
            _("show which exercises have passed, or forget it"),
            _("show (default): print the exercises of each lesson; clear: forget what has passed"),
        ),
    }
    for name, (about, actions) in texts.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("action", nargs="?", choices=("show", "clear"), default="show", help=actions)
    return parser


def _progress(action: str) -> tuple[list[str], list[str]]:
    """Sentences about problems, and the lines to print."""
    for module in pkgutil.iter_modules(checks.__path__):
        if module.name.startswith("lesson_"):  # with it come its exercises
            importlib.import_module(f"{checks.__name__}.{module.name}")
    found = record.clear() if action == "clear" else record.read()
    lines = _forgotten(found.passed) if action == "clear" else _passed(found.passed)
    return [found.problem] if found.problem else [], lines


def _passed(passed: record.Passed) -> list[str]:
    rows = {
        _("Lesson {number}").format(number=int(lesson.removeprefix("lesson_"))): progress_line(
            [(number, name in passed.get(lesson, ())) for name, number in names.items()]
        )
        for lesson, names in record.exercises().items()
    }
    return _table({**rows, _("File"): str(record.path())})


def _forgotten(passed: record.Passed) -> list[str]:
    known = record.exercises()
    names = [known.get(lesson, {}).get(name) or f"{lesson}.{name}" for lesson in passed for name in passed[lesson]]
    if not names:
        return [_("No exercise has passed yet, so there is nothing to forget: {file}.").format(file=record.path())]
    sentence = ngettext(
        "Forgot that this exercise has passed: {exercises} ({file}).",
        "Forgot that these {n} exercises have passed: {exercises} ({file}).",
        len(names),
    )
    return [sentence.format(n=len(names), exercises=visible(", ".join(sorted(names))), file=record.path())]


def _show(cache: GenerationCache) -> list[str]:
    stats = cache.stats()
    # Digests of files are a convenience of the cache itself; texts have a word in the reader's language.
    others = {visible(kind): str(number) for kind, number in stats.kinds.items() if kind not in ("text", "digest")}
    rows = {
        _("Folder"): str(cache.folder),
        _("Texts"): str(stats.entries),
        **others,
        _("Size"): _("{size} MB of at most {limit} MB").format(size=_mb(stats.bytes), limit=_mb(stats.limit)),
        _("Damaged"): _("{damaged} set aside").format(damaged=stats.damaged),
    }
    return _table(rows)


def _table(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows))
    return [f"{name:<{width}}  {value}" for name, value in rows.items()]


def _clear(cache: GenerationCache) -> list[str]:
    try:
        before = cache.stats()
    except CacheUnavailable:  # clearing is the way out of that
        cache.clear()
        return [_("Cleared {folder}.").format(folder=cache.folder)]
    cache.clear()
    message = _("Cleared {folder}: {entries} texts, {size} MB.")
    return [message.format(folder=cache.folder, entries=before.entries, size=_mb(before.bytes))]


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f}"


if __name__ == "__main__":
    sys.exit(main())
