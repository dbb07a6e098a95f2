"""How fast `BatchedTransformersLLM` is beside the other ways to generate the same, side by side in one run.

All generate Magpie instructions with the embedded model: the same prompt, sampling arguments, maximum length, rules of
ending and threads. They draw different random numbers, so the texts differ. The generation cache is off, but for the
last line. Run it on an otherwise idle machine (about five minutes on two cores):

    python -m benchmarks.generation [--repeat 2] [--first-row]

llama.cpp takes part where its wheel is installed: `pip install xllamacpp`. The exit status is 1 where a ratio is below
what the course promises.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks._ways import MAX_NEW_TOKENS, Ways, best, llama_cpp
from prompt2data import cache, environment
from prompt2data.engine.value_cache import TEXT, pack_text, unpack_text
from prompt2data.models import EMBEDDED

# Way -> least ratio of our rows per minute to its own.
PROMISED = {
    "TransformersLLM, 16 rows": 5.0,
    "TransformersLLM, 64 rows": 8.0,
    "model.generate at its best batch size, 64 rows of equal length": 0.95,
    "model.generate at its best batch size, 64 rows of uneven length": 1.0,
}
GFLOP_PER_TOKEN = 0.27  # two for each of the 134.5 million weights
SIZES = (16, 32, 64)


def main() -> int:
    """Measure, print the table in Markdown, and say what is below its promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=2, help="runs of each way, of which the fastest counts")
    parser.add_argument("--first-row", action="store_true", help="also from `make lab` to the first row (minutes)")
    parser.add_argument("--memory", metavar="WAY", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ["PROMPT2DATA_PROGRESS"] = "0"
    environment.prepare_worker()
    torch.manual_seed(0)
    if arguments.memory:
        print(peak_memory(arguments.memory))
        return 0
    ways = Ways()
    print(header(), flush=True)
    failed = []
    for name, ours, other in compared(ways, arguments.repeat):
        ratio = ours.rows_per_minute / other.rows_per_minute
        print(
            f"| {name} | {other.rows_per_minute:.1f} | {other.tokens_per_second:.0f} | {ours.rows_per_minute:.1f} "
            f"| {ours.tokens_per_second:.0f} | **{ratio:.2f}** |",
            flush=True,
        )
        if ratio < PROMISED.get(name, 0.0):
            failed.append(f"{name}: {ratio:.2f} is below {PROMISED[name]}")
        if "equal length" in name:
            fastest = ours
    print()
    ceiling = matrix_multiply() / GFLOP_PER_TOKEN
    print(f"* Equal lengths, 64 rows: {fastest.tokens_per_second / ceiling:.0%} of the {ceiling:.0f} tokens per second")
    print("  that this machine's matrix multiplication would allow.")
    equal, rows = ways.greedy_matches(16)
    print(f"* Greedy decoding: {equal} of {rows} texts are those of `model.generate`.")
    print(f"* Peak memory with 64 rows: {', '.join(memories())}.")
    print(f"* A text from the generation cache instead of from the model: {hit_cost() * 1e6:.0f} µs in a batch of 64.")
    if arguments.first_row:
        from benchmarks.first_row import measure

        cold, warm = measure()
        print(
            f"* From `make lab` to the first row: {cold:.0f} s in a fresh clone, {warm:.0f} s in the same clone again."
        )
    if equal < rows:
        failed.append(f"greedy decoding: {rows - equal} of {rows} texts differ from those of model.generate")
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


def header() -> str:
    """Where, when and with what the figures were made, and the head of the table."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "distilabel"))
    return (
        f"{datetime.date.today()}, {platform.machine()}, {torch.get_num_threads()} threads, Python "
        f"{platform.python_version()}, {packages}, {EMBEDDED} in fp32, at most {MAX_NEW_TOKENS} new tokens.\n\n"
        "| compared with | its rows/min | its tokens/s | our rows/min | our tokens/s | ratio |\n"
        "|---|---|---|---|---|---|"
    )


def compared(ways: Ways, repeat: int):
    """Each comparison: name, our figures, the other's."""
    original = ways.transformers_llm()
    for generate in (ways.batched, ways.batched_equal, original, ways.plain(16)):
        generate(2)  # first calls compile and allocate
    for rows in (16, 64):
        other = best(original, rows)  # once: it takes minutes
        yield f"TransformersLLM, {rows} rows", best(ways.batched, rows, repeat), other
    for equal, name, generate in ((True, "equal", ways.batched_equal), (False, "uneven", ways.batched)):
        # In turn, so that whatever else the machine does falls on all.
        runs = [[best(ways.plain(size, equal), 64) for size in SIZES] + [best(generate, 64)] for _time in range(repeat)]
        other = min((run for several in runs for run in several[:-1]), key=lambda run: run.seconds)
        ours = min((several[-1] for several in runs), key=lambda run: run.seconds)
        yield f"model.generate at its best batch size, 64 rows of {name} length", ours, other
    with tempfile.TemporaryDirectory() as folder:
        try:
            generate = llama_cpp(Path(folder), torch.get_num_threads())(ways.prompt)
        except ImportError:
            print("| llama.cpp: `pip install xllamacpp` to have it measured | | | | | |")
            return
        generate(2)
        runs = [(best(ways.batched, 64), best(generate, 64)) for _time in range(repeat)]
        ours, other = (min(run, key=lambda one: one.seconds) for run in zip(*runs, strict=True))
        yield "llama.cpp on the 4-bit GGUF, 64 rows of uneven length", ours, other


def matrix_multiply() -> float:
    """GFLOP/s of the fastest fp32 matrix multiplication here."""
    left, right = torch.rand(2048, 2048), torch.rand(2048, 2048)
    seconds = []
    for _time in range(10):
        start = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - start)
    return 2 * 2048**3 / min(seconds) / 1e9


def memories() -> list[str]:
    """Peak memory of each way, in a process of its own."""
    found = []
    for way in ("TransformersLLM", "model.generate", "BatchedTransformersLLM"):
        command = [sys.executable, "-m", "benchmarks.generation", "--memory", way]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(f"{way} {int(done.stdout.split()[-1]) / 2**30:.2f} GiB")
    return found


def peak_memory(way: str) -> int:
    """Most bytes this process had in memory after 64 rows (8, where one comes after the other)."""
    import resource

    ways = Ways()
    if way == "TransformersLLM":
        ways.llm.unload()
        del ways.model
        ways.transformers_llm()(8)
    else:
        {"model.generate": ways.plain(64), "BatchedTransformersLLM": ways.batched}[way](64)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def hit_cost() -> float:
    """Seconds to take one text of 64 tokens out of a cache with a thousand others, in batches of 64."""
    with tempfile.TemporaryDirectory() as folder:
        store = cache.GenerationCache(folder)
        keys = [cache.entry_key(number=number) for number in range(1000)]
        for key in keys:
            store.put(key, TEXT, pack_text(range(64), "stop"))
        seconds = []
        for first in range(0, 960, 64):
            start = time.perf_counter()
            found = store.get(keys[first : first + 64], TEXT)
            assert len([unpack_text(payload) for payload in found.values()]) == 64
            seconds.append((time.perf_counter() - start) / 64)
        store.close()
    return min(seconds)


if __name__ == "__main__":
    sys.exit(main())
