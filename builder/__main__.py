"""Command line: python -m builder build | check | messages | run | classroom.

Each command imports what it needs: `run` works in a learner's environment, which lacks what the others import.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from builder.course import SOURCE_LANGUAGE, Course, LessonEntry, load
from builder.problems import ExecutionFailed, Refused, Unknown

_NOT_INSTALLED = (
    "This command needs {name}, which is not installed here: run `make {command}`, which installs what contributors "
    "need, or `python -m pip install -r requirements-dev.txt -c constraints.txt`."
)
ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m builder", description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the course's folder")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="derive notebooks and solutions from the lessons")
    build.add_argument("--no-execute", action="store_true", help="leave solutions with changed code without outputs")
    build.add_argument("lessons", nargs="*", metavar="LESSON", help="only these: a name, or a number")
    commands.add_parser("check", help="name every derived file and translation that is not up to date")
    commands.add_parser("messages", help="bring the catalogues of all languages up to date with their sources")
    run = commands.add_parser("run", help="execute a solution and say where its dataset is")
    run.add_argument("lesson", metavar="LESSON")
    classroom = commands.add_parser("classroom", help="write a course folder for nbgrader")
    classroom.add_argument("folder", type=Path, metavar="DIR")
    classroom.add_argument("--force", action="store_true", help="overwrite also what you changed in DIR")
    for command in (run, classroom):
        command.add_argument("--language", default=SOURCE_LANGUAGE, metavar="CODE", help="of a language in course.toml")
    options = parser.parse_args(arguments)
    try:
        return _dispatch(options, load(options.root.resolve()))
    except Refused as refused:
        for problem in refused.problems:
            print(_relative(str(problem), options.root), file=sys.stderr)
        return 1
    except Unknown as unknown:
        print(unknown.args[0], file=sys.stderr)
        return 2
    except ModuleNotFoundError as missing:
        name = (missing.name or str(missing)).partition(".")[0]
        if name in ("builder", "prompt2data"):  # a fault of the course itself
            raise
        print(_NOT_INSTALLED.format(name=name, command=options.command), file=sys.stderr)
        return 1
    except OSError as error:
        print(_relative(f"{error.filename or 'a file'}: {error.strerror or error}", options.root), file=sys.stderr)
        return 1


def _dispatch(options: argparse.Namespace, course: Course) -> int:
    if options.command == "build":
        return _build(options, course)
    if options.command == "check":
        return _check(options, course)
    if options.command == "messages":
        from builder.messages import update

        update(course, lambda text: _say(_relative(text, options.root)))
        return 0
    course.language(options.language)
    if options.command == "run":
        return _run(options, course)
    from builder.classroom import classroom

    classroom(course, options.folder, options.language, options.force)
    print(f"wrote a course folder for nbgrader: {options.folder}")
    return 0


def _build(options: argparse.Namespace, course: Course) -> int:
    from builder.build import build

    entries: list[LessonEntry] = [course.find(word) for word in options.lessons] or list(course.lessons)
    return _executing(
        lambda: build(course, entries, not options.no_execute, lambda text: _say(_relative(text, options.root)))
    )


def _check(options: argparse.Namespace, course: Course) -> int:
    from builder.check import check, report

    problems = check(course)
    for problem in problems:
        print(_relative(str(problem), options.root), file=sys.stderr)
    if not problems:
        for line in report(course):
            print(line)
        print(f"All derived files of {len(course.lessons)} lessons are what their sources give.")
    return 1 if problems else 0


def _run(options: argparse.Namespace, course: Course) -> int:
    from builder.run import run

    entry = course.find(options.lesson)

    def show() -> None:
        written = run(course, entry, _say, options.language)
        if not written:
            print("The lesson wrote no file.")
        for path in written:
            print(f"dataset: {path} ({path.stat().st_size / 1000:.1f} kB)")

    return _executing(show)


def _executing(work) -> int:
    """Run `work`; a failure is told without a traceback of ours."""
    try:
        work()
    except (FileNotFoundError, ExecutionFailed) as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


def _relative(text: str, root: Path) -> str:
    return text.replace(f"{root.resolve()}/", "")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
