"""An exercise shows, folded, what a good answer to it prints."""

from __future__ import annotations

import nbformat
from markdown_it import MarkdownIt

from builder.check import check

LABEL = "<details><summary>What a good result looks like</summary>"


def task(path, name: str = "ex-words") -> str:
    (cell,) = [cell for cell in nbformat.read(path, as_version=4).cells if cell.id == name]
    return cell.source


def test_a_task_shows_what_its_solution_prints(built):
    assert task(built.notebook).endswith(f"Count them.\n\n{LABEL}\n\n```text\n4\n```\n\n</details>")
    assert LABEL not in task(built.notebook, "ex-longest"), "nothing is printed after its check"
    assert LABEL not in task(built.solution), "there it is seen below the answer"


def test_it_follows_the_solution(built):
    built.edit("four words are here", "now five words are here")
    built.build(execute=False)
    assert LABEL not in task(built.notebook), "not executed yet"
    built.build(execute=True)
    assert "```text\n5\n```" in task(built.notebook)
    assert check(built.course()) == []


def test_what_the_solution_shows_elsewhere_is_not_compared_and_the_task_is(built):
    built.edit('    "4\\n",', '    "5\\n",', built.notebook)
    assert check(built.course()) == []
    built.edit('    "Count them.\\n",', '    "Count us.\\n",', built.notebook)
    assert ["ex-words" in problem.text for problem in check(built.course())] == [True]


def test_long_and_hostile_texts_stay_text(small):
    hostile = "```\\n</details><script>alert(1)</script> {eval}`len(parts)`"
    small.edit('print(words("four words are here"))', f"print('{hostile}')\nprint('long ' * 99 + '\\n' * 99)")
    small.build(execute=True)
    text = task(small.notebook)
    html = MarkdownIt("commonmark").render(text)
    assert "<script" not in html and "&lt;script" in html and "{eval}`len(parts)`" in text
    assert html.rstrip().endswith("</details>") and html.count("</details>") == 1
    assert len(text.splitlines()) < 30 and max(map(len, text.splitlines())) <= 240 and "…" in text
