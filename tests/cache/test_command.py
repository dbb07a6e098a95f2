"""The `prompt2data` command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from prompt2data.__main__ import main
from tests.cache.support import ROOT, get, key_of, newest_database, put


@pytest.fixture
def filled(monkeypatch, folder, open_cache):
    """The cache in `folder` is the chosen one, and has entries."""
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(folder))
    monkeypatch.delenv("PROMPT2DATA_CACHE_LIMIT", raising=False)
    one = open_cache()
    for number in range(40):
        put(one, key_of(number), 40)
    return one


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "prompt2data", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["cache"], ["cache", "show"]])
def test_it_shows_folder_texts_size_limit_and_damage(filled, folder, capsys, arguments):
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert output.splitlines() == [
        f"Folder   {folder}",
        "Texts    40",
        f"Size     {filled.stats().bytes / 1e6:.1f} MB of at most 256.0 MB",
        "Damaged  0 set aside",
    ]
    assert filled.stats().bytes > 50_000


def test_it_counts_other_kinds_by_themselves(filled, folder, capsys):
    filled.put(key_of(100), "score", b"...")
    filled.put(key_of(101), "embedding", b"...")
    filled.put(key_of(102), "embedding", b"...")
    assert main(["cache"]) == 0
    assert capsys.readouterr().out.splitlines()[1:4] == ["Texts      40", "embedding  2", "score      1"]


def test_it_clears_and_says_how_much(filled, folder, capsys):
    assert main(["cache", "clear"]) == 0
    output = capsys.readouterr().out
    assert str(folder) in output and "40 texts" in output and "MB" in output
    assert main(["cache"]) == 0
    assert "Texts    0" in capsys.readouterr().out
    assert get(filled, [key_of(1)]) == {}


def test_a_cache_that_was_never_used(monkeypatch, folder, capsys):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(folder))
    assert main(["cache"]) == 0 and main(["cache", "clear"]) == 0
    assert "Texts    0" in capsys.readouterr().out and not folder.exists()


@pytest.mark.parametrize("arguments", [["cache"], ["cache", "clear"]])
def test_turned_off_it_says_so(monkeypatch, capsys, arguments):
    monkeypatch.setenv("PROMPT2DATA_CACHE", "Off")
    assert main(arguments) == 0
    assert "turned off" in capsys.readouterr().out


def test_a_damaged_cache_is_told_of_in_one_sentence(filled, folder, capsys):
    filled.close()
    newest_database(folder).write_bytes(b"garbage " * 1000)
    assert main(["cache"]) == 0
    output, errors = capsys.readouterr()
    assert "Texts    0" in output
    assert len(errors.splitlines()) == 1 and "damaged" in errors and ".py" not in errors


@pytest.mark.parametrize("arguments", [["cache"], ["cache", "clear"]])
def test_a_folder_that_cannot_be_is_one_sentence(monkeypatch, tmp_path, capsys, arguments):
    (tmp_path / "file").write_text("a file")
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "file"))
    assert main(arguments) == 1
    output, errors = capsys.readouterr()
    assert not output and len(errors.splitlines()) == 1 and str(tmp_path / "file") in errors


def test_as_a_program(folder):
    done = run("cache", PROMPT2DATA_CACHE=str(folder), PROMPT2DATA_CACHE_LIMIT="much")
    assert done.returncode == 0 and str(folder) in done.stdout
    assert len(done.stderr.splitlines()) == 1 and "'much'" in done.stderr
    for wrong in ([], ["chache"], ["cache", "empty"], ["cache", "clear", "now"]):
        done = run(*wrong)
        assert done.returncode == 2 and "usage: prompt2data" in done.stderr and "Traceback" not in done.stderr
    assert "cache" in run("--help").stdout and "clear" in run("cache", "--help").stdout
