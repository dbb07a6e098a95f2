"""`isolate_failures()` with the real model, standalone and in pipelines."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distilabel.steps import StepInput
from distilabel.steps.tasks import EvolInstruct, Task, TextGeneration

from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import EMBEDDED
from prompt2data.pipelines import worker
from prompt2data.pipelines.isolation import isolate_failures
from tests.pipelines.support import HANG_SECONDS, script

METADATA = "distilabel_metadata"
FRUIT = ["Name a fruit.", "Name a tree.", "Name a fruit.", "Hi!", "Name a bird.", "Name a fruit.", "Count to two."]


@pytest.fixture(scope="module")
def llm():
    worker.prepare_worker()
    llm = BatchedTransformersLLM(model=EMBEDDED, generation_kwargs={"max_new_tokens": 4})
    llm.load()
    yield llm
    llm.unload()


class Asked:
    """Counts the rows of each call that reaches the model."""

    def __init__(self, llm: BatchedTransformersLLM, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: list[int] = []
        original = BatchedTransformersLLM.generate

        def generate(llm, inputs, *args, **kwargs):
            self.rows.append(len(inputs))
            return original(llm, inputs, *args, **kwargs)

        monkeypatch.setattr(BatchedTransformersLLM, "generate", generate)


@pytest.fixture
def asked(llm, monkeypatch):
    return Asked(llm, monkeypatch)


def run(task: Task, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The task's rows; each call begins anew, with the same random numbers."""
    mark = task.llm.mark()
    random.seed(7)
    np.random.seed(7)
    task.load()
    outputs = next(task.process(copy.deepcopy(rows)))
    task.llm.rewind(mark)
    return outputs


def instructions(texts: list[Any]) -> list[dict[str, Any]]:
    return [{"instruction": text} for text in texts]


@pytest.mark.parametrize(
    ("value", "position"), [(None, 0), (None, 3), (None, 7), (5, 4), ({"text": "Hi!"}, 1)], ids=str
)
def test_a_bad_instruction_costs_only_itself(llm, asked, value, position):
    expected = run(TextGeneration(name="answer", llm=llm), instructions(FRUIT))
    assert len({row["generation"] for row in expected}) > 3 and asked.rows == [7]
    asked.rows.clear()
    rows = run(
        isolate_failures(TextGeneration(name="answer", llm=llm)),
        instructions([*FRUIT[:position], value, *FRUIT[position:]]),
    )
    bad = rows.pop(position)
    assert rows == expected
    assert asked.rows == [7]  # found without asking the model, and the others in one batch
    reason = bad[METADATA].pop("error_answer")
    assert reason.startswith("DistilabelUserError: Input `instruction` must be a string.") and "\n" not in reason
    # As distilabel's own imputation.
    assert bad == {
        "instruction": value,
        "generation": None,
        "model_name": None,
        METADATA: {"raw_output_answer": None, "raw_input_answer": None},
    }


def test_without_a_bad_row_the_model_is_asked_once_and_nothing_is_added(llm, asked):
    expected = run(TextGeneration(name="answer", llm=llm), instructions(FRUIT))
    asked.rows.clear()
    assert run(isolate_failures(TextGeneration(name="answer", llm=llm)), instructions(FRUIT)) == expected
    assert asked.rows == [7]


@pytest.mark.parametrize("grouped", [False, True], ids=["rows", "grouped"])
def test_several_generations_for_each_row(llm, grouped):
    options = {"name": "answer", "llm": llm, "num_generations": 2, "group_generations": grouped}
    before = {"error_before": "ValueError: x"}
    given = [{"instruction": text, METADATA: before} for text in (FRUIT[0], None, FRUIT[1])]
    expected = run(TextGeneration(**options), [given[0], given[2]])
    rows = run(isolate_failures(TextGeneration(**options)), given)
    share = 1 if grouped else 2
    assert [row["instruction"] for row in rows] == [FRUIT[0]] * share + [None] + [FRUIT[1]] * share
    bad = rows.pop(share)
    assert bad["generation"] is None
    for metadata in bad[METADATA] if grouped else [bad[METADATA]]:
        assert metadata["error_before"] == "ValueError: x" and "error_answer" in metadata
    for row, plain in zip(rows, expected, strict=True):
        assert row["generation"] == plain["generation"]
        if grouped:
            assert row[METADATA] == [{**before, **metadata} for metadata in plain[METADATA]]
        else:
            assert row[METADATA] == {**before, **plain[METADATA]}


def test_a_step_that_draws_in_rounds_and_shares_statistics(llm):
    options = {"name": "evolve", "llm": llm, "num_evolutions": 2, "store_evolutions": True}
    expected = run(EvolInstruct(**options), instructions(FRUIT[:2]))
    rows = run(isolate_failures(EvolInstruct(**options)), instructions([FRUIT[0], None, FRUIT[1]]))
    bad = rows.pop(1)
    assert rows == expected
    assert bad["evolved_instructions"] is None and bad[METADATA]["error_evolve"].startswith("TypeError")


class Late(Task):
    """Fails after the model has written, for the row that asks for it."""

    @property
    def inputs(self):
        return ["instruction", "late"]

    @property
    def outputs(self):
        return ["generation"]

    def format_input(self, input):
        return [{"role": "user", "content": input["instruction"]}]

    def format_output(self, output, input=None):
        return {"generation": output}

    def process(self, inputs: StepInput):
        for outputs in super().process(inputs):
            yield [{**row, "length": len(row["generation"]) // row["late"]} for row in outputs]


@pytest.mark.parametrize("position", [0, 2, 6])
def test_a_row_that_fails_after_the_model_was_asked(llm, asked, position):
    given = [{"instruction": text, "late": 1} for text in FRUIT]
    expected = run(Late(name="late", llm=llm), given)
    asked.rows.clear()
    # The same prompt as others have: what the failed row took from the counts must be given back.
    bad = {"instruction": FRUIT[0], "late": 0}
    rows = run(isolate_failures(Late(name="late", llm=llm)), [*given[:position], bad, *given[position:]])
    assert rows.pop(position)[METADATA]["error_late"].startswith("ZeroDivisionError")
    assert rows == expected
    assert len(asked.rows) <= 7


def test_a_model_that_cannot_be_loaded_is_not_blamed_on_a_row(llm, monkeypatch):
    def generate(*args, **options):
        raise ModelNotLoaded("no model")

    task = isolate_failures(TextGeneration(name="answer", llm=llm))
    task.load()
    monkeypatch.setattr(BatchedTransformersLLM, "generate", generate)
    with pytest.raises(ModelNotLoaded):
        next(task.process(instructions([None, "Hi!"])))


def test_a_task_that_was_not_loaded_raises_as_usual(llm):
    task = isolate_failures(TextGeneration(name="answer", llm=llm))
    with pytest.raises(AttributeError):
        next(task.process(instructions(["Hi!"])))


# Pipelines ----------------------------------------------------------------------------------------------------------

PIPELINE = """
import json
from prompt2data import pipelines
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import EMBEDDED
from prompt2data.pipelines.isolation import isolate_failures
pipelines.install()
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step
from distilabel.steps.tasks import TextGeneration

@step(inputs=["word"], outputs=["question"])
def Ask(inputs: StepInput):
    yield [{**row, "question": "Name a " + row["word"]} for row in inputs]

def main(words):
    llm = BatchedTransformersLLM(model=EMBEDDED, generation_kwargs={"max_new_tokens": 4})
    with Pipeline() as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"word": word} for word in words])
        ask = isolate_failures(Ask(name="ask", input_batch_size=4))
        answer = isolate_failures(
            TextGeneration(
                name="answer", llm=llm, input_mappings={"instruction": "question"}, input_batch_size=4,
                output_mappings={"generation": "reply"},
            )
        )
        load >> ask >> answer
    print(json.dumps(pipeline.run()["default"]["train"].to_list()))
"""


def results(folder: Path, code: str) -> tuple[list[dict[str, Any]], str, str]:
    """Rows of the pipeline, and what else was printed, to both streams."""
    output, errors = script(folder, code).communicate(timeout=HANG_SECONDS)
    *printed, rows = output.splitlines() or ["[]"]
    return json.loads(rows), "\n".join(printed), errors


def test_a_pipeline_keeps_all_rows_and_says_what_failed(tmp_path):
    rows, printed, errors = results(tmp_path, PIPELINE + "main(['tree', None, 'bird', 'fish', 'tree', 'lake'])\n")
    assert errors == ""
    assert [row["word"] for row in rows] == ["tree", None, "bird", "fish", "tree", "lake"]
    assert [position for position, row in enumerate(rows) if row["reply"] is None] == [1]
    bad = rows[1][METADATA]
    assert bad["error_ask"] == 'TypeError: can only concatenate str (not "NoneType") to str'
    assert bad["error_answer"].startswith("DistilabelUserError")
    assert all(row[METADATA]["statistics_answer"]["output_tokens"] for row in rows if row["word"])
    assert "1 of 4 rows failed in step 'ask'" in printed and "1 of 4 rows failed in step 'answer'" in printed
    assert printed.count("failed") == 2 and "Traceback" not in printed


def test_a_reason_far_down_reaches_the_dataset(tmp_path):
    code = PIPELINE.partition("def main")[0] + (
        "with Pipeline() as pipeline:\n"
        "    load = LoadDataFromDicts(name='load', data=[{'word': 'tree'}] * 119 + [{'word': None}])\n"
        "    load >> isolate_failures(Ask(name='ask'))\n"
        "print(json.dumps(pipeline.run()['default']['train'].to_list()))\n"
    )
    rows, _printed, errors = results(tmp_path, code)
    assert errors == "" and len(rows) == 120
    assert [row[METADATA] for row in rows[:119]] == [None] * 119
    assert rows[119][METADATA]["error_ask"].startswith("TypeError")


def test_steps_from_distilabels_cache_isolate_too(tmp_path):
    code = PIPELINE.partition("def main")[0] + (
        "for _run in range(2):\n"
        "    with Pipeline(name='p', cache_dir='cache') as pipeline:\n"
        "        load = LoadDataFromDicts(name='load', data=[{'word': 'tree'}, {'word': None}])\n"
        "        load >> isolate_failures(Ask(name='ask', use_cache=False))\n"
        "    rows = pipeline.run(use_cache=True)['default']['train'].to_list()\n"
        "    print([row['question'] for row in rows])\n"
        "print(json.dumps(rows))\n"
    )
    rows, printed, errors = results(tmp_path, code)
    assert errors == "" and printed.count("['Name a tree', None]") == 2 and len(rows) == 2
