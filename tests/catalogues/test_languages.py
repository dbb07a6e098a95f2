"""A course in two languages: what is built, and what `check` says when the languages fall out of step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from builder.__main__ import main
from builder.build import build
from builder.check import check, report
from builder.course import load
from tests.builder.languages import accented, add_vietnamese, translate

FIXTURE = Path(__file__).parents[1] / "builder" / "fixtures" / "course"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("languages") / "course"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    course = add_vietnamese(root)
    build(course, list(course.lessons), True, lambda _text: None)
    return root


@pytest.fixture
def root(executed: Path, tmp_path: Path) -> Path:
    shutil.copytree(executed, tmp_path / "course")
    return tmp_path / "course"


def said(root: Path) -> list[str]:
    return [f"{problem.path.relative_to(root)}: {problem.text}" for problem in check(load(root))]


def stale(root: Path) -> list[str]:
    """What `check` says about catalogues."""
    return [text for text in said(root) if ".po: " in text]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), "utf-8")


def change(path: Path, cell_id: str, old: str, new: str) -> None:
    """Change a stored notebook by hand."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["id"] == cell_id:
            source = "".join(cell["source"])
            assert old in source
            cell["source"] = source.replace(old, new).splitlines(keepends=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


CATALOGUE = Path("translations/vi/lessons/01_counting.po")
NOTEBOOK = Path("translations/vi/notebooks/01_counting.ipynb")
SOLUTION = Path("translations/vi/solutions/01_counting.ipynb")


def test_quiet_on_what_is_right(root: Path) -> None:
    assert said(root) == []
    assert report(load(root)) == ["vi: 30 messages, 100 % translated, 0 fuzzy"]


def test_the_localized_pair(root: Path) -> None:
    cells = {cell.id: cell for cell in nbformat.read(root / SOLUTION, as_version=4).cells}
    assert cells["title"].source.startswith("# 1. " + accented("Counting: from words to numbers"))
    assert accented("# copy the words of each text") in cells["split"].source
    assert accented("Number of words in `text`.") in cells["ex-words-code"].source
    assert 'setup(language="vi")' in cells["setup"].source
    assert cells["save"].outputs[0].text == "2 tẹxts\n"
    assert cells["answer"].outputs[0].text == "4\n"
    stub = {cell.id: cell for cell in nbformat.read(root / NOTEBOOK, as_version=4).cells}["ex-words-code"].source
    assert accented("# your code here") in stub and "text.split()" not in stub


def test_the_way_from_language_to_language(root: Path) -> None:
    links = {
        path: {cell.id: cell for cell in nbformat.read(root / path, as_version=4).cells}["links"].source
        for path in (NOTEBOOK, Path("notebooks/01_counting.ipynb"))
    }
    assert "[English](../../../notebooks/01_counting.ipynb) · Tiếng Việt" in links[NOTEBOOK]
    assert (
        "English · [Tiếng Việt](../translations/vi/notebooks/01_counting.ipynb)"
        in links[Path("notebooks/01_counting.ipynb")]
    )
    assert "/blob/main/translations/vi/notebooks/01_counting.ipynb" in links[NOTEBOOK]
    readme = (root / "translations/vi/README.md").read_text("utf-8")
    assert "[English](../../README.md) · Tiếng Việt" in readme and accented("The end.") in readme
    assert "(notebooks/01_counting.ipynb)" in readme


def test_a_changed_sentence_is_stale_until_it_is_translated(root: Path) -> None:
    edit(root / "lessons/01_counting.py", "What a word is, to a program.", "What a word is to a program.")
    assert any("'title': not translated: “What a word is to a program.”" in text for text in stale(root))
    assert any("'title': no longer in the source" in text for text in stale(root))
    assert main(["--root", str(root), "messages"]) == 0
    assert stale(root) == [
        f"{CATALOGUE}: cell 'title': the English has changed since it was translated: “What a word is to a program.”"
    ]
    course = load(root)
    build(course, list(course.lessons), False, lambda _text: None)
    assert "What a word is to a program." in (root / NOTEBOOK).read_text("utf-8"), "a fuzzy translation was shown"
    translate(course)
    build(course, list(course.lessons), False, lambda _text: None)
    assert said(root) == []


def test_a_changed_shown_text_makes_the_outputs_old(root: Path) -> None:
    edit(root / CATALOGUE, 'msgstr "{len(TEXTS)} tẹxts"', 'msgstr "{len(TEXTS)} bài"')
    found = said(root)
    assert any(
        text.startswith(f"{SOLUTION}: cell 'save': its code is not that of the English notebook") for text in found
    ), found
    build(load(root), list(load(root).lessons), False, lambda _text: None)
    assert said(root) == [f"{SOLUTION}: was never executed: run `make build`"]


@pytest.mark.parametrize(
    "cell, old, new, expected",
    [
        ("ex-words-code", "def words(text", "def words(văn", "its code is not that of the English notebook"),
        ("setup", 'language="vi"', 'language="en"', "its code is not that of the English notebook"),
        ("title", "# 1.", "## 1.", "differs from what its source gives (cell 'title')"),
        ("links", "../../../notebooks/01_counting.ipynb", "../notebooks/gone.ipynb", "leads nowhere"),
    ],
)
def test_a_localized_notebook_changed_by_hand(root: Path, cell: str, old: str, new: str, expected: str) -> None:
    change(root / NOTEBOOK, cell, old, new)
    assert any(text.startswith(f"{NOTEBOOK}: ") and expected in text for text in said(root))


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("`text`", "`văn bản`", "'ex-words-code': code span lost: text"),
        ("### 🐢 ", "### ", "'ex-words': an exercise's heading keeps its level"),
        ("$n \\\\in \\\\mathbb{N}$", "nhiều", "'why': formula lost"),
        ("{len(TEXTS)} tẹxts", "{số} tẹxts", "'save': placeholder lost: {len(TEXTS)}"),
    ],
)
def test_a_fault_in_a_translation_is_named_with_its_cell(root: Path, old: str, new: str, expected: str) -> None:
    text = (root / CATALOGUE).read_text("utf-8")
    before, _, after = text.rpartition(old)
    assert before, old
    (root / CATALOGUE).write_text(before + new + after, "utf-8")
    assert any(text.startswith(f"{CATALOGUE}: ") and expected in text for text in stale(root)), stale(root)


def test_orphans_are_named(root: Path) -> None:
    (root / "translations/vi/lessons/02_gone.po").write_text("", "utf-8")
    (root / "translations/vi/notebooks/02_gone.ipynb").write_text("{}", "utf-8")
    (root / "translations/xx").mkdir()
    (root / "minicourse/locale/xx/LC_MESSAGES").mkdir(parents=True)
    (root / "minicourse/locale/xx/LC_MESSAGES/lessons.mo").write_bytes(b"")
    found = said(root)
    for name in ("vi/lessons/02_gone.po", "vi/notebooks/02_gone.ipynb", "translations/xx", "xx/LC_MESSAGES/lessons.mo"):
        assert any(name in text and "stray" in text for text in found), (name, found)
    (root / CATALOGUE).unlink()
    (root / NOTEBOOK).unlink()
    found = said(root)
    assert any(text.startswith(f"{CATALOGUE}: this catalogue is missing") for text in found)
    assert any(text.startswith(f"{NOTEBOOK}: this half of the pair is missing") for text in found)


def test_an_unknown_language(root: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["--root", str(root), "run", "1", "--language", "fr"]) == 2
    assert capsys.readouterr().err.strip() == "The course has no language 'fr'; choose one of: en, vi."


def test_a_solution_run_in_vietnamese(root: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["--root", str(root), "run", "1", "--language", "vi"]) == 0
    assert "01_counting.jsonl" in capsys.readouterr().out


def test_a_classroom_in_vietnamese(root: Path, tmp_path: Path) -> None:
    assert main(["--root", str(root), "classroom", str(tmp_path / "class"), "--language", "vi"]) == 0
    assert accented("your code here") in (tmp_path / "class/nbgrader_config.py").read_text("utf-8")
    assert accented("Count them.") in (tmp_path / "class/source/01_counting/01_counting.ipynb").read_text("utf-8")


def test_a_solution_shows_translated_texts(root: Path) -> None:
    edit(root / CATALOGUE, 'msgstr "{len(TEXTS)} tẹxts"', 'msgstr "{len(TEXTS)} bài"')
    course = load(root)
    build(course, [course.lessons[0]], True, lambda _text: None)
    cells = {cell.id: cell for cell in nbformat.read(root / SOLUTION, as_version=4).cells}
    assert cells["save"].outputs[0].text == "2 bài\n"


MEASURED = """
## How fast

```bash
make lab
```

<!-- begin:benchmarks -->
2026-11-21, torch 2.13.0+cpu, SmolLM2-135M-Instruct-Q4_1.

| compared with | ratio |
|---|---|
| one at a time, 16 rows | **7.67** |
<!-- end:benchmarks -->
"""


def test_measurements_in_the_readme_are_translated_and_may_be_taken_anew(root: Path) -> None:
    readme = root / "README.md"
    readme.write_text(readme.read_text("utf-8") + MEASURED, "utf-8")
    translate(load(root))
    main(["--root", str(root), "build"])
    text = (root / "translations/vi/README.md").read_text("utf-8")
    assert f"| {accented('one at a time')}, 16 {accented('rows')} | **7.67** |" in text
    assert "2026-11-21, " in text and "SmolLM2-135M-Instruct-Q4_1" in (root / "README.md").read_text("utf-8")
    assert "```bash\nmake lab LANGUAGE=vi\n```" in text, "its commands open its language"
    edit(readme, "16 rows | **7.67** |", "64 rows | **10.61** |")
    edit(readme, "2026-11-21", "2027-01-02")
    main(["--root", str(root), "build"])
    text = (root / "translations/vi/README.md").read_text("utf-8")
    assert f"64 {accented('rows')} | **10.61** |" in text and "2027-01-02, " in text
    assert stale(root) == [], "new figures make no translation stale"
    edit(readme, "one at a time", "row by row")
    assert any("not translated" in line or "has changed" in line for line in stale(root))
