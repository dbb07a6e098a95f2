"""What lesson 05 says of distilabel without showing it in a cell: still true with the installed version."""

from __future__ import annotations

import pytest
from datasets import Dataset, load_dataset
from distilabel.errors import DistilabelUserError
from distilabel.models.llms.base import LLM
from distilabel.models.llms.utils import prepare_output
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

from prompt2data import pipelines
from prompt2data.cards import Card, write_dataset


@pytest.fixture(autouse=True, scope="module")
def _installed():
    pipelines.install()


def texts(distiset) -> list[str | None]:
    return list(distiset["default"]["train"]["text"])


def test_keep_columns_after_a_fan_in_drops_all_branches_but_the_first():
    with Pipeline(name="first-only") as pipeline:
        first = LoadDataFromDicts(name="first", data=[{"text": "a"}, {"text": "b"}])
        second = LoadDataFromDicts(name="second", data=[{"text": "c"}, {"text": "d"}])
        [first, second] >> KeepColumns(name="keep", columns=["text"])
    assert texts(pipeline.run()) == ["a", "b"]


def test_a_pipeline_takes_one_dataset_after_another():
    with Pipeline(name="twice") as pipeline:
        KeepColumns(name="keep", columns=["text"])
    assert texts(pipeline.run(dataset=Dataset.from_list([{"text": "a"}]))) == ["a"]
    assert texts(pipeline.run(dataset=Dataset.from_list([{"text": "b"}]))) == ["b"]


def test_without_reading_the_cache_it_is_still_written(tmp_path):
    def run(text: str, use_cache: bool) -> list[str | None]:
        with Pipeline(name="written", cache_dir=tmp_path) as pipeline:
            load = LoadDataFromDicts(name="load", data=[{"text": text}])
            load >> KeepColumns(name="keep", columns=["text"])
        return texts(pipeline.run(use_cache=use_cache))

    assert run("first", use_cache=False) == ["first"]
    assert run("second", use_cache=False) == ["second"]
    assert run("third", use_cache=True) == ["second"]


def test_a_task_raises_on_a_row_without_instruction():
    from distilabel.models import TransformersLLM

    task = TextGeneration(name="task", llm=TransformersLLM(model="never-loaded"), pipeline=Pipeline(name="unused"))
    with pytest.raises(DistilabelUserError, match="must be a string"):
        task.format_input({"instruction": None})


def test_a_saved_pipeline_does_not_hold_its_rows(tmp_path):
    with Pipeline(name="saved") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"text": "a"}])
        load >> KeepColumns(name="keep", columns=["text"])
    pipeline.save(tmp_path / "pipeline.yaml", format="yaml")
    again = Pipeline.from_yaml(tmp_path / "pipeline.yaml")
    assert again.dag.get_step("load")["step"].data == []


def test_load_dataset_finds_its_copy_by_the_name_of_the_folder(tmp_path):
    def shelf(text: str) -> str:
        card = Card(title="t", summary="s", licence="l", model="m", seed=0, columns={"text": "a text"})
        return str(write_dataset(tmp_path / text / "shelf", Dataset.from_list([{"text": text}]), card))

    def load(folder: str, cache: str) -> list[str]:
        return list(load_dataset(folder, split="train", cache_dir=str(tmp_path / cache))["text"])

    first, second = shelf("first"), shelf("second")
    assert load(first, "shared") == load(second, "shared") == ["first"]
    assert load(second, "its own") == ["second"]


class Scripted(LLM):
    """Always writes the same word."""

    @property
    def model_name(self) -> str:
        return "scripted"

    def generate(self, inputs, num_generations=1):
        return [prepare_output(["word"], input_tokens=[1], output_tokens=[1]) for _input in inputs]


def test_each_task_replaces_the_metadata_of_the_one_before():
    with Pipeline(name="two-tasks") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"instruction": "a"}])
        ask = TextGeneration(name="ask", llm=Scripted())
        load >> ask >> TextGeneration(name="answer", llm=Scripted())
    rows = pipeline.run()["default"]["train"]
    assert sorted(rows[0]["distilabel_metadata"]) == ["raw_input_answer", "raw_output_answer", "statistics_answer"]
