"""Mistakes of authors and translators: each is named in one line, with its file, line and cell, by every command.

On copies of the small course in two languages. Nothing may end `check` but its last line, nothing that a translation
brings along may be executed, and no translation may be lost.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder import build as building
from builder.__main__ import main
from builder.build import build
from builder.check import check
from builder.course import load
from tests.builder.languages import add_vietnamese

FIXTURE = Path(__file__).parents[1] / "builder" / "fixtures" / "course"
LESSON, TOML, README = "lessons/01_counting.py", "course.toml", "README.md"
LESSON_PO, COURSE_PO = "translations/vi/lessons/01_counting.po", "translations/vi/course.po"
GLOSSARY, RETIRED = "translations/glossary.csv", "translations/retired.csv"
EXERCISE, SOLUTION = "notebooks/01_counting.ipynb", "solutions/01_counting.ipynb"
MINUTES = 'title = "Counting: from words to numbers"\nminutes = 10'
DOCSTRING = 'msgstr "Nụmbẹr ọf wọrds ịn `text`."'
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mistakes") / "course"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "translations").mkdir()
    (root / GLOSSARY).write_text("en,vi,check\nword,từ|wọrd,always\n", "utf-8")
    (root / RETIRED).write_text("language,retired,instead,when,unless\nvi,sai,đúng,,\n", "utf-8")
    (root / "images").mkdir()
    diagram = '%% alt: Words.\nflowchart LR\na["Words"]:::data\nb["Number"]:::result\na --> b\n'
    (root / "images" / "counting.mmd").write_text(diagram, "utf-8")
    lesson = root / LESSON
    lesson.write_text(lesson.read_text("utf-8").replace("of them.\n", "of them.\n\n![](diagram:counting)\n"), "utf-8")
    course = add_vietnamese(root)
    build(course, list(course.lessons), True, lambda _text: None)
    return root


@pytest.fixture
def root(executed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(executed, tmp_path / "course")


def edit(name: str, old: str, new: str, last: bool = False) -> Change:
    """Put `new` in the place of the first (or last) `old` in a file."""

    def change(root: Path) -> None:
        before, found, after = (str.rpartition if last else str.partition)((root / name).read_text("utf-8"), old)
        assert found, old
        (root / name).write_text(before + new + after, "utf-8")

    return change


def recoded(name: str, how: Callable[[bytes], bytes]) -> Change:
    def change(root: Path) -> None:
        (root / name).write_bytes(how((root / name).read_bytes()))

    return change


def notebook(name: str, how: Callable[[dict], object]) -> Change:
    """Change a stored notebook: `how` changes its JSON in place, or returns another."""

    def change(root: Path) -> None:
        stored = json.loads((root / name).read_text("utf-8"))
        (root / name).write_text(json.dumps(how(stored) or stored), "utf-8")

    return change


def without_ids(stored: dict) -> None:
    stored["nbformat_minor"] = 4
    for cell in stored["cells"]:
        del cell["id"]


def added(name: str, text: str) -> Change:
    return lambda root: (root / name).write_text((root / name).read_text("utf-8") + text, "utf-8")


def translated(old: str, new: str, name: str = LESSON_PO) -> Change:
    return edit(name, old, new, last=True)


LANGUAGE = '[[languages]]\ncode = "vi"\nname = "V"\nbuilt = true'
ANOTHER = '\n[[lessons]]\nname = "01_counting"\ntitle = "x"\nminutes = 1\nprerequisites = []\n'
BOM = "\ufeff".encode()
UNREADABLE = "cannot be read as a notebook of the course ("
SECOND = '\nmsgctxt "title"\nmsgid "What a word is, to a program."\nmsgstr "Wọrd"\n'

# what was done: (how, [the whole of what check says, each line by its beginning])
MISTAKES: dict[str, tuple[Change, list[str]]] = {
    # Notebooks that no longer are what the builder wrote
    "cells without ids": (notebook(f"translations/vi/{EXERCISE}", without_ids),
                          [f"translations/vi/{EXERCISE}: {UNREADABLE}its cells have no ids): run `make build`"]),
    "a notebook without metadata": (notebook(SOLUTION, lambda _: {"cells": []}),
                                    [f"{SOLUTION}: {UNREADABLE}it has no metadata): run"]),
    "a list for a notebook": (notebook(f"translations/vi/{SOLUTION}", lambda _: [1]),
                              [f"translations/vi/{SOLUTION}: {UNREADABLE}it has no cells): run"]),
    "a record that is a text": (notebook(SOLUTION, lambda it: it["metadata"].update(prompt2data="x")),
                                [f"{SOLUTION}: {UNREADABLE}its record"]),
    "a cell that is null": (notebook(EXERCISE, lambda it: it["cells"].__setitem__(1, None)),
                            [f"{EXERCISE}: {UNREADABLE}cell 2 has no type"]),
    "a cell without source": (notebook(EXERCISE, lambda it: it["cells"][1].update(source=None)),
                              [f"{EXERCISE}: {UNREADABLE}cell 'links' has no source"]),
    "code without outputs": (notebook(SOLUTION, lambda it: [cell.pop("outputs", 0) for cell in it["cells"]] and None),
                             [f"{SOLUTION}: {UNREADABLE}cell 'setup' has no outputs"]),
    "a notebook in Latin-1": (recoded(EXERCISE, lambda text: text.decode().encode("latin-1", "replace")),
                              [f"{EXERCISE}: {UNREADABLE}it is not UTF-8"]),
    "a merge conflict in a notebook": (edit(EXERCISE, ' "cells"', '<<<<<<< HEAD\n "cells"'),
                                       [f"{EXERCISE}: {UNREADABLE}it is no JSON: "]),
    # Translations that would become code
    "a docstring that ends in a quote": (translated(DOCSTRING, 'msgstr "Wọrd theo `text`, \\"cặp\\""'),
                                         [f"{LESSON_PO}:41: cell 'ex-words-code': a docstring may not end in \", in"]),
    "a docstring that ends in a backslash": (translated(DOCSTRING, 'msgstr "Wọrd theo `text` \\\\"'),
                                             [f"{LESSON_PO}:41: cell 'ex-words-code': a docstring may not end in \\"]),
    "code in a docstring": (translated(DOCSTRING, 'msgstr "Wọrd `text`\\"\\"\\"; import this; \\"\\"\\"x"'),
                            [f"{LESSON_PO}:41: cell 'ex-words-code': a docstring may not hold three quotes"]),
    "a solution marker in a docstring": (translated(DOCSTRING, 'msgstr "Wọrd `text`.\\n### END SOLUTION"'),
                                         [f"{LESSON_PO}:41: cell 'ex-words-code': a solution marker"]),
    "code in a comment": (translated('msgstr "cọpỵ', 'msgstr "cọpỵ\\nimport this  '), ["…a comment is one paragraph"]),
    "a comment with a carriage return": (translated('msgstr "cọpỵ', 'msgstr "cọpỵ\\rimport this '),
                                         ["…a comment is one paragraph", "…a broken character"]),
    "code in the stub": (edit(COURSE_PO, 'msgstr "ỵọụr cọdẹ hẹrẹ"', 'msgstr "x\\nimport this"'),
                         [f"{COURSE_PO}:11: cell 'generated': what the build writes is one paragraph"]),
    "code in the set-up cell": (translated('msgstr "Instạlls', 'msgstr "x\\nimport this\\nInstạlls', COURSE_PO),
                                [f"{COURSE_PO}:76: cell 'generated': what the build writes is one paragraph"]),
    # Catalogues
    "a message translated twice": (added(LESSON_PO, SECOND), [
        f"{LESSON_PO}:81: cell 'title': this message stands in line 16 already, with another translation: keep one"]),
    "the same entry twice": (added(LESSON_PO, SECOND.replace("Wọrd", "Whạt ạ wọrd ịs, tọ ạ prọgrạm.")), [
        f"{LESSON_PO}:81: cell 'title': this message stands in line 16 already, with the same translation"]),
    "two catalogues in one": (recoded(COURSE_PO, lambda text: text * 2), [f"{COURSE_PO}:105: a second header"]),
    "the catalogue of another language": (edit(LESSON_PO, "Language: vi", "Language: zh"),
                                          [f"{LESSON_PO}:1: this catalogue says that its language is 'zh', not 'vi'"]),
    "an unescaped quote": (translated('msgstr "Nụm', 'msgstr "Nụ"m'), [f"{LESSON_PO}:74: cannot be read as a cat"]),
    "a cut catalogue": (recoded(LESSON_PO, lambda text: text[: text.rindex("ẹxts".encode())]),
                        [f"{LESSON_PO}:79: cannot be read as a catalogue: the text of this line is not in quotes"]),
    "a catalogue in Latin-1": (recoded(LESSON_PO, lambda text: text.replace("ọ".encode(), b"\xf3", 1)),
                               [f"{LESSON_PO}:14: the byte 0xf3 is not UTF-8"]),
    "a merge conflict in a catalogue": (translated('msgctxt "save"', '<<<<<<< HEAD\nmsgctxt "save"'),
                                        [f"{LESSON_PO}:77: a merge conflict is left here"]),
    # Tables of terms
    "a pattern that is none": (edit(RETIRED, "vi,sai", "vi,(sai"), [f"{RETIRED}:2: retired '(sai' is no regular expr"]),
    "a pattern that is always there": (edit(RETIRED, "vi,sai", "vi,x*"), [f"{RETIRED}:2: retired 'x*' is found in"]),
    "an unknown language in retired.csv": (edit(RETIRED, "vi,sai", "vn,sai"), [f"{RETIRED}:2: no language 'vn'; "]),
    "a line too short": (added(RETIRED, "vi,x,y\n"), [f"{RETIRED}:3: this line does not have the columns language, "]),
    "a glossary with a BOM": (recoded(GLOSSARY, lambda text: BOM + text), [f"{GLOSSARY}:1: has a BOM"]),
    "a glossary with semicolons": (recoded(GLOSSARY, lambda text: text.replace(b",", b";")),
                                   [f"{GLOSSARY}:1: the columns are separated by something else than commas"]),
    "a missing column": (recoded(GLOSSARY, lambda _: b"en,check\nword,always\n"),
                         [f"{GLOSSARY}:1: the column vi is missing"]),
    "a misspelt column": (edit(GLOSSARY, "en,vi,", "en,vn,"),
                          [f"{GLOSSARY}:1: the column vi is missing; nothing is known of the column 'vn'"]),
    "a term twice": (added(GLOSSARY, "Word,chữ,\n"), [f"{GLOSSARY}:3: the term 'Word' stands in line 2 already"]),
    "a misspelt always": (added(GLOSSARY, "row,hàng,allways\n"), [f"{GLOSSARY}:3: check is empty or 'always', not"]),
    "a quote that is never closed": (added(GLOSSARY, '"row,hàng,\ncell,ô,\n'), [f"{GLOSSARY}:3: the quotes of this"]),
    # Sources
    "a lesson in Latin-1": (recoded(LESSON, lambda text: text.replace(b"program", b"pr\xe9gram", 1)),
                            [f"{LESSON}:5: the byte 0xe9 is not UTF-8"]),
    "a lesson in UTF-16": (recoded(LESSON, lambda text: text.decode().encode("utf-16")), [f"{LESSON}:1: is UTF-16"]),
    "a lesson with a BOM": (recoded(LESSON, lambda text: BOM + text), [f"{LESSON}:1: has a BOM"]),
    "course.toml with a BOM": (recoded(TOML, lambda text: BOM + text), [f"{TOML}:1: has a BOM"]),
    "a README with a BOM": (recoded(README, lambda text: BOM + text), [f"{README}:1: has a BOM"]),
    "a diagram with a BOM": (recoded("images/counting.mmd", lambda text: BOM + text), ["images/counting.mmd:1: has a"]),
    "a module of checks that does not parse": (edit("minicourse/checks/lesson_01.py", "def ", "def 1"),
                                               ["minicourse/checks/lesson_01.py:7: does not parse: "]),
    "a module that does not parse": (lambda root: (root / "minicourse/more.py").write_text('def f():\n  """x'),
                                     ["minicourse/more.py:2: does not parse: unterminated"]),
    "a template that does not parse": (lambda root: (root / "minicourse/a.html").write_text("{{ _('x') }}\n{% for %}"),
                                       ["minicourse/a.html:2: does not parse: "]),
    "a missing lesson": (lambda root: (root / LESSON).unlink(), [f"{LESSON}: listed in course.toml, but the file is"]),
    "a tab in a solution": (edit(LESSON, "    return len(pieces)", "\treturn len(pieces)"),
                            [f"{LESSON}:41: this code does not parse: inconsistent use of tabs"]),
    "a syntax error after a solution": (edit(LESSON, "    return ...", "    return (..."),
                                        [f"{LESSON}:43: this code does not parse: '(' was never closed"]),
    "a heading without colon": (edit(LESSON, "Exercise 1.1: how many words?", "Exercise 1.1 how many words?"),
                                [f"{LESSON}:30: an exercise opens with a heading like"]),
    "a heading without level": (edit(LESSON, "### 🐢 ", "### "), [f"{LESSON}:30: an exercise opens with a heading"]),
    "a heading without tag": (edit(LESSON, 'id="ex-words" tags=["exercise"]', 'id="ex-words"'),
                              [f"{LESSON}:36: exercise code without a heading cell"]),
    "a table row without its last cell": (edit(LESSON, "Count them.", "| a | b |\n|---|---|\n| c |"),
                                          [f"{LESSON}:34: a row of 1 cells in a table that has 2 columns"]),
    "a table without a column of dashes": (edit(LESSON, "Count them.", "| a | b |\n|---|\n| c | d |"),
                                           [f"{LESSON}:33: no table"]),
    "a picture that is not there": (edit(LESSON, "Count them.", "![x](../images/gone.png)"),
                                    [f"{LESSON}:32: the link ../images/gone.png leads nowhere"]),
    "a dead link": (edit(LESSON, "Count them.", "See [there](02_more.ipynb#x)."),
                    [f"{LESSON}:32: the link 02_more.ipynb#x leads nowhere"]),
    "a marker inside a text": (edit(LESSON, "Count them.", "Count.\n\n# %% a\n\nAll."),
                               [f"{LESSON}:34: a cell marker inside the text that begins in line 29"]),
    "a text never closed": (edit(LESSON, 'to a program.\n"""\n', "to a program.\n"),
                            [f"{LESSON}:2: the text that begins here is never closed"]),
    "a text never closed before a docstring": (edit(LESSON, 'Count them.\n"""\n', "Count them.\n"),
                                               [f"{LESSON}:29: the text that begins here is never closed"]),
    "a text never opened": (edit(LESSON, 'id="why"\nr"""\n', 'id="why"\n'),
                            [f"{LESSON}:20: these quotes close a text that was never opened"]),
    "four quotes": (edit(LESSON, 'to a program.\n"""\n', 'to a program.\n""""\n'),
                    [f"{LESSON}:6: a text ends with three quotes"]),
    "a marker without its space": (edit(LESSON, '# %% [markdown] id="why"', '# %%[markdown] id="why"'),
                                   [f"{LESSON}:16: a cell marker is written as in"]),
    "prose marked as code": (edit(LESSON, '# %% [markdown] id="why"', '# %% id="why"'),
                             [f"{LESSON}:16: this code is a text alone"]),
    "tags in brackets of another kind": (edit(LESSON, 'tags=["given"]', 'tags=("given")'),
                                         [f"{LESSON}:11: tags are a list"]),
    "an id without quotes": (edit(LESSON, 'id="why"', "id=why"), [f"{LESSON}:16: this marker cannot be read"]),
    "a README's end marker lost": (edit(README, "<!-- end:lessons -->", ""), [f"{README}: needs the lines <!-- begin"]),
    "a README's end marker misspelt": (edit(README, "<!-- end:lessons -->", "<!-- end:lesson -->"),
                                       [f"{README}: needs the lines <!-- begin:lessons --> and <!-- end:lessons -->"]),
    "no README": (lambda root: (root / README).unlink(), [f"{README}: this file is missing"]),
    # course.toml
    "a text for true": (edit(TOML, "built = true", 'built = "false"'), [
        f"{TOML}:9: [[languages]] number 1: 'built' must be true or false, not 'false'"]),
    "a text for minutes": (edit(TOML, MINUTES, MINUTES.replace("10", '"10"')), [
        f"{TOML}:19: [[lessons]] number 1: 'minutes' must be a whole number, not '10'"]),
    "a misspelt entry": (edit(TOML, MINUTES, MINUTES.replace("minutes", "minuts")), [
        f"{TOML}:19: [[lessons]] number 1: 'minuts' is not known here, 'minutes' is missing"]),
    "[[lesson]]": (edit(TOML, "[[lessons]]", "[[lesson]]"), [f"{TOML}:16: 'lesson' is not known here, 'lessons' is"]),
    "a language twice": (edit(TOML, "[[lessons]]", f"{LANGUAGE}\n\n[[lessons]]"),
                         [f"{TOML}:17: the language 'vi' is listed twice"]),
    "a language that is none": (edit(TOML, 'code = "vi"', 'code = "vn"'), [f"{TOML}: 'vn' is no code of a language"]),
    "English not first": (edit(TOML, 'code = "en"', 'code = "de"'), [f"{TOML}:6: the first language is 'en'"]),
    "no such package": (edit(TOML, '"minicourse"', '"minicurse"'), [f"{TOML}: package 'minicurse': there is no such"]),
    "a gap": (edit(TOML, 'name = "01_counting"', 'name = "02_counting"'),
              [f"{TOML}:17: 02_counting: lessons are numbered 01, 02, 03 … in their order, and 01 comes here"]),
    "two lessons of a number": (added(TOML, ANOTHER.replace("counting", "more")),
                                [f"{TOML}:23: 01_more: lessons are numbered"]),
    "a lesson twice": (added(TOML, ANOTHER),
                       [f"{TOML}:23: 01_counting is listed twice"]),
}  # fmt: skip


def said(root: Path, capsys: pytest.CaptureFixture, *words: str) -> tuple[int, list[str]]:
    status = main(["--root", str(root), *words])
    shown = capsys.readouterr()
    return status, [line for line in (shown.err + shown.out).strip().split("\n") if line]


def fits(line: str, expected: str) -> bool:
    return expected[1:] in line if expected.startswith("…") else line.startswith(expected)


@pytest.mark.parametrize("name", MISTAKES)
def test_check_names_it_in_one_line(name: str, root: Path, capsys: pytest.CaptureFixture) -> None:
    how, expected = MISTAKES[name]
    how(root)
    status, lines = said(root, capsys, "check")
    assert status == 1 and len(lines) == len(expected), lines
    assert all(map(fits, lines, expected)), lines


def test_quiet_on_what_is_right(root: Path, capsys: pytest.CaptureFixture) -> None:
    for path in (LESSON, TOML, README, GLOSSARY, LESSON_PO, "images/counting.mmd"):
        recoded(path, lambda text: text.replace(b"\n", b"\r\n"))(root)
    recoded(LESSON_PO, lambda text: BOM + text)(root)
    edit(LESSON_PO, "Language: vi", "Language: vi_VN")(root)
    assert said(root, capsys, "check")[1][-1].startswith("All derived files of 1 lessons")


ADDS_CODE = re.compile("in (the|a) (docstring|comment|stub|set-up)|that ends in|carriage")


@pytest.mark.parametrize("name", [*filter(ADDS_CODE.search, MISTAKES)])
def test_build_refuses_before_it_executes(
    name: str, root: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    how, expected = MISTAKES[name]
    how(root)
    before = {path: path.read_bytes() for path in root.rglob("*.ipynb")}
    monkeypatch.setattr(building, "_write", lambda *_: pytest.fail("a notebook was written, and maybe executed"))
    status, lines = said(root, capsys, "build")
    assert status == 1 and fits(lines[0], expected[0]), lines
    assert {path: path.read_bytes() for path in root.rglob("*.ipynb")} == before


def test_classroom_refuses_what_adds_code(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    translated(DOCSTRING, 'msgstr "Wọrd `text`\\"\\"\\"; import this; \\"\\"\\"x"')(root)
    folder = tmp_path / "class"
    status, lines = said(root, capsys, "classroom", str(folder), "--language", "vi")
    assert status == 1 and "a docstring may not hold three quotes" in lines[0] and not folder.exists()
    assert said(root, capsys, "classroom", str(folder))[0] == 0, "the English lesson is as it was"


def test_a_translation_that_adds_code_is_refused_whatever_it_looks_like(root: Path, monkeypatch) -> None:
    """Should the guard on one message miss it, the notebooks are compared before any of them is executed."""
    monkeypatch.setattr(building.code, "of_lesson", lambda *_: [])
    translated(DOCSTRING, 'msgstr "Wọrd `text`\\"\\"\\"; import this; \\"\\"\\"x"')(root)
    course = load(root)
    with pytest.raises(building.Refused, match="'ex-words-code': its code is not that of the English notebook"):
        build(course, list(course.lessons), True, lambda _text: None)


# Whatever would cost translations: sources that cannot be read, catalogues that are not what they seem.
LOSES = re.compile("lesson|README|parse|catalogue|twice|two|language|package|gap|never")


@pytest.mark.parametrize("name", [*filter(LOSES.search, MISTAKES)])
def test_messages_changes_nothing(name: str, root: Path, capsys: pytest.CaptureFixture) -> None:
    how, expected = MISTAKES[name]
    how(root)
    if expected[0].startswith((GLOSSARY, RETIRED)):
        return  # the tables of terms decide on no message
    before = {path: path.read_bytes() for path in root.rglob("*.po")}
    status, lines = said(root, capsys, "messages")
    assert status == 1 and len(lines) == 1 and fits(lines[0], expected[0]), lines
    assert {path: path.read_bytes() for path in root.rglob("*.po")} == before


def test_messages_tells_how_many_translations_it_leaves_out(root: Path, capsys: pytest.CaptureFixture) -> None:
    edit(LESSON, "Count them.", "Count them all.")(root)
    assert said(root, capsys, "messages")[1][-1] == "Tiếng Việt: 0 to translate, 1 to look at again"
    edit(LESSON, "\n\nCount them all.\n", "\n")(root)
    last = said(root, capsys, "messages")[1][-1]
    assert last == "Tiếng Việt: 0 to translate, 0 to look at again, 1 removed, whose English is gone"


def test_faults_do_not_hide_each_other(root: Path) -> None:
    edit(COURSE_PO, 'msgstr "ỵọụr', 'msgstr "ỵọ"ụr')(root)
    recoded(GLOSSARY, lambda text: BOM + text)(root)
    notebook(f"translations/vi/{EXERCISE}", without_ids)(root)
    edit(SOLUTION, "print(parts)", "print(part)")(root)
    translated('msgstr "cọpỵ', 'msgstr "cọpỵ\u200b')(root)
    named = {str(problem.path.relative_to(root)) for problem in check(load(root))}
    # The notebook in Vietnamese is made of a catalogue that cannot be read.
    assert named == {COURSE_PO, GLOSSARY, SOLUTION, LESSON_PO}


def test_an_error_that_nobody_foresaw_is_one_problem(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(EXERCISE, "Count them.", "Count.")(root)
    monkeypatch.setattr("builder.check.translations.check", lambda *_: {}["metadata"])
    found = [str(problem) for problem in check(load(root))]
    assert len(found) == 2 and found[1].endswith("translations: cannot be looked at (KeyError: 'metadata')")


@pytest.mark.parametrize("flagged", ["", '#| msgctxt "split"\n#| msgid "copy the words"\n'])
def test_fuzzy_by_hand_and_by_a_change(flagged: str, root: Path) -> None:
    translated('msgctxt "split"', f'#, fuzzy\n{flagged}msgctxt "split"')(root)
    (found,) = (problem for problem in check(load(root)) if problem.path.suffix == ".po")
    assert found.line and found.text.startswith(
        "cell 'split': the English has changed" if flagged else "cell 'split': marked as needing work (fuzzy)"
    )


def test_an_edited_catalogue_needs_a_build_and_nothing_else(root: Path) -> None:
    translated("Whạt ạ wọrd ịs, tọ", "Whạt ạ wọrd ịs tọ")(root)
    found = check(load(root))
    assert len(found) == 2
    assert all(problem.text.endswith(": run `make build`") and "edit the" not in problem.text for problem in found)


def test_what_follows_from_the_english_notebook_is_not_told_again(root: Path) -> None:
    edit(LESSON, "print(parts)", "print(parts[:1])")(root)
    assert [str(problem.path.relative_to(root)) for problem in check(load(root))] == [EXERCISE, SOLUTION]


@pytest.mark.parametrize("command", ["messages", "classroom", "build", "check"])
def test_a_missing_lesson_is_named_by_every_command(command: str, root: Path, capsys, tmp_path: Path) -> None:
    (root / LESSON).unlink()
    status, lines = said(root, capsys, command, *([str(tmp_path / "class")] if command == "classroom" else []))
    assert status == 1 and len(lines) == 1 and lines[0].startswith(f"{LESSON}: ") and "missing" in lines[0]


def test_a_classroom_in_the_place_of_a_file(root: Path, capsys: pytest.CaptureFixture) -> None:
    status, lines = said(root, capsys, "classroom", str(root / README))
    assert status == 1 and lines == [f"{README}: is a file; choose a folder, as in `make classroom DIR=classroom`"]


def test_a_damaged_solution_is_not_run(root: Path, capsys: pytest.CaptureFixture) -> None:
    notebook(SOLUTION, without_ids)(root)
    status, lines = said(root, capsys, "run", "1")
    assert status == 1 and lines == [f"{SOLUTION}: {UNREADABLE}its cells have no ids): run `make build`"]


@pytest.mark.parametrize("command", ["check", "messages", "build"])
def test_a_learners_environment(command: str, root: Path) -> None:
    """Without what contributors install, one sentence says what to do."""
    code = (
        "import sys\n"
        "for name in ('polib', 'babel', 'jupytext', 'markdown_it', 'nbgrader'): sys.modules[name] = None\n"
        "from builder.__main__ import main\n"
        f"sys.exit(main(['--root', {str(root)!r}, {command!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "which is not installed here" in done.stderr and f"`make {command}`" in done.stderr
    assert "requirements-dev.txt" in done.stderr
