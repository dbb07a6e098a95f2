"""What a learner saved with an earlier version still works: imports, notebooks, pipelines, generated texts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SAVED = Path(__file__).parent / "v0_1"
COUNT = """
import os
from prompt2data import cache
print(cache.GenerationCache(os.environ["PROMPT2DATA_CACHE"]).stats().entries)
"""
LOAD = """
import sys
from distilabel.pipeline import Pipeline
from prompt2data import setup

if __name__ == "__main__":
    setup()
    pipeline = Pipeline.from_yaml(sys.argv[1])
    # distilabel saves every step but the rows of this one.
    rows = [{"instruction": f"Name {n} kinds of bread."} for n in (2, 3, 4)]
    pipeline.dag.get_step("load")["step"].data = rows
    dataset = pipeline.run(use_cache=False)["default"]["train"]
    print(dataset["generation"][:])
"""


def by_id(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """What each cell printed."""
    return {
        cell.id: "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


@pytest.fixture(scope="module")
def same_model(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether this environment gives the model the identity that it had: another torch writes texts of its own."""
    from prompt2data.llm import BatchedTransformersLLM
    from prompt2data.models import EMBEDDED

    expected = json.loads((SAVED / "identity.json").read_text("utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPT2DATA_CACHE", str(tmp_path_factory.mktemp("digests")))
        llm = BatchedTransformersLLM(model=EMBEDDED)
        llm.load()
        identity = llm.local_model.identity
    if identity["software"].partition(", decoding")[0] == expected["software"].partition(", decoding")[0]:
        assert identity == expected
    return identity == expected


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a machine that has the old generation cache; the working directory is a fresh one."""
    shutil.copytree(SAVED / "generations", tmp_path / "generations")
    monkeypatch.chdir(tmp_path)
    return os.environ | {"PROMPT2DATA_CACHE": str(tmp_path / "generations"), "PROMPT2DATA_PROGRESS": "0"}


@pytest.mark.parametrize("name", json.loads((SAVED / "names.json").read_text("utf-8")))
def test_a_name_that_notebooks_import(name: str) -> None:
    module, _, attribute = name.partition(":")
    package = import_module(module)
    if not hasattr(package, attribute):
        import_module(f"{module}.{attribute}")


def test_a_saved_notebook_prints_what_it_printed(same_model: bool, environment: dict[str, str]) -> None:
    notebook = nbformat.read(SAVED / "notebook.ipynb", as_version=4)
    before = by_id(notebook)
    count = nbformat.v4.new_code_cell(COUNT, id="count")
    notebook.cells.insert(2, count)  # behind the set-up
    notebook.cells.append(nbformat.v4.new_code_cell(COUNT, id="count-again"))
    NotebookClient(notebook, timeout=600, store_widget_state=False).execute(env=environment)
    after = by_id(notebook)
    assert "Error" not in json.dumps([output for cell in notebook.cells for output in cell.get("outputs", ())])
    assert after["words"] == before["words"]
    if same_model:
        for cell in ("generate", "magpie", "matching"):
            assert after[cell] == before[cell], cell
        counted = "Texts: 3 generated, 0 from the cache."
        assert after["pipeline"] == before["pipeline"].replace(counted, "Texts: 0 generated, 3 from the cache.")
        assert after["count"] == after["count-again"] == "10\n"


def test_a_saved_pipeline_runs_with_its_texts(same_model: bool, environment: dict[str, str]) -> None:
    script = Path("run_saved.py")
    script.write_text(LOAD, "utf-8")
    command = [sys.executable, script, SAVED / "pipeline.yaml"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    before = by_id(nbformat.read(SAVED / "notebook.ipynb", as_version=4))["pipeline"]
    texts = before.partition("Column(")[2].rstrip(")\n")
    if same_model:
        assert "Texts: 0 generated, 3 from the cache." in run.stdout
        assert texts in run.stdout
    else:
        assert "Texts: 3 generated, 0 from the cache." in run.stdout
