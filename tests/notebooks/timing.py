"""How long the notebooks take, with an empty generation cache and again with what that run left in it.

    python -m tests.notebooks.timing               lessons 01 to 05, of which the bounds speak, both halves
    python -m tests.notebooks.timing 1 5           these lessons
    python -m tests.notebooks.timing --localized   then in the other languages, too, with what is in the cache by then

The first time several run at a time, solutions before exercises; the second time one after the other, so that no
notebook is slowed down by another. The exit status is 1 where a bound of `tests.notebooks.tables` is passed or a
notebook fails.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from builder.course import Course, load
from tests.notebooks import tables
from tests.notebooks.running import ROOT, Ran, run_under_nbval


@dataclass(frozen=True)
class Pass:
    """All notebooks run once: `seconds` from the start of the first to the end of the last."""

    warm: bool
    ran: list[Ran]
    seconds: float

    def faults(self, all_at_most: int | None) -> list[str]:
        """What is wrong with it, a sentence each. `all_at_most`: seconds for all of it, None for no such bound."""
        name = "warm" if self.warm else "cold"
        found = []
        for ran in self.ran:
            title = f"{name}, {tables.label(ran.summary())}"
            most = tables.bound(ran.summary(), self.warm)
            if not ran.ok:
                found.append(f"{title}: {ran.passed} of {ran.code_cells} cells passed\n{ran.report}")
            if most and ran.seconds > most:
                found.append(f"{title}: {ran.seconds:.1f} s are more than {most} s")
        if all_at_most and self.seconds > all_at_most:
            found.append(f"{name}, all notebooks: {self.seconds:.0f} s are more than {all_at_most} s")
        return found


def run_all(
    paths: Iterable[Path], root: Path, folder: Path, cache: Path, jobs: int, warm: bool, say: Callable[[str], None]
) -> Pass:
    """Run the notebooks in `folder`, `jobs` at a time, with the generation cache in `cache`."""
    extra = {"PROMPT2DATA_CACHE": str(cache)}
    if jobs > 1:
        extra["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))

    def one(path: Path) -> Ran:
        language, half = path.parts[-3:-1]
        strict = half == tables.SOLUTIONS
        before = tables.texts(cache)
        ran = run_under_nbval(path, folder / language / half / path.stem, strict, root, lambda _: None, extra)
        if jobs == 1:
            ran = replace(ran, made=tables.texts(cache) - before)
        say(f"  {tables.label(ran.summary()):<36} {ran.seconds:6.1f} s{'' if ran.ok else '  FAILED'}")
        return ran

    began = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        ran = list(pool.map(one, paths))
    return Pass(warm, ran, time.monotonic() - began)


def measure(
    course: Course, lessons: Sequence[str], jobs: int, top: int, say: Callable[[str], None], localized: bool = False
) -> tuple[list[Pass], list[str]]:
    """(the cold and the warm pass, what is wrong with them), with their tables told as they come.

    `localized`: a third pass with the notebooks in the other languages, one after the other.
    """
    whole = {name[:2] for name in lessons} == tables.BOUNDED
    passes, wrong = [], []
    with tempfile.TemporaryDirectory(prefix="times-") as temporary:
        cache = Path(temporary) / "generations"
        for kind in ("cold", "warm", *(["localized"] if localized else [])):
            warm = kind != "cold"
            at_a_time = 1 if warm else jobs
            say(f"{kind}, {at_a_time} at a time, {os.cpu_count()} cores")
            folder = Path(temporary) / kind
            if kind == "localized":
                paths = [
                    path_of(name, language.code)
                    for language in course.built_languages[1:]
                    for name in lessons
                    for path_of in (course.solution, course.exercise)
                ]
            else:
                paths = [path_of(name) for path_of in (course.solution, course.exercise) for name in lessons]
            now = run_all(paths, course.root, folder, cache, at_a_time, warm, say)
            summaries = [ran.summary() for ran in now.ran]
            for line in [*tables.notebooks(summaries, warm), *tables.slowest_cells(summaries, top)]:
                say(line)
            all_at_most = {"cold": tables.ALL_COLD, "warm": tables.ALL_WARM}.get(kind) if whole else None
            most = f", at most {all_at_most} s" if all_at_most else ""
            say(f"all in {now.seconds:.0f} s{most}; {tables.texts(cache):,} texts in the generation cache\n")
            passes.append(now)
            wrong += now.faults(all_at_most)
    return passes, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks.timing", description=__doc__.split("\n")[0])
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="only these: a name, or a number")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time with an empty cache (default: 2)")
    parser.add_argument("--cells", type=int, default=10, help="how many of the slowest cells to show (default: 10)")
    parser.add_argument("--localized", action="store_true", help="also the notebooks in the other languages")
    options = parser.parse_args(arguments)
    course = load(ROOT)
    try:
        lessons = [course.find(word).name for word in options.lessons]
    except KeyError as unknown:
        print(unknown.args[0], file=sys.stderr)
        return 2
    lessons = lessons or [lesson.name for lesson in course.lessons if lesson.name[:2] in tables.BOUNDED]
    say = functools.partial(print, flush=True)
    _, wrong = measure(course, lessons, options.jobs, options.cells, say, options.localized)
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
