"""What a learner sees in their language: texts of lessons, messages of the package, glyphs in plots and pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import matplotlib
import polib
import pytest

matplotlib.use("Agg")

from matplotlib.ft2font import FT2Font

from builder.course import load
from prompt2data import i18n, plots, tr
from prompt2data.checks import core, lesson_01
from prompt2data.display import fonts
from prompt2data.pipelines import drawing
from prompt2data.widgets import view

ROOT = Path(__file__).parents[2]
COURSE = load(ROOT)
OTHERS = [language.code for language in COURSE.built_languages[1:]]
NOT_ATTEMPTED = {"vi": "Chưa", "zh": "还没", "ja": "まだ", "ko": "아직"}
# What no picture shows: code, which may be words of another language; emoji, which stand in prose alone; and characters
# that show nothing.
NO_GLYPH = re.compile("`[^`]*`|[\\s\u200d\ufe0f\U0001f000-\U0001faff]")


@pytest.fixture(autouse=True)
def english_again():
    before = matplotlib.rcParams.copy()
    yield
    i18n.set_language("en")
    dict.update(matplotlib.rcParams, before)


def shown_texts(language: str, lesson: str) -> list[polib.POEntry]:
    catalogue = polib.pofile(str(COURSE.catalogue(language, f"lessons/{lesson}")))
    return [entry for entry in catalogue if entry.comment == "shown text"]


def test_notebooks_of_earlier_versions_find_tr() -> None:
    assert tr("{n} rows") == "{n} rows"
    assert tr("{n} rows in {s:.1f} s", n=3, s=2.04) == "3 rows in 2.0 s"
    assert tr("100 % of {braces}") == "100 % of {braces}"


@pytest.mark.parametrize("language", OTHERS)
def test_plain_code_shows_translated_texts(language: str) -> None:
    """A localized notebook holds the text itself, and no call that looks it up."""
    for lesson in COURSE.lessons:
        code = "\n".join(
            "".join(cell["source"])
            for cell in json.loads(COURSE.exercise(lesson.name, language).read_text("utf-8"))["cells"]
            if cell["cell_type"] == "code"
        )
        assert not re.search(r"\btr\(", code)
        texts = [entry for entry in shown_texts(language, lesson.name) if "{" not in entry.msgstr + entry.msgid]
        written = [entry.msgstr for entry in texts if json.dumps(entry.msgstr, ensure_ascii=False)[1:-1] in code]
        assert len(written) >= 0.9 * len(texts) > 0  # the others break into two lines, or are in a solution-only cell


@pytest.mark.parametrize("language", OTHERS)
def test_a_check_answers_in_the_language(language: str, capsys: pytest.CaptureFixture) -> None:
    i18n.set_language(language)
    lesson_01.pairs(..., ...)
    assert NOT_ATTEMPTED[language] in capsys.readouterr().out
    lesson_01.distinct_share(lambda texts, n: 2.0)
    said = capsys.readouterr().out
    assert "2.0" in said and not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,} [A-Za-z]{3,}", said.replace("'", "")), said


def test_two_sentences_of_a_hint_are_joined_as_the_language_does(capsys: pytest.CaptureFixture) -> None:
    @core.exercise("B.")
    def check(answer):
        raise core.Wrong("wrong", hint="A.")

    for language, joined in (("en", "A. B."), ("ja", "A.B."), ("ko", "A. B.")):
        i18n.set_language(language)
        check(1)
        check(1)
        assert joined in capsys.readouterr().out


@pytest.mark.parametrize("language", OTHERS)
def test_every_translated_text_has_its_glyphs(language: str) -> None:
    files = [fonts.FOLDER / fonts.FILES[language]] if language in fonts.FILES else []
    known = set()
    for path in [*files, Path(drawing._default_font())]:
        known |= set(FT2Font(str(path)).get_charmap())
    missing = set()
    for path in (ROOT / "translations" / language).rglob("*.po"):
        for entry in polib.pofile(str(path)):
            missing |= {one for one in NO_GLYPH.sub("", entry.msgstr) if ord(one) not in known}
    assert not missing, f"run scripts/fonts.py: {''.join(sorted(missing))}"


@pytest.mark.parametrize("language", OTHERS)
def test_a_plot_draws_its_labels_without_boxes(language: str, recwarn: pytest.WarningsRecorder) -> None:
    i18n.set_language(language)
    fig, ax = plots.figure()
    label, title, x, *_rest = (entry.msgstr for entry in shown_texts(language, "01_basic_prompting"))
    ax.plot([1, 2], [-1, 3], label=label)
    plots.finish(ax, title=title, x=x, y=x, legend=True)
    fig.canvas.draw()
    assert ax.get_title(loc="left")
    assert [str(warning.message) for warning in recwarn if "Glyph" in str(warning.message)] == []


def test_a_missing_glyph_is_noticed(recwarn: pytest.WarningsRecorder) -> None:
    """The counterpart: the same check on a character that no font of ours has."""
    i18n.set_language("ja")
    fig, ax = plots.figure()
    ax.set_title("\u1200")
    fig.canvas.draw()
    assert any("Glyph" in str(warning.message) for warning in recwarn)


@pytest.mark.parametrize("language", sorted(fonts.FILES))
def test_pictures_find_the_font_that_is_brought_along(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without any font of its own, as in Colab."""
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda *_: [])
    drawing._covering_font.cache_clear()
    i18n.set_language(language)
    text = {"zh": "各个步骤", "ja": "ステップの列", "ko": "단계와 열"}[language]
    font = drawing._covering_font(frozenset(text.replace(" ", "")))
    assert font == str(fonts.FOLDER / fonts.FILES[language])
    drawing._covering_font.cache_clear()


def test_fonts_carry_their_licence_and_are_small() -> None:
    assert "SIL OPEN FONT LICENSE" in (fonts.FOLDER / "OFL.txt").read_text("utf-8")
    for path in fonts.files():
        assert path.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    "language, share, items, rows",
    [
        ("en", "12.5 %", "a, b, c", "Rows: 1–2"),
        ("zh", "12.5%", "a、b、c", "："),
        ("ja", "12.5%", "a、b、c", "："),
        ("ko", "12.5%", "a, b, c", ": 1–2"),
    ],
)
def test_signs_between_words_are_those_of_the_language(language: str, share: str, items: str, rows: str) -> None:
    i18n.set_language(language)
    assert i18n.percent(0.125) == share
    assert i18n.listed(iter("abc")) == items and i18n.listed([]) == "" and i18n.listed(["{x}"]) == "{x}"
    assert rows in view.labelled(i18n._("Rows"), "1–2")
    hostile = view.labelled("a", "<b>{x}</b>") + view.sentences("<i>", "{0}")
    assert "<" not in hostile and "{x}" in hostile and "{0}" in hostile
