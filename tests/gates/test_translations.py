"""The course's own translations: complete, in step, and guarded. Faults are put into copies of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polib
import pytest

from builder.build import validated
from builder.catalogues import sources, store
from builder.course import Course, load
from builder.guards import translations
from builder.guards.glossary import Glossary
from builder.messages import update

ROOT = Path(__file__).parents[2]
OTHERS = ["vi", "zh", "ja", "ko"]


def faults(course: Course) -> list[str]:
    lessons = {entry.name: validated(course, entry).lesson for entry in course.lessons}
    return [f"{one.path.relative_to(course.root)}: {one.text}" for one in translations.check(course, lessons)]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What messages are made of: lessons, README, package, catalogues."""
    root = tmp_path_factory.mktemp("translations") / "course"
    ignored = shutil.ignore_patterns("__pycache__", "*.ipynb", "*.otf", "*.mo")
    for name in ("lessons", "translations", "prompt2data", "images"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for name in ("README.md", "course.toml"):
        shutil.copy(ROOT / name, root)
    return root


@pytest.fixture(scope="module")
def wanted_messages(copied: Path) -> dict[str, list[store.Message]]:
    course = load(copied)
    return sources.all_messages(course, {entry.name: validated(course, entry).lesson for entry in course.lessons})


@pytest.fixture
def course(copied: Path, tmp_path: Path) -> Course:
    return load(shutil.copytree(copied, tmp_path / "course"))


def test_all_languages_are_built_and_complete() -> None:
    course = load(ROOT)
    assert [language.code for language in course.built_languages] == ["en", *OTHERS]
    lessons = {entry.name: validated(course, entry).lesson for entry in course.lessons}
    for line, code in zip(translations.report(course, lessons), OTHERS, strict=True):
        assert line.startswith(f"{code}: ") and line.endswith("messages, 100 % translated, 0 fuzzy"), line


def test_one_changed_sentence_makes_four_catalogues_stale(course: Course) -> None:
    lesson = course.source("01_basic_prompting")
    text = lesson.read_text("utf-8")
    sentence = "One question proves nothing."
    assert text.count(sentence) == 1
    lesson.write_text(text.replace(sentence, "One question alone proves nothing."), "utf-8")
    before = faults(course)
    for code in OTHERS:
        assert any(code in line and "'dozens-why': not translated" in line for line in before), code
    update(course, lambda _text: None)
    stale = faults(course)
    assert [line.split(": cell 'dozens-why': the English has changed")[0] for line in stale] == [
        f"translations/{code}/lessons/01_basic_prompting.po" for code in OTHERS
    ]
    path = course.catalogue("ja", "lessons/01_basic_prompting")
    catalogue = store.load(path, "ja")
    entry = next(entry for entry in catalogue.entries if entry.fuzzy)
    assert entry.previous_msgid.startswith(sentence)
    entry.flags, entry.previous_msgid = [], None
    path.write_text(store.text_of(catalogue, "x"), "utf-8")
    assert len(faults(course)) == 3 and not any("/ja/" in line for line in faults(course))


def changed(
    language: str, name: str, messages: list[store.Message], wanted: Callable[[polib.POEntry], bool], how
) -> list[str]:
    """What the guards say when the first translation that is `wanted` is changed; they say nothing before that."""
    course = load(ROOT)
    catalogue, glossary = store.load(course.catalogue(language, name), language), Glossary(ROOT / "translations")
    assert list(translations.faults(catalogue, messages, glossary)) == []
    entry = next(entry for entry in catalogue.entries if wanted(entry))
    before = entry.msgstr
    entry.msgstr = how(before)
    assert entry.msgstr != before
    return list(translations.faults(catalogue, messages, glossary))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    "name, wanted, how, expected",
    [
        ("lessons/04_magpie", lambda e: "`<|im_end|>`" in e.msgstr, lambda t: t.replace("<|im_end|>", "<|im_fin|>", 1),
         "the token <|im_end|> is lost or translated"),
        ("lessons/02_self_instruct", lambda e: "`distinct" in e.msgstr or "`why_drop`" in e.msgstr,
         lambda t: t.replace("`", "", 2), "code span lost"),
        ("lessons/01_basic_prompting", lambda e: e.comment == "table", lambda t: t.rsplit("\n", 1)[0],
         "1 table row missing"),
        ("lessons/05_pipeline", lambda e: "](http" in e.msgstr, lambda t: t.replace("](http", "](htp", 1), "link lost"),
        ("lessons/03_evol_instruct", lambda e: e.comment == "heading", lambda t: "#" + t, "another structure"),
        ("lessons/03_evol_instruct", lambda e: "**" in e.msgstr, lambda t: t.replace("**", "", 2), "emphasis lost"),
        ("lessons/02_self_instruct", lambda e: "{number}" in e.msgstr, lambda t: t.replace("{number}", "{m}"),
         "placeholder lost: {number}"),
        ("lessons/01_basic_prompting", lambda e: "🐢" in e.msgstr, lambda t: t.replace("🐢", ""), "other emoji"),
        ("lessons/01_basic_prompting", lambda e: "**" in e.msgstr, lambda t: t + "\u200b", "an invisible character"),
        ("prompt2data", lambda e: len(e.msgid) > 60 and "{" not in e.msgid and "`" not in e.msgid,
         lambda _t: "You have not written anything into this cell yet.", "English left"),
        ("course", lambda e: e.comment == "paragraph", lambda t: t + "\n\nx", "paragraph too many"),
    ],
)  # fmt: skip
def test_each_fault_is_caught(wanted_messages, language: str, name: str, wanted, how, expected: str) -> None:
    found = changed(language, name, wanted_messages[name], wanted, how)
    assert any(expected in line for line in found), found


@pytest.mark.parametrize(
    "language, right, retired",
    [("vi", "dữ liệu tổng hợp", "dữ liệu giả lập"), ("zh", "聊天模板", "对话模板"),
     ("ja", "ファインチューニング", "微調整"), ("ko", "파인튜닝", "미세 조정")],
)  # fmt: skip
def test_a_retired_term_is_caught(wanted_messages, language: str, right: str, retired: str) -> None:
    name = "lessons/01_basic_prompting"
    found = changed(
        language, name, wanted_messages[name], lambda e: right in e.msgstr, lambda t: t.replace(right, retired)
    )
    assert any(f"not {retired}" in line for line in found), found
