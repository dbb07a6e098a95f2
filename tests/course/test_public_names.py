"""What `prompt2data` offers by name, to a reader and to an editor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import prompt2data

ROOT = Path(__file__).resolve().parents[2]


def test_dir_lists_the_public_names_and_nothing_else():
    assert dir(prompt2data) == sorted(prompt2data.__all__)
    assert len(prompt2data.__all__) <= 20


@pytest.mark.parametrize("name", prompt2data.__all__)
def test_each_public_name_is_documented(name):
    value = getattr(prompt2data, name)
    assert f"`{name}`" in prompt2data.__doc__
    assert isinstance(value, str) or value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'platform'"):
        _ = prompt2data.platform


MYPY = """[mypy]
ignore_missing_imports = True
follow_imports = skip
[mypy-prompt2data.*]
follow_imports = silent
"""


def test_a_type_checker_sees_the_real_types(tmp_path):
    (tmp_path / "mypy.ini").write_text(MYPY)
    script = "from prompt2data import MODEL, BatchedTransformersLLM, setup\n"
    script += "reveal_type(MODEL); reveal_type(BatchedTransformersLLM); reveal_type(setup)\n"
    # From another folder, so that the package is found as an installed one is, by its py.typed.
    command = [sys.executable, "-m", "mypy", "--config-file=mypy.ini", "--cache-dir=cache", "-c", script]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    types = [line.split("Revealed type is ")[1].strip('"') for line in done.stdout.splitlines() if "Revealed" in line]
    assert len(types) == 3, done.stdout + done.stderr
    assert types[0] in ("str", "builtins.str")
    assert types[1].startswith("def (") and types[1].endswith("-> prompt2data.llm.BatchedTransformersLLM")
    assert types[2].replace("builtins.", "") == "def (language: str =, seed: int =)"
