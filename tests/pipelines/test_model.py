"""The case that hangs with distilabel alone: generate in the kernel, then run pipelines, again and again."""

from __future__ import annotations

import pytest

from tests.pipelines.support import wait_until_gone

SETUP = "from prompt2data import MODEL, setup\nsetup()\n"
IMPORTS = "import torch, transformers\nfrom distilabel.pipeline import Pipeline\n"
STANDALONE = """
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from prompt2data import BatchedTransformersLLM

llm = BatchedTransformersLLM(model=MODEL, generation_kwargs={"max_new_tokens": 8})
task = TextGeneration(llm=llm)
task.load()
print(len(next(task.process([{"instruction": "Name a fruit."}] * 3))))
"""
RUN = """
with Pipeline() as pipeline:
    load = LoadDataFromDicts(data=[{"instruction": f"Name fruit {n}."} for n in range(3)])
    load >> TextGeneration(name="generate", llm=llm)
dataset = pipeline.run()["default"]["train"]
print(len(dataset), set(dataset["model_name"]) == {MODEL}, all(dataset["generation"]))
"""
RAN = """\
Pipeline finished: 2 steps, 3 rows.
Texts: 3 generated, 0 from the cache.
3 True True
"""


@pytest.mark.parametrize("start", [SETUP + IMPORTS, IMPORTS + SETUP], ids=["setup-first", "imports-first"])
def test_standalone_generation_then_three_runs(new_kernel, start: str) -> None:
    kernel = new_kernel()
    assert kernel.run(start).status == "ok"
    cell = kernel.run(STANDALONE)
    assert (cell.status, cell.text) == ("ok", "3\n")
    for _run in range(3):
        cell = kernel.run(RUN)
        assert (cell.text, cell.stderr) == (RAN, "")
        assert wait_until_gone(kernel.workers()) == []
    # The model in the kernel is untouched by the runs that used it.
    assert kernel.run('print(len(next(task.process([{"instruction": "Name a fruit."}]))))').text == "1\n"
    kernel.shutdown()
    assert wait_until_gone(kernel.known) == []


def test_cores_are_shared_between_the_models_of_a_stage(new_kernel) -> None:
    kernel = new_kernel()
    kernel.run(SETUP + STANDALONE.partition("task =")[0])
    cell = kernel.run(
        "import os\nfrom prompt2data.environment import available_cores\n"
        "from prompt2data.pipelines.processes import threads_for\n"
        "with Pipeline() as pipeline:\n"
        "    load = LoadDataFromDicts(name='load', data=[{'instruction': 'x'}])\n"
        "    load >> [TextGeneration(name=name, llm=llm) for name in ('a', 'b')]\n"
        "together = threads_for(pipeline, 'a')\n"
        "pipeline._load_groups = [['load'], ['a'], ['b']]\n"
        "cores = min(available_cores(), int(os.environ.get('OMP_NUM_THREADS') or 1000))\n"
        "print(together == max(1, cores // 2), threads_for(pipeline, 'a') == cores)\n",
        timeout=60,
    )
    assert cell.text == "True True\n"
