"""What the build writes, and what it leaves alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import nbformat
import pytest

from builder.course import load
from builder.execute import ExecutionFailed
from builder.notebooks import exercise, leaks, solution
from builder.problems import Refused
from builder.setup_cell import NAMES, setup_cell
from builder.source import STUB


def cells(path) -> dict:
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def test_exercise_notebook(built):
    notebook = nbformat.read(built.notebook, as_version=4)
    nbformat.validate(notebook)
    assert notebook.nbformat_minor == 5
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    found = cells(built.notebook)
    assert list(found)[:4] == ["title", "links", "setup", "given"]
    assert "answer" not in found, "a solution-only cell in the exercise"
    assert found["ex-words-code"].source == (
        f'def words(text: str) -> int:\n    """Number of words in `text`."""\n    {STUB}\n    return ...'
    )
    assert found["split"].source.startswith("# copy the words"), "jupytext took a comment for a command"
    assert found["why"].source == r"A text is a list of words, $n \in \mathbb{N}$ of them."
    for cell in found.values():
        assert set(cell.metadata) <= {"tags", "nbgrader"}
        assert cell.cell_type == "markdown" or (cell.outputs, cell.execution_count) == ([], None)


def test_grading_metadata(built):
    found = cells(built.notebook)
    assert found["ex-words-code"].metadata.nbgrader == {
        "grade": False,
        "grade_id": "ex-words-code",
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    points = {name: found[f"ex-{name}-check"].metadata.nbgrader for name in ("words", "longest", "total")}
    assert [grading["points"] for grading in points.values()] == [1, 2, 3]
    assert all(grading["grade"] and grading["locked"] and not grading["solution"] for grading in points.values())
    assert not any("nbgrader" in cell.metadata for cell in cells(built.solution).values())


def test_solution_notebook(built):
    found = cells(built.solution)
    assert "SOLUTION" not in built.solution.read_text()
    assert "pieces = text.split()\n    return len(pieces)" in found["ex-words-code"].source
    assert found["answer"].outputs[0].text == "4\n"
    code = [cell for cell in found.values() if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    record = nbformat.read(built.solution, as_version=4).metadata.prompt2data
    assert set(record) == {"code_hash", "model", "versions"} and record.model == "no-model"


def test_links_lead_to_the_counterpart(built):
    here, there = cells(built.notebook)["links"].source, cells(built.solution)["links"].source
    assert "(../solutions/01_counting.ipynb)" in here and "(../notebooks/01_counting.ipynb)" in there
    assert "colab-badge.svg)](https://colab.research.google.com/github/someone/minicourse/blob/main/notebooks/" in here
    assert "colab-badge.svg)](https://colab.research.google.com/github/someone/minicourse/blob/main/solutions/" in there


def test_setup_cell(built):
    source = setup_cell(built.course())
    assert cells(built.notebook)["setup"].source == source
    tree = ast.parse(source)
    bound = {
        alias.asname or alias.name for part in tree.body if isinstance(part, ast.ImportFrom) for alias in part.names
    }
    assert bound == set(NAMES)
    assert source.index("pip") < source.index("from minicourse import"), "it must install before it imports"
    assert 'setup(language="ko")' in setup_cell(built.course(), "ko")


def test_same_sources_same_bytes(small):
    small.build()
    first = small.notebook.read_bytes(), small.solution.read_bytes()
    small.notebook.unlink()
    small.solution.unlink()
    (small.root / "runs" / ".build.json").unlink()
    small.build()
    assert (small.notebook.read_bytes(), small.solution.read_bytes()) == first


def test_readme_table(small):
    small.build()
    text = (small.root / "README.md").read_text()
    assert "| 1. Counting: from words to numbers | 10 + 30 | [notebook](notebooks/01_counting.ipynb) |" in text
    assert text.startswith("# A Small Course\n\n<!-- begin:lessons -->\n| lesson |")
    assert text.endswith("<!-- end:lessons -->\n\nThe end.\n")


def test_readme_without_markers(small):
    small.edit("<!-- end:lessons -->", "", small.root / "README.md")
    with pytest.raises(Refused, match="README.md: needs the lines"):
        small.build()


def test_nothing_changed(built):
    """At once, without importing jupytext, nbformat, nbgrader or nbclient."""
    assert built.build(execute=True) == ["Nothing has changed."]
    code = (
        "import sys; from builder.__main__ import main; status = main();"
        "heavy = {'jupytext', 'nbformat', 'nbgrader', 'nbclient', 'torch'} & set(sys.modules);"
        "sys.exit(status or (f'imported {heavy}' if heavy else 0))"
    )
    command = [sys.executable, "-c", code, "--root", str(built.root), "build"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "Nothing has changed.\n"), done.stderr


def test_prose_change_keeps_outputs(built):
    before = cells(built.solution)
    built.edit("Count them.", "Count them well.")
    said = built.build(execute=True)
    assert not any("executing" in line for line in said)
    after = cells(built.solution)
    assert after["ex-words"].source.endswith("Count them well.")
    assert {key: cell.get("outputs") for key, cell in after.items()} == {
        key: cell.get("outputs") for key, cell in before.items()
    }


def test_comment_change_keeps_outputs(built):
    built.edit("# copy the words of each text\n", "# take the words of each text\n\n")
    assert not any("executing" in line for line in built.build(execute=True))
    assert cells(built.solution)["split"].execution_count


def test_code_change_executes(built):
    built.edit("four words are here", "three words here")
    assert any("executing" in line for line in built.build(execute=True))
    assert cells(built.solution)["answer"].outputs[0].text == "3\n"


def test_hash_in_a_string_is_code(built):
    """A line that starts with # inside a string is no comment."""
    built.edit('print(words("four words are here"))', 'print("""\n# one\n\n""")')
    built.build(execute=True)
    built.edit("# one", "# two")
    assert any("executing" in line for line in built.build(execute=True))


def test_no_execute_drops_stale_outputs(built):
    built.edit("four words are here", "three words here")
    built.build(execute=False)
    assert not cells(built.solution)["answer"].outputs
    assert any("executing" in line for line in built.build(execute=True)), "and the next build fills them"


def test_failing_solution_is_not_stored(built):
    before = built.solution.read_bytes()
    built.edit('print(words("four', 'print(1 / 0, words("four')
    with pytest.raises(ExecutionFailed, match="cell 'answer' raised ZeroDivisionError"):
        built.build(execute=True)
    assert built.solution.read_bytes() == before
    assert (built.root / "runs" / "01_counting" / "failed.ipynb").is_file()


def test_wrong_solution_fails_the_build(built):
    """Solutions run in strict mode: a check that does not pass raises."""
    built.edit("return max(every, key=len)", "return min(every, key=len)")
    with pytest.raises(ExecutionFailed, match="the longest word was expected"):
        built.build(execute=True)


def test_one_lesson_only(small):
    """With lessons named, the other sources are not looked at, nor is the README."""
    from builder.build import build

    toml = small.root / "course.toml"
    entry = toml.read_text().split("[[lessons]]")[1].replace("01_counting", "02_missing")
    toml.write_text(f"{toml.read_text()}\n[[lessons]]{entry}")
    course = load(small.root)
    build(course, [course.find("1")], False, lambda _: None)
    assert small.solution.is_file()
    with pytest.raises(Refused, match="02_missing.py"):
        build(course, list(course.lessons), False, lambda _: None)


def test_leaks(small):
    """A solution line in the exercise notebook is found wherever it stands."""
    lesson, exercises = small.validated()
    entry = small.course().lessons[0]
    clean = exercise(small.course(), entry, lesson, exercises)
    assert leaks(lesson, clean) == []
    one_line = json.loads(json.dumps(clean))
    code = next(cell for cell in one_line["cells"] if cell["id"] == "ex-words-code")
    code["source"] += "\n    return len(pieces)"
    assert any("return len(pieces)" in str(problem) for problem in leaks(lesson, one_line))
    elsewhere = json.loads(json.dumps(clean))
    elsewhere["cells"][0]["source"] += "\n\n    pieces = text.split()\n    return len(pieces)"
    assert any("stands in 'title'" in str(problem) for problem in leaks(lesson, elsewhere))
    assert leaks(lesson, solution(small.course(), entry, lesson))


def test_solution_told_in_prose_is_refused(small):
    small.edit("Count them.", "Count them:\n\n    pieces = text.split()\n    return len(pieces)\n")
    with pytest.raises(Refused, match="the solution of 'ex-words-code' stands in 'ex-words'"):
        small.build()
