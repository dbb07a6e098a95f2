"""What the executed solution found stands in the readings, in every notebook, and is refused where it does not hold."""

from __future__ import annotations

import nbformat
import pytest

from builder.build import validated
from builder.check import check
from builder.classroom import graded
from builder.problems import ExecutionFailed

READING = """# %% [markdown] id="split-read" holds="{holds}"
\"\"\"
The first of {{eval}}`len(parts)` texts has {{eval}}`len(parts[0])` words: {{eval}}`f"{{1 / 4:.2f}}
{{parts[0][0]}}"`.
\"\"\"

# %% [markdown] id="ex-words" tags=["exercise"]"""
TOLD = "The first of 2 texts has 2 words: 0.25 one."


def with_reading(small, holds: str = "len(parts[0]) > len(parts[1])"):
    small.edit('# %% [markdown] id="ex-words" tags=["exercise"]', READING.format(holds=holds))
    return small


def reading(path) -> str:
    (cell,) = [cell for cell in nbformat.read(path, as_version=4).cells if cell.id == "split-read"]
    assert set(cell.metadata) == set()
    return cell.source


def test_results_stand_in_both_notebooks_and_for_graders(small):
    with_reading(small).build(execute=True)
    assert reading(small.notebook) == reading(small.solution) == TOLD
    course = small.course()
    assert TOLD in [cell.source for cell in graded(course, validated(course, course.lessons[0])).cells]
    counts = [cell.execution_count for cell in nbformat.read(small.solution, 4).cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "evaluating results counts as no cell"
    assert check(course) == []
    assert small.build(execute=True) == ["Nothing has changed."]


def test_a_sentence_that_its_output_does_not_support_is_refused(small):
    before = small.solution.read_bytes() if small.solution.exists() else None
    with pytest.raises(ExecutionFailed) as failed:
        with_reading(small, holds="len(parts[0]) < len(parts[1])").build(execute=True)
    assert "cell 'split-read' claims what does not hold: len(parts[0]) < len(parts[1])" in str(failed.value)
    assert "len(parts[0]) = 2" in str(failed.value), "what was found is told"
    assert (small.solution.read_bytes() if small.solution.exists() else None) == before


def test_a_sentence_that_no_longer_holds_is_refused_after_its_code_changed(small):
    with_reading(small).build(execute=True)
    small.edit('TEXTS = ["one two", "three"]', 'TEXTS = ["one", "two three"]')
    with pytest.raises(ExecutionFailed, match="claims what does not hold"):
        small.build(execute=True)
    small.edit("len(parts[0]) > len(parts[1])", "len(parts[0]) < len(parts[1])")
    small.build(execute=True)
    assert reading(small.notebook) == "The first of 2 texts has 1 words: 0.25 one."


def test_a_result_that_cannot_be_evaluated_is_named_with_its_cell(small):
    with pytest.raises(ExecutionFailed, match="cell 'split-read' raised NameError: name 'absent' is not defined"):
        with_reading(small, holds="absent > 1").build(execute=True)


def test_a_value_that_is_asked_for_anew_needs_the_solution_executed(small):
    with_reading(small).build(execute=True)
    small.edit("{eval}`len(parts[0])` words", "{eval}`len(parts[0][1])` letters")
    small.build(execute=False)
    assert reading(small.notebook) == "The first of … texts has … letters: …."
    assert any("never executed" in problem.text for problem in check(small.course()))
    small.build(execute=True)
    assert reading(small.notebook) == "The first of 2 texts has 3 letters: 0.25 one."
    assert check(small.course()) == []


def test_other_words_around_a_result_execute_nothing(small):
    with_reading(small).build(execute=True)
    small.edit("The first of", "Now the first of")
    said = small.build(execute=True)
    assert not any("executing" in line for line in said)
    assert reading(small.notebook) == "Now t" + TOLD[1:]


def test_a_number_edited_by_hand_is_found(small):
    with_reading(small).build(execute=True)
    small.edit(TOLD, TOLD.replace("2 words", "3 words"), small.notebook)
    assert any("split-read" in problem.text for problem in check(small.course()))
