"""Rows per minute of `BatchedTransformersLLM` against distilabel's `TransformersLLM` and plain `model.generate`.

All three generate the same Magpie instructions with the embedded model in one process: the same prompts, sampling
arguments, maximum length and threads. They draw different random numbers, so the texts differ; tokens per row stand
beside the rows per minute to show that the work was alike. Run it on an otherwise idle machine:

    python benchmarks/generation.py [--rows 16 32 64] [--repeat 1]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from prompt2data import environment
from prompt2data.llm import BatchedTransformersLLM, TransformersLLM
from prompt2data.models import EMBEDDED

SAMPLING = {"temperature": 0.7, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.0}
MAX_NEW_TOKENS = 64
SYSTEM = "The user will ask you a question about baking bread at home."


@dataclass
class Measured:
    """One way to generate `rows` rows."""

    rows: int
    seconds: float
    tokens: int

    @property
    def rows_per_minute(self) -> float:
        """Rows per minute."""
        return 60 * self.rows / self.seconds


def measure(generate: Callable[[int], int], rows: int, repeat: int) -> Measured:
    """The fastest of `repeat` runs: the rest is what else the machine did."""
    best = None
    for _repetition in range(repeat):
        start = time.perf_counter()
        tokens = generate(rows)
        result = Measured(rows, time.perf_counter() - start, tokens)
        if best is None or result.seconds < best.seconds:
            best = result
    return best


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["PROMPT2DATA_PROGRESS"] = "0"
    environment.prepare_worker()
    torch.manual_seed(0)

    batched = BatchedTransformersLLM(model=EMBEDDED, use_magpie_template=True)
    batched.load()
    # The same string for all: what BatchedTransformersLLM derives, as a literal pre-query template for the other.
    prompt = batched.prepare_input([{"role": "system", "content": SYSTEM}])
    plain = TransformersLLM(model=EMBEDDED, chat_template=prompt + "{#- the same for every row -#}")
    plain.load()
    tokenizer, model = batched._pipeline.tokenizer, batched._pipeline.model
    # The same rules of ending as well: the plain ones would otherwise write on through the next turn's header.
    stop = sorted(batched._stop_tokens([{"role": "system", "content": SYSTEM}]))
    for engine in (plain._pipeline.model, model):
        engine.generation_config.eos_token_id = stop

    def by_batched(rows: int) -> int:
        chats = [[{"role": "system", "content": SYSTEM}] for _row in range(rows)]
        outputs = batched.generate(chats, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING)
        return sum(output["statistics"]["output_tokens"][0] for output in outputs)

    def by_plain(rows: int) -> int:
        chats = [[{"role": "user", "content": "unused"}] for _row in range(rows)]
        outputs = plain.generate(inputs=chats, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING)
        return sum(output["statistics"]["output_tokens"][0] for output in outputs)

    def by_generate(rows: int) -> int:
        encoded = tokenizer([prompt] * rows, return_tensors="pt", padding=True)
        with torch.inference_mode():
            ids = model.generate(
                **encoded, do_sample=True, max_new_tokens=MAX_NEW_TOKENS, pad_token_id=stop[0], **SAMPLING
            )
        new = ids[:, encoded["input_ids"].shape[1] :]
        return int((~torch.isin(new, torch.tensor(stop))).sum())

    ways = {"TransformersLLM": by_plain, "model.generate": by_generate, "BatchedTransformersLLM": by_batched}
    for generate in ways.values():
        generate(2)  # first calls compile and allocate

    print(f"Magpie instructions, {EMBEDDED}, at most {MAX_NEW_TOKENS} new tokens, {torch.get_num_threads()} threads")
    print(f"{'rows':>4}  {'way':<24}{'rows/min':>9}{'tokens/row':>12}{'tokens/s':>10}{'ratio':>8}")
    failed = []
    for rows in arguments.rows:
        results = {name: measure(generate, rows, arguments.repeat) for name, generate in ways.items()}
        base = results["TransformersLLM"]
        for name, result in results.items():
            ratio = result.rows_per_minute / base.rows_per_minute
            print(
                f"{rows:>4}  {name:<24}{result.rows_per_minute:>9.1f}{result.tokens / rows:>12.1f}"
                f"{result.tokens / result.seconds:>10.1f}{ratio:>8.2f}"
            )
        against_plain = results["BatchedTransformersLLM"].rows_per_minute / base.rows_per_minute
        against_generate = results["BatchedTransformersLLM"].rows_per_minute / results["model.generate"].rows_per_minute
        print(f"{rows:>4}  ratio to TransformersLLM {against_plain:.2f}, to model.generate {against_generate:.2f}")
        if against_generate < 0.8 or against_plain < {16: 3.0, 64: 4.0}.get(rows, 0.0):
            failed.append(rows)
    if failed:
        raise SystemExit(f"below the course's bounds at {failed} rows (3 at 16, 4 at 64; 0.8 of model.generate)")


if __name__ == "__main__":
    main()
