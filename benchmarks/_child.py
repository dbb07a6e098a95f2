"""One way in a process of its own, so that the OpenMP settings of one do not touch another.

It loads, says that it is ready, and answers each line {"run": WORK} on stdin with one line of JSON on stdout: seconds,
tokens that are part of a text, digests of the texts where they are to be compared, and the peak of memory in bytes so
far.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import _peers, _ways
from benchmarks._works import Run, Setting, read

# On CPUs with AMX or AVX512-BF16, OpenVINO computes fp32 weights in bf16 unless it is told otherwise.
OPENVINO_FP32 = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
WAYS: dict[str, Callable[[Setting], Run]] = {
    "ours": _ways.ours,
    "ours in bfloat16": lambda setting: _ways.ours(setting, torch_dtype="bfloat16"),
    "TransformersLLM": _ways.transformers_llm,
    **{f"model.generate, {size} rows a batch": _ways.plain(size) for size in _ways.SIZES},
    "transformers' generate_batch": _ways.continuous,
    "CTranslate2 fp32": lambda setting: _peers.ctranslate2(setting, "float32"),
    "CTranslate2 int8": lambda setting: _peers.ctranslate2(setting, "int8"),
    "OpenVINO GenAI fp32": lambda setting: _peers.openvino(setting, "fp32", OPENVINO_FP32),
    "OpenVINO GenAI int8 weights, default precision": lambda setting: _peers.openvino(setting, "int8", {}),
    "llama.cpp 4-bit, 16 slots": _peers.llama_cpp,
}


def serve(way: str, file: str) -> None:
    """Be the child: load `way`, and answer until stdin ends."""
    # A library that prints must not speak to the parent.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    setting = read(Path(file))
    run = WAYS[way](setting)
    run(setting.works["m4"])  # first calls compile and allocate
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        work = setting.works[json.loads(line)["run"]]
        start = time.perf_counter()
        texts = run(work)
        seconds = time.perf_counter() - start
        answer = {"seconds": seconds, "tokens": sum(text.tokens for text in texts), "memory": peak_memory()}
        if texts[0].text is not None:
            answer["digests"] = [digest(text.text or "") for text in texts]
        print(json.dumps(answer), file=answers)


def digest(text: str) -> str:
    """16 hexadecimal digits that two texts share only if they are the same."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def peak_memory() -> int:
    """Most bytes this process had in memory so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Child:
    """The parent's end of a child."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, work: str) -> dict[str, Any]:
        """Have it generate the work; its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"run": work}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Its next line. Raises RuntimeError if it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the child ended with status {self.process.wait()}")
        return json.loads(line)


@contextmanager
def child(way: str, file: Path, python: str, tree: Path, log: Path) -> Iterator[Child]:
    """Start `way` under `python`, with prompt2data from `tree`; what it prints goes to `log`."""
    own = str(Path(__file__).parents[1])
    # The benchmark's modules come from here, and prompt2data from `tree`, which may have a benchmark of its own.
    code = f"import sys; sys.path.insert(0, {own!r}); from benchmarks._child import serve; sys.path.pop(0)"
    with log.open("a") as errors:
        process = subprocess.Popen(
            [python, "-c", f"{code}; serve(*sys.argv[1:])", way, str(file)],
            cwd=log.parent,  # -c looks for modules here first, and must find none
            env=environment(tree),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        started = Child(process)
        started.answer()
        yield started
    finally:
        process.kill()
        process.communicate()


def environment(tree: Path) -> dict[str, str]:
    """A child's environment: without what importing prompt2data set here for its own process."""
    own = ("OMP_", "GOMP_", "TOKENIZERS_PARALLELISM")
    env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return env | {"PYTHONPATH": str(tree), "PROMPT2DATA_PROGRESS": "0", "HF_HUB_OFFLINE": "1"}
