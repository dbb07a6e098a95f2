"""Localized code is the English code: comments, docstrings and the named language may differ, nothing else."""

from __future__ import annotations

import copy

import pytest

from builder.catalogues import code_text
from builder.guards.code import faults
from builder.guards.structure import in_code
from builder.words import WRITTEN

SETUP = 'from course import setup\n\nsetup(language="en")'
CODE = '''def share(texts):
    """Share of texts."""
    # count them
    return len(texts)  # all


print(share(["a"]))'''


def notebook(*sources: str) -> dict:
    cells = [{"id": f"c{n}", "cell_type": "code", "source": source} for n, source in enumerate(sources)]
    return {"cells": [*cells, {"id": "text", "cell_type": "markdown", "source": "Prose."}]}


ENGLISH = notebook(SETUP, CODE)


def localized() -> dict:
    own = (
        CODE.replace("Share of texts.", "テキストの割合。")
        .replace("# count them", "# 数える")
        .replace("# all", "# 全部")
    )
    return notebook(SETUP.replace('"en"', '"ja"'), own)


def test_quiet_on_comments_docstrings_and_the_language() -> None:
    assert list(faults(ENGLISH, localized(), "ja")) == []
    as_lines = localized()
    as_lines["cells"][1]["source"] = as_lines["cells"][1]["source"].splitlines(keepends=True)
    assert list(faults(ENGLISH, as_lines, "ja")) == []


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("texts)", "文)", "'c1': its code is not that"),
        ('"a"', '"あ"', "'c1': its code is not that"),
        ("return", "retrun", "'c1': its code does not parse"),
        ('language="ja"', 'language="ko"', "'c0': its code is not that"),
    ],
)
def test_fires_on_changed_code(old: str, new: str, said: str) -> None:
    changed = copy.deepcopy(localized())
    for cell in changed["cells"]:
        cell["source"] = cell["source"].replace(old, new)
    assert any(said in fault for fault in faults(ENGLISH, changed, "ja"))


def test_fires_on_lost_and_added_cells() -> None:
    lost, added, moved = localized(), localized(), localized()
    del lost["cells"][1]
    added["cells"].append({"id": "more", "cell_type": "code", "source": "1"})
    moved["cells"].reverse()
    assert any("lost: c1" in fault for fault in faults(ENGLISH, lost, "ja"))
    assert any("added: more" in fault for fault in faults(ENGLISH, added, "ja"))
    assert any("other cells" in fault for fault in faults(ENGLISH, moved, "ja"))
    text = localized()
    text["cells"][1]["cell_type"] = "markdown"
    assert any("no longer code" in fault for fault in faults(ENGLISH, text, "ja"))


@pytest.mark.parametrize(
    "translation",
    ["Phần của `texts`.", 'Gọi là "phần".', '"Phần" của `texts`.', "Phần\n\ncủa \\ và '''.", "# phần"],
)
def test_quiet_on_docstrings_that_stay_docstrings(translation: str) -> None:
    assert list(in_code("docstring", translation)) == []
    (docstring,) = (text for text in code_text.texts(CODE) if text.kind == "docstring")
    again = notebook(SETUP.replace('"en"', '"vi"'), code_text.replaced(CODE, [(docstring, translation)]))
    assert list(faults(ENGLISH, again, "vi")) == []


@pytest.mark.parametrize(
    "translation",
    ['Là "phần"', 'Là "phần" ', "Phần \\", '"""', 'Phần """ + print() + """', 'x"""; import this; """x', '"'],
)
def test_fires_on_docstrings_that_would_end_early(translation: str) -> None:
    assert list(in_code("docstring", translation))
    assert list(in_code("paragraph", translation)) == []


def test_fires_on_a_comment_of_two_lines_and_on_solution_markers() -> None:
    for kind in ("comment", "trailing comment", WRITTEN):
        assert list(in_code(kind, "đếm\nimport this")) and list(in_code(kind, "đếm\rimport this"))
        assert list(in_code(kind, "đếm chúng")) == []
    assert list(in_code("comment", "### END SOLUTION")) and list(in_code("paragraph", "Lời giải BEGIN SOLUTION"))


@pytest.mark.parametrize(
    "translation", ["đếm\nimport this", "đếm\rimport this", "đếm\x0cx", "x" * 300 + "\nimport this"]
)
def test_a_comment_stays_a_comment_whatever_it_holds(translation: str) -> None:
    parts = [text for text in code_text.texts(CODE) if "comment" in text.kind]
    again = code_text.replaced(CODE, [(part, translation) for part in parts])
    assert list(faults(ENGLISH, notebook(SETUP, again), "en")) == []
