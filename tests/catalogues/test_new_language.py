"""A sixth language, added as CONTRIBUTING says: messages, a translated lesson, build, check, fonts and JupyterLab."""

from __future__ import annotations

import ast
import gettext
import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path

import polib
import pytest
from matplotlib.ft2font import FT2Font

from builder.__main__ import main
from builder.build import build, validated
from builder.catalogues import store
from builder.catalogues.translate import Translator
from builder.check import check
from builder.course import Course, load
from builder.guards import code
from prompt2data.pipelines import drawing
from tests.builder.languages import KEPT

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "builder" / "fixtures" / "course"
FRENCH = '[[languages]]\ncode = "fr"\nname = "Français"\nbuilt = true\n\n'
GLOSSARY = "en,fr,check\nword,mot,always\ntext,texte,always\n"
# A machine's draft. French has a space, which does not break, before some of its punctuation.
DRAFT = {
    "# 1. Counting: from words to numbers": "# 1. Compter : des mots aux nombres",
    "What a word is, to a program.": "Ce qu'est un mot pour un programme.",
    "A text is a list of words, $n \\in \\mathbb{N}$ of them.": "Un texte est une liste de $n \\in \\mathbb{N}$ mots.",
    "copy the words of each text": "copier les mots de chaque texte",
    "### 🐢 Exercise 1.1: how many words? (5 min)": "### 🐢 Exercice 1.1 : combien de mots ? (5 min)",
    "Count them.": "Comptez dans la liste les mots de tous ces textes.",
    "Number of words in `text`.": "Nombre de mots dans le texte `text`.",
    "### 🐕 Exercise 1.2: the longest word (10 min)": "### 🐕 Exercice 1.2 : le mot le plus long (10 min)",
    "Find it.": "Trouvez-le !",
    "The longest word in `texts`.": "Le mot le plus long des textes `texts`.",
    "### 🦁 Exercise 1.3: all words (15 min)": "### 🦁 Exercice 1.3 : tous les mots (15 min)",
    "Use what you have.": "Servez-vous de ce que vous avez.",
    "Number of words in all `texts`.": "Nombre de mots dans tous les textes `texts`.",
    "{len(TEXTS)} texts": "{len(TEXTS)} textes",
    "your code here": "votre code ici",
    "Worked solution": "Solution détaillée",
    "Exercises to fill in": "Exercices à compléter",
    "in Colab": "dans Colab",
    "Open in Colab": "Ouvrir dans Colab",
    "lesson": "leçon",
    "minutes": "minutes",
    "exercises": "exercices",
    "worked solution": "solution détaillée",
    "notebook": "notebook",
    "solution": "solution",
    "all lessons": "toutes les leçons",
    "What a good result looks like": "À quoi ressemble un bon résultat",
    "Installs the course where it is missing (in Colab), then prepares this notebook": (
        "Installe le cours là où il manque (dans Colab), puis prépare ce notebook"
    ),
    "# A Small Course": "# Un petit cours",
    "The end.": "Fin.",
    "{n} word": "{n} mot",
}


def translate(course: Course, name: str, draft) -> None:
    path = course.catalogue("fr", name)
    catalogue = store.load(path, "fr")
    for entry in catalogue.entries:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: draft(entry.msgid), 1: draft(entry.msgid) + "s"}
        else:
            entry.msgstr = draft(entry.msgid)
    path.write_text(store.text_of(catalogue, name), "utf-8")


def code_of(path: Path) -> list[str]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def said(root: Path) -> list[str]:
    return [str(problem).replace(f"{root}/", "") for problem in check(load(root))]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small course, with French in course.toml and in the glossary, and a message with a number."""
    root = shutil.copytree(FIXTURE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    toml, readme, package = root / "course.toml", root / "README.md", root / "minicourse" / "__init__.py"
    toml.write_text(toml.read_text("utf-8").replace("[[lessons]]", f"{FRENCH}[[lessons]]", 1), "utf-8")
    markers = "<!-- begin:languages -->\n<!-- end:languages -->\n\n<!-- begin:lessons -->"
    readme.write_text(readme.read_text("utf-8").replace("<!-- begin:lessons -->", markers), "utf-8")
    package.write_text(
        package.read_text("utf-8") + '\n\ndef told(n):\n    return ngettext("{n} word", "{n} words", n)\n'
    )
    (root / "translations").mkdir()
    (root / "translations" / "glossary.csv").write_text(GLOSSARY, "utf-8")
    return root


def test_a_new_language_from_course_toml_to_a_clean_check(small: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["--root", str(small), "messages"]) == 0
    assert "Français: 31 to translate, 0 to look at again" in capsys.readouterr().out
    package = polib.pofile(str(small / "translations/fr/prompt2data.po"))
    assert package.metadata["Plural-Forms"] == "nplurals=2; plural=(n > 1);"
    assert package[0].msgstr_plural == {0: "", 1: ""}
    course = load(small)
    for name in ("lessons/01_counting", "course", "prompt2data"):
        translate(course, name, DRAFT.__getitem__)
    build(course, list(course.lessons), True, lambda _text: None)
    assert said(small) == []
    assert main(["--root", str(small), "messages"]) == 0
    assert "Français: 0 to translate, 0 to look at again" in capsys.readouterr().out

    english, french = (json.loads(course.solution("01_counting", one).read_text("utf-8")) for one in ("en", "fr"))
    shown = Translator(course, "fr").shown(validated(course, course.lessons[0]).lesson)
    assert list(code.faults(english, french, "fr", shown)) == []
    assert french["cells"][-1]["outputs"][0]["text"] == ["2 textes\n"]
    for source in code_of(course.exercise("01_counting", "fr")):
        ast.parse(source)
    with course.compiled("fr", "prompt2data").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert [catalogue.ngettext("{n} word", "{n} words", n) for n in (0, 1, 2)] == ["{n} mot", "{n} mot", "{n} mots"]


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("Ce qu'est un mot pour", "Ce que c'est pour", "“word” is mot"),
        ("Comptez dans la liste les mots de tous ces textes.", "Comptez ,puis . Fin", "a space before punctuation"),
        ("Fin.", "The end of this short lesson is here.", None),
        ('msgstr[1] "{n} mots"', 'msgstr[1] "mots"', "placeholder lost: {n}"),
        ('msgstr[1] "{n} mots"\n', "", "1 plural forms, 2 in this language"),
    ],
)
def test_the_guards_know_the_new_language(small: Path, old: str, new: str, expected: str | None) -> None:
    main(["--root", str(small), "messages"])
    course = load(small)
    for name in ("lessons/01_counting", "course", "prompt2data"):
        translate(course, name, DRAFT.__getitem__)
    (path,) = (one for one in (small / "translations/fr").rglob("*.po") if old in one.read_text("utf-8"))
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    found = [line for line in said(small) if ".po" in line]
    assert len(found) == (expected is not None) and (expected or "") in "".join(found), found


def test_what_is_not_translated_yet_is_one_line_for_each_catalogue(small: Path) -> None:
    (small / "translations" / "glossary.csv").write_text(
        GLOSSARY.replace(",fr,", ",").replace(",mot,", ",").replace(",texte,", ","), "utf-8"
    )
    main(["--root", str(small), "messages"])
    course = load(small)
    build(course, list(course.lessons), False, lambda _text: None)
    assert said(small) == [
        "solutions/01_counting.ipynb: was never executed: run `make build`",
        "translations/glossary.csv:1: the column fr is missing",
        *(
            f"translations/fr/{name}.po: none of its {number} messages is translated: "
            "run `make messages`, then translate it"
            for name, number in (("lessons/01_counting", 14), ("course", 16))
        ),
        "translations/fr/prompt2data.po:11: not translated: “{n} word”; run `make messages`, then translate it",
    ]


def drafted(text: str) -> str:
    """A text with accents on its vowels, but for code, placeholders, links and formulas."""
    accents = str.maketrans("aeiouAEIOU", "àéîôûÀÉÎÔÛ")
    parts, end = [], 0
    for match in KEPT.finditer(text):
        parts += [text[end : match.start()].translate(accents), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].translate(accents)])


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course with lesson 1 alone, in English and French; lesson 1 is translated and built, not executed."""
    root = tmp_path_factory.mktemp("french") / "course"
    ignored = shutil.ignore_patterns("__pycache__", "*.otf.tmp", "locale")
    for name in ("prompt2data", "scripts", "docs", "images/en"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    (root / "translations").mkdir()
    lesson = "01_basic_prompting"
    names = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "LICENSE", "requirements-lab.txt"]
    names += [
        f"lessons/{lesson}.py",
        f"notebooks/{lesson}.ipynb",
        f"solutions/{lesson}.ipynb",
        "translations/retired.csv",
    ]
    for name in [*names, *(f"images/{path.name}" for path in (ROOT / "images").glob("*.mmd"))]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    head, *tables = re.split(r"(?m)^(?=\[\[)", (ROOT / "course.toml").read_text("utf-8"))
    english, *others = (table for table in tables if table.startswith("[[languages]]"))
    first = next(table for table in tables if table.startswith("[[lessons]]"))
    others = [table.replace("built = true", "built = false") for table in others]
    (root / "course.toml").write_text("".join([head, english, *others, FRENCH, first]), "utf-8")
    header, *terms = (ROOT / "translations" / "glossary.csv").read_text("utf-8").strip().split("\n")
    source = (ROOT / f"lessons/{lesson}.py").read_text("utf-8").casefold()
    terms = [term for term in terms if term.split(",")[0].split(" (")[0].casefold() in source]
    lines = [f"{header},fr", *(f"{term},{drafted(term.split(',')[0].split(' (')[0])}" for term in terms)]
    (root / "translations" / "glossary.csv").write_text("\n".join(lines) + "\n", "utf-8")
    for name, old, new in (
        ("scripts/setup.py", '"ko": "ko_KR"', '"ko": "ko_KR", "fr": "fr_FR"'),
        ("requirements-lab.txt", "nbclient", "jupyterlab-language-pack-fr-FR>=4.4\nnbclient"),
    ):
        text = (root / name).read_text("utf-8")
        assert text.count(old) == 1
        (root / name).write_text(text.replace(old, new), "utf-8")
    assert main(["--root", str(root), "messages"]) == 0
    translate(load(root), f"lessons/{lesson}", drafted)
    assert main(["--root", str(root), "build", "--no-execute"]) == 0
    return root


def test_one_lesson_of_the_course_passes_check(real: Path) -> None:
    found = said(real)
    assert [line.split(":")[0] for line in found] == [
        "translations/fr/solutions/01_basic_prompting.ipynb",
        "translations/fr/course.po",
        "translations/fr/prompt2data.po",
    ], found
    assert "was never executed" in found[0] and all("none of its " in line for line in found[1:])
    course = load(real)
    for path_of in (course.exercise, course.solution):
        english, french = (json.loads(path_of("01_basic_prompting", one).read_text("utf-8")) for one in ("en", "fr"))
        shown = Translator(course, "fr").shown(validated(course, course.lessons[0]).lesson)
        assert list(code.faults(english, french, "fr", shown)) == []
        assert drafted("# 1. Basic prompting") in "".join(french["cells"][0]["source"])


def test_the_fonts_have_every_letter_of_it(real: Path) -> None:
    known = set(FT2Font(drawing._default_font()).get_charmap())
    entries = polib.pofile(str(real / "translations/fr/lessons/01_basic_prompting.po"))
    letters = {letter for entry in entries for letter in entry.msgstr if letter.isalpha() and ord(letter) < 0x3000}
    assert "é" in letters and {letter for letter in letters if ord(letter) not in known} == set()
    assert (real / "images/fr/taxonomy.svg").is_file()


def test_jupyterlab_opens_it_in_its_language(real: Path) -> None:
    spec = importlib.util.spec_from_file_location("french_setup", real / "scripts" / "setup.py")
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script
    spec.loader.exec_module(script)
    command, environment = script.lab_command(real, "fr")
    assert "--LabApp.default_url=/lab/tree/translations/fr/notebooks/01_basic_prompting.ipynb" in command
    settings = Path(environment["JUPYTER_CONFIG_PATH"].split(":")[0]) / "labconfig/default_setting_overrides.json"
    assert '"locale": "fr_FR"' in settings.read_text("utf-8")
    packs = (real / "requirements-lab.txt").read_text("utf-8")
    for locale in script.INTERFACE.values():
        assert locale == "default" or f"language-pack-{locale.replace('_', '-')}>=" in packs
