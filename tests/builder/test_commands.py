"""The command line: exit codes, one-sentence refusals, files named relative to the course."""

from __future__ import annotations

import subprocess
import sys

import pytest

from builder.__main__ import main


def run(capsys, root, *words: str) -> tuple[int, str, str]:
    status = main(["--root", str(root), *words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_build_and_check(capsys, small):
    assert run(capsys, small.root, "build", "--no-execute")[0] == 0
    status, _, said = run(capsys, small.root, "check")
    assert status == 1 and said == "solutions/01_counting.ipynb: was never executed: run `make build`\n"


def test_refusal_names_file_and_line(capsys, small):
    line = small.edit('id="split" tags', "tags")
    status, _, said = run(capsys, small.root, "build", "--no-execute")
    assert status == 1 and said.startswith(f"lessons/01_counting.py:{line}: this cell has no id")


@pytest.mark.parametrize("word", ["01_counting", "1", "01", "counting"])
def test_run(capsys, built, word):
    status, said, _ = run(capsys, built.root, "run", word)
    target = built.root / "runs" / "01_counting" / "01_counting.jsonl"
    assert status == 0 and f"dataset: {target}" in said and "[ 1/11] setup" in said
    assert target.read_text() == '{"words": 3}\n'
    assert run(capsys, built.root, "check")[0] == 0, "a run changes no derived file"


def test_run_needs_nothing_that_only_contributors_have():
    code = (
        "import sys; import builder.__main__, builder.run;"
        "sys.exit(str({'babel', 'jupytext', 'markdown_it', 'nbgrader', 'polib'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_run_unknown_lesson(capsys, built):
    status, _, said = run(capsys, built.root, "run", "07_quality")
    assert status == 2 and said == "There is no lesson called '07_quality'; choose one of: 01_counting.\n"


def test_run_failing_lesson(capsys, built):
    built.edit("print(words(", "print(1 + words, words(", built.solution)
    status, _, said = run(capsys, built.root, "run", "1")
    assert status == 1 and "cell 'answer' raised TypeError" in said


def test_run_without_solution(capsys, built):
    built.solution.unlink()
    status, _, said = run(capsys, built.root, "run", "1")
    assert status == 1 and "is missing" in said


def test_classroom(capsys, small, tmp_path):
    folder = tmp_path / "class"
    assert run(capsys, small.root, "classroom", str(folder))[0] == 0
    source = (folder / "source" / "01_counting" / "01_counting.ipynb").read_text()
    assert "### BEGIN SOLUTION" in source and '"points": 3' in source and "four words" not in source
    (folder / "nbgrader_config.py").write_text("c = get_config()\n")
    status, _, said = run(capsys, small.root, "classroom", str(folder))
    assert status == 1 and "another course" in said


def test_what_a_teacher_changed_is_not_overwritten(capsys, small, tmp_path):
    folder = tmp_path / "class"
    source = folder / "source" / "01_counting" / "01_counting.ipynb"
    assert run(capsys, small.root, "classroom", str(folder))[0] == 0
    small.edit("Count them.", "Count them all.")
    assert run(capsys, small.root, "classroom", str(folder))[0] == 0  # nobody changed it there
    assert "Count them all." in source.read_text()
    for path in (source, folder / "nbgrader_config.py", folder / "course_grading" / "kernel.py"):
        written = path.read_text()
        path.write_text(written + "\n")
        small.edit("Count them", "Please count them")
        status, _, said = run(capsys, small.root, "classroom", str(folder))
        assert status == 1 and f"{path.name}: was changed" in said and path.read_text() == written + "\n"
        assert "Please count them" not in source.read_text()
        path.write_text(written)
        small.edit("Please count them", "Count them")
    source.write_text("mine")
    assert run(capsys, small.root, "classroom", str(folder), "--force")[0] == 0
    assert "Count them all." in source.read_text()
