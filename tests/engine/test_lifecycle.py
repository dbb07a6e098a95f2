"""Loading, memory, names, copies for workers, progress."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import textwrap
import weakref

import pytest

from prompt2data import models
from prompt2data.engine.batches import is_out_of_memory
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import EMBEDDED


def test_unload_frees_the_model_and_load_brings_it_back():
    llm = BatchedTransformersLLM(model=EMBEDDED)
    llm.load()
    model = weakref.ref(llm.local_model.model)
    llm.unload()
    gc.collect()
    assert model() is None
    with pytest.raises(RuntimeError, match="load"):
        llm.generate([[{"role": "user", "content": "Hi!"}]])
    llm.load()
    assert llm.generate([[{"role": "user", "content": "Hi!"}]], max_new_tokens=4)[0]["generations"][0]


def test_load_again_keeps_the_loaded_model(llm):
    model = llm.local_model.model
    llm.load()
    assert llm.local_model.model is model


def test_a_copy_for_a_worker_carries_no_model_and_starts_its_own_counts(llm):
    llm.generate([[{"role": "user", "content": "Hi!"}]], max_new_tokens=2)
    data = pickle.dumps(llm)
    assert len(data) < 100_000
    copy = pickle.loads(data)
    with pytest.raises(RuntimeError, match="not loaded"):
        copy.local_model  # noqa: B018
    assert llm.local_model.loaded
    assert llm.mark() and not copy.mark()
    assert copy.dump() == llm.dump()


def test_names_never_folders(llm):
    folder = models.resolve(EMBEDDED)
    by_folder = BatchedTransformersLLM(model=folder)
    assert by_folder.model == by_folder.model_name == by_folder.dump()["model"] == EMBEDDED
    assert "token" not in llm.dump() and str(models.home()) not in str(llm.dump())


def test_loading_looks_no_folder_up_as_a_name(monkeypatch):
    looked_up, resolve = [], models.resolve
    monkeypatch.setattr(models, "resolve", lambda name: looked_up.append(name) or resolve(name))
    llm = BatchedTransformersLLM(model=EMBEDDED)
    llm.load()
    llm.local_model.load()
    assert set(looked_up) == {EMBEDDED}
    llm.unload()


def test_a_plain_transformers_llm_carries_the_name_too():
    from distilabel.models import TransformersLLM
    from distilabel.steps.tasks import TextGeneration

    from prompt2data.pipelines import worker

    worker.prepare_worker()
    llm = TransformersLLM(model=models.resolve(EMBEDDED), generation_kwargs={"max_new_tokens": 3})
    task = TextGeneration(llm=llm)
    task.load()
    (row,) = next(task.process([{"instruction": "Hi!"}]))
    assert row["model_name"] == llm.model_name == llm.dump()["model"] == EMBEDDED
    assert TransformersLLM.from_dict(llm.dump()).model == EMBEDDED


def test_an_unknown_folder_is_called_by_its_last_part_and_found_again(tmp_path):
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").touch()
    llm = BatchedTransformersLLM(model=str(folder))
    assert llm.model_name == "my-model" and models.resolve("my-model") == str(folder)


def test_a_dump_comes_back_with_its_own_fields(tmp_path):
    llm = BatchedTransformersLLM(model=EMBEDDED, seed=5, batch_size=7, magpie_prompt="header")
    llm.save(tmp_path / "llm.yaml", format="yaml")
    copy = BatchedTransformersLLM.from_yaml(tmp_path / "llm.yaml")
    assert (copy.seed, copy.batch_size, copy.magpie_prompt, copy.model) == (5, 7, "header", EMBEDDED)


def test_it_takes_every_argument_of_transformers_llm():
    from distilabel.models import TransformersLLM

    assert set(TransformersLLM.model_fields) <= set(BatchedTransformersLLM.model_fields)
    own = {p.name for p in BatchedTransformersLLM(model=EMBEDDED).generate_parameters}
    assert {p.name for p in TransformersLLM(model=EMBEDDED).generate_parameters} <= own


def test_it_runs_in_a_pipelines_worker_also_from_yaml(tmp_path):
    script = """
        import sys
        from distilabel.pipeline import Pipeline
        from distilabel.steps.tasks import TextGeneration
        from prompt2data import BatchedTransformersLLM, setup
        from prompt2data.models import EMBEDDED

        if __name__ == "__main__":
            setup()
            data = [{"instruction": "Hi!"}, {"instruction": "Name a bread."}]
            with Pipeline(name="yaml") as pipeline:
                llm = BatchedTransformersLLM(model=EMBEDDED, generation_kwargs={"max_new_tokens": 5})
                TextGeneration(name="t", llm=llm)
            pipeline.save("pipeline.yaml", format="yaml")
            texts = []
            for run in (pipeline, Pipeline.from_yaml("pipeline.yaml")):
                rows = run.run(dataset=data)["default"]["train"]
                assert set(rows["model_name"]) == {EMBEDDED}
                texts.append(sorted(rows["generation"]))
            assert texts[0] == texts[1] and all(texts[0]), texts
            print("SAME", texts[0])
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0 and "SAME" in done.stdout, done.stdout + done.stderr


def test_the_batch_shrinks_when_memory_runs_out(tmp_path):
    """A real lack of memory: the address space of a process is limited right above what the loaded model takes."""
    script = """
        import resource
        from prompt2data.llm import BatchedTransformersLLM
        from prompt2data.models import EMBEDDED

        llm = BatchedTransformersLLM(model=EMBEDDED)
        llm.load()
        text = "Bread is made of flour, water, salt and time. " * 40
        chats = [[{"role": "user", "content": f"{n} {text}"}] for n in range(16)]
        llm.generate(chats[:1], max_new_tokens=4)
        pages = int(open("/proc/self/statm").read().split()[0])
        limit = pages * resource.getpagesize() + 300 * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        outputs = llm.generate(chats, max_new_tokens=4)
        assert all(output["generations"][0] is not None for output in outputs) and len(outputs) == 16
        assert llm._batcher.size < 16, llm._batcher.size
        print("SHRUNK TO", llm._batcher.size)
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0 and "SHRUNK TO" in done.stdout, done.stdout + done.stderr[-3000:]


def test_only_a_lack_of_memory_is_taken_for_one():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"))
    assert is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate"))
    assert not is_out_of_memory(RuntimeError("size mismatch")) and not is_out_of_memory(ValueError("out of memory"))


def test_progress_appears_after_two_seconds_with_tokens_per_second_and_goes(llm, monkeypatch, capsys):
    from prompt2data.display import progress

    chats = [[{"role": "user", "content": "Tell me about bread."}]] * 4
    monkeypatch.setattr(progress, "_DELAY_SECONDS", 0.0)
    monkeypatch.setenv("PROMPT2DATA_PROGRESS", "1")
    llm.generate(chats, max_new_tokens=20)
    shown = capsys.readouterr().err
    assert "tokens/s" in shown and shown.rstrip("\r").endswith(" ")  # the line is wiped at the end
    monkeypatch.setenv("PROMPT2DATA_PROGRESS", "0")
    llm.generate(chats, max_new_tokens=4)
    assert capsys.readouterr().err == ""
