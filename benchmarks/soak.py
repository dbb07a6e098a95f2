"""Twenty pipeline runs in one real kernel, after generation in the kernel itself: no hang, no orphan, no leak.

    python benchmarks/soak.py [RUNS]

Prints each run's seconds and, before and after, the kernel's processes and memory. Exits with 1 when a run hangs or
fails, or a process is left behind.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.pipelines.support import Kernel, wait_until_gone  # noqa: E402

PREPARE = """
from prompt2data import MODEL, BatchedTransformersLLM, setup
setup()
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

llm = BatchedTransformersLLM(model=MODEL, generation_kwargs={"max_new_tokens": 16})
task = TextGeneration(llm=llm)
task.load()
print(next(task.process([{"instruction": "Name a fruit."}]))[0]["generation"])
"""
RUN = """
instructions = [f"Name fruit {{n}}." for n in range({start}, {start} + 4)]
with Pipeline() as pipeline:
    load = LoadDataFromDicts(name="load", data=[{{"instruction": text}} for text in instructions])
    load >> TextGeneration(name="generate", llm=llm)
dataset = pipeline.run()["default"]["train"]
assert dataset["instruction"][:] == instructions and all(dataset["generation"])
"""
LIMIT_SECONDS = 120


def state(kernel: Kernel) -> str:
    processes = [kernel.process, *kernel.children()]
    memory = ", ".join(f"{process.memory_info().rss / 2**20:.0f}" for process in processes)
    return f"{len(processes)} processes (resident MiB: {memory})"


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(Path(folder))
        try:
            cell = kernel.run(PREPARE, timeout=LIMIT_SECONDS)
            print(f"generation in the kernel: {cell.seconds:.1f} s {cell.error}")
            print("before:", state(kernel))
            for number in range(1, runs + 1):
                cell = kernel.run(RUN.format(start=10 * number), timeout=LIMIT_SECONDS)
                left = wait_until_gone(kernel.workers(), 30)
                print(f"run {number:2}: {cell.seconds:5.1f} s  {cell.error or cell.text.strip()}", flush=True)
                if cell.status != "ok" or left:
                    print(f"left behind: {left}" if left else "the run failed")
                    return 1
            print("after: ", state(kernel))
        except TimeoutError:
            print(f"a run took longer than {LIMIT_SECONDS} s: it hangs")
            return 1
        finally:
            start = time.monotonic()
            kernel.shutdown()
            left = wait_until_gone(kernel.known, 30)
            print(f"shut down in {time.monotonic() - start:.1f} s; {len(left)} processes left")
        return 1 if left else 0


if __name__ == "__main__":
    os.environ.setdefault("PROMPT2DATA_PROGRESS", "0")
    raise SystemExit(main())
