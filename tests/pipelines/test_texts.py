"""Which texts a pipeline's steps write: the same in every run, whoever takes a batch, and never those of other data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prompt2data import models
from tests.pipelines.support import Kernel, wait_until_gone

START = """
from prompt2data import MODEL, BatchedTransformersLLM, setup
setup()
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepResources
from distilabel.steps.tasks import EvolInstruct, TextGeneration

def llm(**fields):
    return BatchedTransformersLLM(model=MODEL, generation_kwargs={"max_new_tokens": 8}, **fields)
"""
# Equal prompts, so that only their occurrence tells one text from another.
REPLICAS = """
def replicated():
    with Pipeline(name="replicated") as pipeline:
        load = LoadDataFromDicts(data=[{"instruction": "Write a line of a poem."}] * 8)
        load >> TextGeneration(name="write", llm=llm(), input_batch_size=2, resources=StepResources(replicas=2))
    return list(pipeline.run()["default"]["train"]["generation"])

once, again = replicated(), replicated()
print(len(once), sorted(once) == sorted(again), len(set(once)) > 4)  # batches arrive in any order
"""
BRANCHES = """
with Pipeline(name="branches") as pipeline:
    load = LoadDataFromDicts(data=[{"instruction": "Write a line of a poem."}] * 2)
    load >> [TextGeneration(name=name, llm=llm()) for name in ("left", "right")]
distiset = pipeline.run()
print(set(distiset["left"]["train"]["generation"]).isdisjoint(distiset["right"]["train"]["generation"]))
"""
OTHER_DATA = """
def about(topic):
    with Pipeline(name="same-name") as pipeline:
        load = LoadDataFromDicts(data=[{"instruction": f"Write a line about {topic}."}])
        load >> EvolInstruct(name="evolve", llm=llm(), num_evolutions=1)
    return pipeline.run()["default"]["train"].to_list()

salt, rye, salt_again = about("salt"), about("rye"), about("salt")
print(salt[0]["instruction"] != rye[0]["instruction"], salt[0]["evolved_instruction"] != rye[0]["evolved_instruction"])
print(salt[0]["evolved_instruction"] == salt_again[0]["evolved_instruction"])
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("texts")
    kernel = Kernel(folder, PROMPT2DATA_CACHE=str(folder / "cache"))
    assert kernel.run(START).status == "ok"
    yield kernel
    kernel.shutdown()
    assert wait_until_gone(kernel.known) == []


def test_replicas_write_the_same_texts_in_every_run(kernel) -> None:
    cell = kernel.run("import os; os.environ['PROMPT2DATA_CACHE'] = 'off'" + REPLICAS)
    assert cell.text.endswith("8 True True\n"), cell.text
    kernel.run("del os.environ['PROMPT2DATA_CACHE']")


def test_equal_branches_write_different_texts(kernel) -> None:
    assert kernel.run(BRANCHES).text.endswith("True\n")


def test_changed_data_never_gets_old_rows_and_the_same_data_its_own(kernel) -> None:
    cell = kernel.run("os.environ['PROMPT2DATA_CACHE'] = 'cache'" + OTHER_DATA)
    assert "Texts: 0 generated, 1 from the cache." in cell.text, "the third run asks for what the first one made"
    assert cell.text.endswith("True True\nTrue\n"), cell.text


def test_a_model_that_cannot_be_loaded_ends_the_run_with_one_sentence(new_kernel, tmp_path: Path) -> None:
    """It is found out only when the first text is generated, and then no batch may pass for one that failed."""
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in Path(models.resolve(models.EMBEDDED)).iterdir():
        if path.name != "prompt2data.json":
            (broken / path.name).symlink_to(path)
    (broken / "model.safetensors").unlink()
    (broken / "model.safetensors").write_bytes(b"\x08" + bytes(500))
    kernel = new_kernel(PROMPT2DATA_MODEL=str(broken))
    assert kernel.run(START).status == "ok"
    cell = kernel.run(BRANCHES)
    assert cell.status == "error" and "The model broken could not be loaded" in cell.error, cell
    assert str(tmp_path) not in cell.error
    shutil.rmtree(broken)
