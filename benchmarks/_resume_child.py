"""The program that `benchmarks/resume.py` kills and starts again: one of three pipelines, and its rows in a file.

It is what a reader's script would be. When a worker dies it says so and runs the pipeline again, once.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from prompt2data import setup

setup()

# ruff: noqa: E402
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import EvolInstruct, Magpie, TextGeneration

from benchmarks._logged_llm import LoggedLLM
from prompt2data.ground.errors import WorkerDied
from prompt2data.models import EMBEDDED

# Short answers end at different times, so that a kill meets batches of which some rows are finished.
_SHORT = "Answer with at most five words."
_SYSTEM_PROMPTS = {
    "bread": "The user will ask you one short question about baking bread at home.",
    "travel": "The user will ask you one short question about travelling by train.",
    "code": "The user will ask you one short question about a Python program.",
}


def instructions(rows: int) -> list[dict[str, Any]]:
    """`rows` rows with an `id` and an instruction, all distinct."""
    return [{"id": number, "instruction": f"What is {number // 8 + 2} + {number % 8 + 3}?"} for number in range(rows)]


def two_steps(llm: LoggedLLM, rows: int, batch: int) -> Pipeline:
    """Two `TextGeneration` steps in a chain."""
    with Pipeline(name="two-steps") as pipeline:
        load = LoadDataFromDicts(name="load", data=instructions(rows), batch_size=batch)
        options = {"llm": llm, "input_batch_size": batch, "system_prompt": _SHORT}
        first = TextGeneration(name="first", output_mappings={"generation": "draft"}, **options)
        second = TextGeneration(name="second", input_mappings={"instruction": "draft"}, **options)
        load >> first >> second
    return pipeline


def evolutions(llm: LoggedLLM, rows: int, batch: int) -> Pipeline:
    """`EvolInstruct` with two evolutions, whose operators are drawn at random."""
    with Pipeline(name="evolutions") as pipeline:
        load = LoadDataFromDicts(name="load", data=instructions(rows), batch_size=batch)
        load >> EvolInstruct(name="evolve", llm=llm, input_batch_size=batch, num_evolutions=2)
    return pipeline


def magpie(llm: LoggedLLM, rows: int, batch: int) -> Pipeline:
    """`Magpie` with several system prompts, drawn at random: an instruction, then its answer."""
    with Pipeline(name="magpie") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"id": number} for number in range(rows)], batch_size=batch)
        load >> Magpie(name="speak", llm=llm, input_batch_size=batch, n_turns=1, system_prompt=_SYSTEM_PROMPTS)
    return pipeline


PIPELINES = {"a": two_steps, "b": evolutions, "c": magpie}


def main() -> None:
    """Run the pipeline and write its rows, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pipeline", choices=PIPELINES)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()

    llm = LoggedLLM(
        model=EMBEDDED,
        log_file=arguments.log,
        generation_kwargs={"max_new_tokens": arguments.tokens},
    )
    pipeline = PIPELINES[arguments.pipeline](llm, arguments.rows, arguments.batch)
    try:
        distiset = pipeline.run()
    except WorkerDied as error:
        print(error, flush=True)
        distiset = pipeline.run()
    with open(arguments.out, "w", encoding="utf-8") as file:
        for row in distiset["default"]["train"]:
            print(json.dumps(row), file=file)


if __name__ == "__main__":
    main()
