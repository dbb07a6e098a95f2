"""Pipelines killed at random moments and run again: is all finished, nothing lost, doubled or generated twice?

Three pipelines with the embedded model: (a) two `TextGeneration` steps in a chain, (b) `EvolInstruct` with two
evolutions, (c) `Magpie` with several system prompts. Each kill is a SIGKILL while the run loads, in its first step (or
evolution, or turn), in its second, or from its last text to its exit; of the worker at work, of the script's process
alone, or of all its processes. A killed script is started again at once; a killed worker makes the script say so and
run its pipeline again. The result is compared with a run that nobody killed. What was generated twice is counted by a
log of the model's forward passes (`_forward_log`), not by the cache. Linux or macOS, on the CPU:

    python -m benchmarks.resume [--kills 20] [--rows 64] [--seed 0] [--only a] [--markdown]

Exits with 1 unless every run finished and every count is 0. `--no-cache` turns the generation cache off: then the
benchmark must find texts that were generated twice, or it could not see them.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks._resume_runs import PHASES, TARGETS, Kill, Outcome, Reference, Settings, kill_and_resume

PIPELINES = {"a": 1, "b": 4, "c": 2}  # and by how much to divide --rows: (b) has the longest prompts
BATCHES = 4
HEADER = (
    "phase", "killed", "kills", "finished", "rows lost", "rows doubled", "texts that differ",
    "made before", "made again", "passes, ratio", "their rows, ratio",
)  # fmt: skip


def plan(kills: int) -> list[Kill]:
    """The kills, spread evenly: any 9 in a row take each pipeline and target together once, any 12 each phase and
    target, any 36 everything."""
    return [
        Kill(list(PIPELINES)[(number + number // 3) % 3], PHASES[number % 4], TARGETS[number % 3])
        for number in range(kills)
    ]


def table(outcomes: Sequence[Outcome], markdown: bool) -> str:
    """The counts by phase and target, and all together, as text or in Markdown.

    "Made before" and "made again" count texts: finished when the kill came, and started once more after that. The
    ratios are forward passes of killed and resumed run together, and the rows in them, to those of a run not killed.
    """
    groups = [(phase, target) for phase in PHASES for target in TARGETS]
    lines = [HEADER]
    for phase, target in groups:
        members = [outcome for outcome in outcomes if (outcome.kill.phase, outcome.kill.target) == (phase, target)]
        if members:
            lines.append(_line(phase, target, members))
    lines.append(_line("all", "", outcomes))
    if markdown:
        lines.insert(1, ("---", "---", *["---:"] * (len(HEADER) - 2)))
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if index < 2 else cell.rjust(width) for index, (cell, width) in enumerate(cells))
        for cells in (list(zip(line, widths, strict=True)) for line in lines)
    )


def _line(phase: str, target: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    def mean(values: list[float]) -> str:
        return f"{sum(values) / len(values):.2f}"

    counts = ("finished", "lost", "doubled", "differing", "before", "again")
    return (
        phase,
        target,
        str(len(outcomes)),
        *(str(sum(getattr(outcome, name) for outcome in outcomes)) for name in counts),
        mean([outcome.passes for outcome in outcomes]),
        mean([outcome.work for outcome in outcomes]),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, resume, compare, and print the table; 0 when nothing was lost, doubled, changed or generated twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=64, help="of (a); (b) has a quarter of them, (c) half")
    parser.add_argument("--tokens", type=int, default=24, help="the most new tokens of a text")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--only", choices=PIPELINES, help="only the kills of this pipeline")
    parser.add_argument("--no-cache", action="store_true", help="show that texts generated twice are seen")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    options = parser.parse_args(arguments)

    kills = [
        (number, kill) for number, kill in enumerate(plan(options.kills), 1) if options.only in (None, kill.pipeline)
    ]
    if not kills:
        parser.error("no kill is left: raise --kills")
    start = time.monotonic()
    outcomes: list[Outcome] = []
    references: dict[str, Reference] = {}
    with tempfile.TemporaryDirectory(prefix="resume-", ignore_cleanup_errors=True) as folder:
        for number, kill in kills:
            if kill.pipeline not in references:
                rows = max(BATCHES, options.rows // PIPELINES[kill.pipeline])
                settings = Settings(kill.pipeline, rows, rows // BATCHES, options.tokens, not options.no_cache)
                reference = Reference.make(settings, Path(folder, kill.pipeline))
                references[kill.pipeline] = reference
                _say(f"pipeline {kill.pipeline}, {rows} rows, not killed: {reference.seconds:.0f} s")
            # Its own stream: a kill comes at the same moment whichever others are made.
            chance = random.Random(f"{options.seed}/{number}")
            outcome = kill_and_resume(kill, references[kill.pipeline], Path(folder, str(number)), chance)
            outcomes.append(outcome)
            _say(
                f"{number:>3} of {options.kills}: pipeline {kill.pipeline}, {kill.phase}, {kill.target} killed after "
                f"{outcome.before} texts; {outcome.seconds:.0f} s, {'good' if outcome.good else 'NOT GOOD'}"
            )
            if not outcome.good:
                _say(f"{outcome}\n{outcome.output}")
    _say(f"{time.monotonic() - start:.0f} s")
    print(table(outcomes, options.markdown))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(1))  # ends what it started
    sys.exit(main())
