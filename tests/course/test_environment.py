"""`setup()` in real processes: quiet, idempotent, in any order of imports; folders that cannot be written."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from prompt2data import environment, i18n


def run(script: str, **env: str) -> subprocess.CompletedProcess:
    import os

    return subprocess.run(
        [sys.executable, "-W", "default", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PROMPT2DATA_PROGRESS": "0", **env},
        check=False,
    )


def test_importing_the_package_loads_nothing_heavy_and_sets_waiting():
    done = run(
        """
        import sys, prompt2data, os
        assert not {"torch", "distilabel", "transformers", "matplotlib"} & set(sys.modules)
        print(os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"])
        """,
        OMP_WAIT_POLICY="passive",
    )
    assert done.returncode == 0 and done.stdout == "passive 0\n", done.stderr


@pytest.mark.parametrize("first", ["", "import torch", "import distilabel.pipeline", "import transformers"])
def test_setup_is_quiet_and_idempotent_whatever_came_first(first):
    done = run(
        f"""
        {first}
        from prompt2data import MODEL, setup
        setup(language="en", seed=3)
        setup(language="en", seed=3)
        import random, numpy
        print(random.random(), numpy.random.random(), MODEL)
        """
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:4] == lines[4:8] and lines[0].startswith("model") and len(lines) == 9
    if not first:  # what a library warns about before setup() is not setup()'s to hide
        assert done.stderr == ""


def test_setup_names_no_path_and_a_task_outside_a_pipeline_says_nothing_of_pipelines():
    done = run(
        """
        from prompt2data import BatchedTransformersLLM, setup
        setup()
        from distilabel.steps.tasks import TextGeneration
        TextGeneration(llm=BatchedTransformersLLM())
        import logging
        logging.getLogger("distilabel.step.x").warning("something a learner should know\\nand a long rest")
        """
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and done.stderr == "" and lines[4:] == ["something a learner should know"]
    assert "/" not in "".join(lines).replace("GiB/", "")


def test_cores_are_those_this_process_may_use():
    assert 1 <= environment.available_cores() <= 4096


def test_an_unknown_language_falls_back_to_english():
    before = i18n.language()
    try:
        i18n.set_language("xx")
        assert i18n._("Passed.") == "Passed." and i18n.language() == "xx"
        assert i18n.ngettext("{n} row", "{n} rows", 2) == "{n} rows"
    finally:
        i18n.set_language(before)
