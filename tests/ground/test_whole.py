"""Files of a learner: written whole or not at all, and what goes wrong is one sentence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from prompt2data import output_path
from prompt2data.ground.whole import NotWritten, remove_leftovers, replace_file, whole_files, whole_folder, write_whole


def test_output_path_makes_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_OUTPUT", str(tmp_path / "a" / "b"))
    assert output_path("x.jsonl") == tmp_path / "a" / "b" / "x.jsonl"
    assert (tmp_path / "a" / "b").is_dir()


def test_output_path_says_in_one_sentence_what_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PROMPT2DATA_OUTPUT", str(tmp_path / "file" / "datasets"))
    with pytest.raises(OSError, match="PROMPT2DATA_OUTPUT") as caught:
        output_path("x.jsonl")
    assert "\n" not in str(caught.value)


def test_write_whole(tmp_path):
    path = tmp_path / "sheet.md"
    assert write_whole(path, "# Bột mì\n") == path
    assert write_whole(str(path), "# 面粉 \ud800\n").read_text("utf-8") == "# 面粉 ?\n"
    assert os.listdir(tmp_path) == ["sheet.md"]
    (tmp_path / "other").write_text("")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(NotWritten, match="Cannot write to the folder .*PROMPT2DATA_OUTPUT"):
        write_whole(tmp_path / "none" / "sheet.md", "text")


def test_bytes_on_the_disk(tmp_path):
    replace_file(tmp_path / "data", b"\xff\x00", durable=True)
    assert (tmp_path / "data").read_bytes() == b"\xff\x00"


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    folder = tmp_path / "model"
    for content in ("old", "new"):
        with whole_folder(folder) as made:
            (made.parent / "scratch").write_text("temporary")
            (made / "part").mkdir()
            (made / "part" / "weights").write_text(content)
            assert not folder.exists() or (folder / "part" / "weights").read_text() == "old"
        assert (folder / "part" / "weights").read_text() == content
    assert os.listdir(tmp_path) == ["model"] and os.listdir(folder) == ["part"]
    (tmp_path / "other").mkdir()
    assert folder.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_folder_that_failed_leaves_the_old_one(tmp_path, error):
    with whole_folder(tmp_path / "model") as made:
        (made / "weights").write_text("old")
    with pytest.raises(error), whole_folder(tmp_path / "model") as made:
        (made / "weights").write_text("new")
        raise error
    assert os.listdir(tmp_path) == ["model"] and (tmp_path / "model" / "weights").read_text() == "old"


KILLED = """
import os, signal, sys
from pathlib import Path
from prompt2data.ground import whole
folder = Path(sys.argv[1])
os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
with whole.whole_folder(folder / "model") as made:
    (made / "weights").write_text("new")
    whole.write_whole(folder / "sheet.md", "new")
"""


def test_what_a_killed_process_leaves_is_removed(tmp_path):
    (tmp_path / "sheet.md").write_text("old")
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert len(os.listdir(tmp_path)) == 3 and (tmp_path / "sheet.md").read_text() == "old"
    remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == ["sheet.md"]


FULL = """
import os, subprocess, sys
from pathlib import Path
folder = Path(sys.argv[1])
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]).returncode:
    sys.exit(77)
from prompt2data.ground.whole import NotWritten, write_whole
write_whole(folder / "page.html", "what is there")
try:
    write_whole(folder / "page.html", "x" * 1_000_000)
except NotWritten as error:
    print(error)
print((folder / "page.html").read_text(), os.listdir(folder))
"""


def test_a_full_disk_costs_nothing_that_was_there(tmp_path):
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    done = subprocess.run([*unshare, sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True)
    assert done.returncode != 77, f"This machine lets nobody mount a small disk to fill up: {done.stderr}"
    said, left = done.stdout.strip().splitlines()
    assert said.startswith("Cannot write to the folder") and "No space left" in said
    assert left == "what is there ['page.html']"


def test_files_appear_together_or_not_at_all(tmp_path):
    for folder in (tmp_path / "new" / "folder", tmp_path / "new" / "folder"):
        with pytest.raises(ZeroDivisionError), whole_files(folder) as made:
            (made / "a").write_text("half")
            raise ZeroDivisionError
        assert not list(folder.parent.glob(".making*")) and not list(folder.glob(".making*"))
        with whole_files(folder) as made:
            (made / "a").write_text("a")
            (made / "b").write_text("b")
        assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]
        (folder / "a").write_text("mine")
    with (
        pytest.raises(NotWritten, match="there is a file of this name"),
        whole_files(tmp_path / "new" / "folder" / "a"),
    ):
        pytest.fail("nothing can be written there")
