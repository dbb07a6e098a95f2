"""A pipeline on a real local Ray."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.support import wait_until_gone


@pytest.fixture
def note_of_a_killed_ray() -> Iterator[None]:
    """What a killed notebook leaves: Ray's note of a cluster that nobody answers for."""
    note = Path(tempfile.gettempdir()) / "ray" / "ray_current_cluster"
    if note.exists():
        yield
        return
    note.parent.mkdir(exist_ok=True)
    note.write_text("127.0.0.1:9")
    yield
    note.unlink(missing_ok=True)


def test_ray_runs_quietly_and_ends_with_the_run(new_kernel, note_of_a_killed_ray: None) -> None:
    assert importlib.util.find_spec("ray"), "Ray is not installed: pip install -r requirements-ray.txt"
    kernel = new_kernel()
    kernel.run(
        "from prompt2data import pipelines\npipelines.install()\n"
        "from distilabel.pipeline import Pipeline\nfrom distilabel.steps import LoadDataFromDicts, StepInput, step\n"
        "@step(inputs=['n'], outputs=[])\n"
        "def Small(inputs: StepInput):\n    yield [row for row in inputs if row['n'] < 3]\n"
        "@step(inputs=['n'], outputs=['m'])\n"
        "def Times(inputs: StepInput):\n    yield [{**row, 'm': 10 * row['n']} for row in inputs]\n"
        "with Pipeline() as pipeline:\n"
        "    load = LoadDataFromDicts(name='load', data=[{'n': n} for n in range(1, 5)], batch_size=2)\n"
        "    load >> Small(name='small', input_batch_size=2) >> Times(name='times', input_batch_size=2)\n"
    )
    cell = kernel.run("print(pipeline.ray().run()['default']['train']['m'][:])")
    assert (cell.text, cell.stderr, cell.error) == ("Pipeline finished: 3 steps, 2 rows.\n[10, 20]\n", "", "")
    assert wait_until_gone(kernel.known) == []  # Ray was started for this run
    assert kernel.run("import ray; print(ray.is_initialized(), pipelines.ray_available())").text == "False True\n"
    cell = kernel.run("print(pipeline.run()['default']['train']['m'][:])")
    assert cell.text == "Pipeline finished: 3 steps, 2 rows.\n[10, 20]\n"
