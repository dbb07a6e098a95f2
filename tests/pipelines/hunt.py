"""Draw pipelines, run each in threads, and compare its rows with those of plain Python.

    python -m tests.pipelines.hunt --seed 0 --runs 5000

Prints the seed of each run that differs, fails or would wait forever; the exit status says whether there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
import warnings

from tests.pipelines.drawn import difference, draw
from tests.pipelines.threads import steps_in_threads


def fault(seed: int) -> str | None:
    """What is wrong with the run of this seed, if anything. In a block of `steps_in_threads()`."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return difference(draw(seed))
        except Exception as error:
            return f"{type(error).__name__}: {error}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    begin, faults = time.monotonic(), 0
    with steps_in_threads():
        for seed in range(options.seed, options.seed + options.runs):
            if found := fault(seed):
                faults += 1
                print(f"{seed}: {found}", flush=True)
    seconds = time.monotonic() - begin
    print(f"{options.runs} runs from seed {options.seed}: {faults} faults, {seconds:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
