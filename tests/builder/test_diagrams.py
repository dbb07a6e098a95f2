"""Diagrams: drawn once for each language, always the same, fit to be read, and shown by lessons."""

from __future__ import annotations

import base64
import io
import re
import shutil
import xml.etree.ElementTree as ElementTree
from html import unescape
from pathlib import Path

import nbformat
import pytest
from matplotlib.ft2font import FT2Font, LoadFlags
from PIL import Image

from builder.build import build
from builder.catalogues import store
from builder.check import check
from builder.classroom import classroom
from builder.course import load
from builder.diagrams import draw, files, source
from builder.messages import update
from builder.problems import Refused
from prompt2data.display import fonts
from tests.builder.conftest import FIXTURE
from tests.builder.languages import accented, add_vietnamese

ROOT = Path(__file__).parents[2]
ALT = "Words go into a counter, which gives a number [of them]."
GRAPH = f"""\
%% alt: {ALT}
flowchart LR
  subgraph inside["In the machine"]
    direction LR
    words["Words<br>one by one & in <order>"]:::data
    counter["Counter"]:::model
    words -->|"go in"| counter
  end
  number["Number"]:::result
  nothing["Nothing"]:::drop
  counter --> number
  counter -.->|"no words"| nothing
"""
PLACE = "A text is a list of words, $n \\in \\mathbb{N}$ of them.\n"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Path:
    """The small course in two languages, with a diagram in its prose."""
    root = tmp_path_factory.mktemp("diagrams") / "course"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "images").mkdir()
    (root / "images" / "counting.mmd").write_text(GRAPH, "utf-8")
    lesson = root / "lessons" / "01_counting.py"
    text = lesson.read_text("utf-8")
    assert PLACE in text
    lesson.write_text(text.replace(PLACE, f"{PLACE}\n![](diagram:counting)\n\nThat is all.\n"), "utf-8")
    course = add_vietnamese(root)
    build(course, list(course.lessons), False, lambda _: None)
    return root


@pytest.fixture
def root(built_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built_once, tmp_path / "course"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def faults(root: Path) -> dict[str, str]:
    """What `check` says, but for solutions: they are not executed here."""
    found = {str(one.path.relative_to(root)): one.text for one in check(load(root))}
    return {path: text for path, text in found.items() if "executed" not in text}


def pictures(notebook) -> list[str]:
    return [line for cell in notebook.cells for line in cell.source.split("\n") if line.startswith("<img ")]


def drawing(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_bytes())


def texts(path: Path) -> list[str]:
    return [one.text for one in drawing(path).iter(f"{SVG}text")]


def test_every_notebook_shows_the_picture_of_its_language(built_once: Path, tmp_path: Path) -> None:
    course = load(built_once)
    for language, alt in (("en", ALT), ("vi", accented(ALT))):
        classroom(course, tmp_path / language, language)
        picture = course.picture("counting", language, "png").read_bytes()
        for path in (
            course.exercise("01_counting", language),
            course.solution("01_counting", language),
            tmp_path / language / "source" / "01_counting" / "01_counting.ipynb",
        ):
            notebook = nbformat.read(path, as_version=4)
            (shown,) = pictures(notebook)
            match = re.fullmatch(r'<img alt="([^"]+)" width="(\d+)" src="data:image/png;base64,([^"]+)">', shown)
            assert unescape(match[1]) == alt
            assert base64.b64decode(match[3]) == picture
            assert int(match[2]) * draw.SCALE == Image.open(io.BytesIO(picture)).width
            cell = next(cell for cell in notebook.cells if cell.id == "why")
            assert len(re.split(r"\n\n", cell.source)) == 3, "a block of its own"
            assert "diagram:" not in cell.source


def test_a_converted_notebook_shows_it(built_once: Path) -> None:
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter().from_filename(str(built_once / "notebooks" / "01_counting.ipynb"))
    assert re.search(r'<img alt="Words go into[^"]*"[^>]* src="data:image/png;base64,', body)


def test_no_message_of_the_lesson_but_of_the_course(built_once: Path) -> None:
    course = load(built_once)
    lesson = store.load(course.catalogue("vi", "lessons/01_counting"), "vi").entries
    assert not [entry for entry in lesson if "diagram:" in entry.msgid]
    found = [entry for entry in store.load(course.catalogue("vi", "course"), "vi").entries if entry.msgctxt]
    labels = [entry.msgid for entry in found if entry.msgctxt == "diagram counting"]
    assert labels[0] == ALT and set(labels[1:]) == {
        "In the machine", "Words", "one by one & in <order>", "Counter", "go in", "Number", "Nothing", "no words",
    }  # fmt: skip


def test_labels_in_their_language(built_once: Path) -> None:
    english, vietnamese = (texts(built_once / "images" / code / "counting.svg") for code in ("en", "vi"))
    assert {"In the machine", "Words", "go in", "Nothing"} <= set(english)
    assert {accented(text) for text in ("In the machine", "Words", "go in", "Nothing")} <= set(vietnamese)
    assert not set(english) & set(vietnamese)
    assert "one by one & in <order>" in " ".join(english)


def test_same_source_same_bytes(built_once: Path) -> None:
    course = load(built_once)
    (diagram,) = source.all_of(course)
    again = files.drawn(course, diagram, "vi")
    assert again == tuple(course.picture("counting", "vi", suffix).read_bytes() for suffix in ("svg", "png"))
    assert list(files.pictures(course)) == [], "nothing is drawn that is there"


def test_check_is_quiet_and_draws_nothing(root: Path, monkeypatch) -> None:
    monkeypatch.setattr(draw, "svg", lambda *_: pytest.fail("drawn by check"))
    assert faults(root) == {}


@pytest.mark.parametrize(
    "path, how, said",
    [
        ("en/counting.svg", lambda path: edit(path, ">Words<", ">Wards<"), "edited by hand"),
        ("vi/counting.svg", lambda path: path.write_text("<svg/>"), "edited by hand"),
        ("vi/counting.svg", lambda path: path.unlink(), "missing"),
        ("vi/other.svg", lambda path: path.write_text("<svg/>"), "stray"),
        ("counting.txt", lambda path: path.write_text(""), "stray"),
    ],
)
def test_check_names_a_picture(root: Path, path: str, how, said: str) -> None:
    how(root / "images" / path)
    assert said in faults(root)[f"images/{path}"]


def test_check_names_a_png_and_the_notebooks_that_differ(root: Path) -> None:
    path = root / "images" / "vi" / "counting.png"
    shutil.copy(root / "images" / "en" / "counting.png", path)
    found = faults(root)
    assert "not the picture" in found["images/vi/counting.png"] and "images/vi/counting.svg" not in found
    path.unlink()
    assert faults(root) == {"images/vi/counting.png": "this picture is missing: run `make build`"}
    course = load(root)
    assert [str(one) for one, _ in files.pictures(course)] == [
        str(course.picture("counting", "vi", suffix)) for suffix in ("svg", "png")
    ]


def test_a_changed_label(root: Path) -> None:
    """It is out of date in every language, then English where it is not translated, then translated."""
    edit(root / "images" / "counting.mmd", "Number", "Amount")
    found = faults(root)
    for code in ("en", "vi"):
        assert "not what counting.mmd and its translations give" in found[f"images/{code}/counting.svg"]
    assert "Amount" in found["translations/vi/course.po"] or "Number" in found["translations/vi/course.po"]
    course = load(root)
    build(course, list(course.lessons), False, lambda _: None)
    assert "Amount" in texts(root / "images" / "vi" / "counting.svg")
    assert set(faults(root)) == {"translations/vi/course.po"}


def test_a_changed_translation(root: Path) -> None:
    course = load(root)
    edit(course.catalogue("vi", "course"), f'"{accented("Number")}"', '"Số lượng"')
    assert set(faults(root)) == {"images/vi/counting.svg"}
    build(course, list(course.lessons), False, lambda _: None)
    assert "Số lượng" in texts(root / "images" / "vi" / "counting.svg") and faults(root) == {}


def test_a_diagram_that_no_lesson_shows(root: Path) -> None:
    shutil.copy(root / "images" / "counting.mmd", root / "images" / "spare.mmd")
    assert set(faults(root)) == {
        *(f"images/{code}/spare.{suffix}" for code in ("en", "vi") for suffix in ("svg", "png")),
        "translations/vi/course.po",
    }


@pytest.mark.parametrize(
    "text, said",
    [
        ("![](diagram:cuonting)", "there is no diagram 'cuonting' (images/cuonting.mmd); there are: counting"),
        ("See ![](diagram:counting)", "a diagram is a paragraph of its own"),
        ("![the loop](diagram:counting)", "a diagram is a paragraph of its own"),
        ("* ![](diagram:counting)", "a diagram is a paragraph of its own"),
        ("[the loop](diagram:counting)", "a diagram is a paragraph of its own"),
        ('<img src="diagram:counting">', "a diagram is a paragraph of its own"),
    ],
)
def test_a_lesson_is_refused(root: Path, text: str, said: str) -> None:
    path = root / "lessons" / "01_counting.py"
    edit(path, "That is all.", f"That is\nall.\n\n{text}")
    line = path.read_text("utf-8").split("\n").index(text) + 1
    course = load(root)
    with pytest.raises(Refused) as refused:
        build(course, list(course.lessons), False, lambda _: None)
    (problem,) = refused.value.problems
    assert (problem.path, problem.line) == (path, line) and said in problem.text
    assert f"lessons/01_counting.py:{line}: {problem.text}" in [str(one)[len(str(root)) + 1 :] for one in check(course)]


def test_a_lesson_may_speak_of_them(root: Path) -> None:
    edit(
        root / "lessons" / "01_counting.py", "That is all.", "Written `![](diagram:name)`.\n\n```\n![](diagram:x)\n```"
    )
    update(load(root), lambda _: None)


@pytest.mark.parametrize(
    "old, new, line, said",
    [
        (f"%% alt: {ALT}\n", "", 1, "the alternative text is missing"),
        ("%% alt: ", "%% ", 1, "begins with: %% alt"),
        (f"{ALT}\n", f"{ALT}\n%% wrap: wide\n", 2, "wrap is a number of pixels"),
        ("flowchart LR", "sequenceDiagram", 2, "the graph begins with: flowchart LR"),
        (":::model", "", 6, "a line is one of"),
        (":::model", ":::modal", 6, "a line is one of"),
        ('counter["Counter"]', "counter[Counter]", 6, "a line is one of"),
        ("  counter --> number", "  counter --> numbre", 11, "nothing is called numbre"),
        ("Words<br>", "<br>", 5, "a line of this label is empty"),
        ('number["Number"]:::result', 'words["Number"]:::result', 0, "words is there twice"),
    ],
)
def test_a_source_is_refused(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    path = tmp_path / "counting.mmd"
    assert old in GRAPH
    path.write_text(GRAPH.replace(old, new, 1), "utf-8")
    with pytest.raises(Refused) as refused:
        source.parse(path)
    assert any(one.line == line and said in one.text for one in refused.value.problems), refused.value.problems


def test_what_mermaid_cannot_draw_is_named(tmp_path: Path) -> None:
    path = tmp_path / "counting.mmd"
    path.write_text(GRAPH.replace("  end\n", ""), "utf-8")
    with pytest.raises(Refused, match="counting.mmd: cannot be drawn: .*Parse error"):
        draw.svg(source.parse(path), str, "en")


def test_safe_described_and_small(built_once: Path) -> None:
    for path in [*(built_once / "images").glob("*/*.svg"), *(ROOT / "images").glob("*/*.svg")]:
        text, tree = path.read_text("utf-8"), drawing(path)
        assert not re.search(r"<(script|foreignObject|image|style|a|use)\b|\bon\w+=|@import|url\((?!#)", text)
        assert re.findall(r"\w+://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
        assert tree.get("role") == "img" and tree.find(f"{SVG}title").text
        assert int(tree.get("width")) <= 900
        assert len(text.encode()) < 20_000
        assert path.with_suffix(".png").stat().st_size < 60_000
    assert drawing(built_once / "images" / "en" / "counting.svg").find(f"{SVG}title").text == ALT


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_every_text_can_be_read_on_every_ground() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and contrast("#777777", "#ffffff") < 4.5
    grounds = [draw.CARD, draw.GROUP, *(draw.tint(kind) for kind in source.KINDS)]
    assert min(contrast(ink, ground) for ink in (draw.INK, draw.SOFT_INK) for ground in grounds) >= 4.5
    assert set(draw.HUES) == set(source.KINDS)


def test_a_ground_of_its_own_with_clear_corners(built_once: Path) -> None:
    picture = Image.open(built_once / "images" / "en" / "counting.png").convert("RGBA")
    width, height = picture.size
    assert [picture.getpixel(at)[3] for at in ((0, 0), (width - 1, 0), (0, height - 1))] == [0, 0, 0]
    assert picture.getpixel((30, 30)) == (255, 255, 255, 255)
    seen = {"#{:02x}{:02x}{:02x}".format(*colour[:3]) for _, colour in picture.getcolors(1 << 20)}
    assert {draw.tint("data"), draw.tint("model"), draw.tint("result"), draw.tint("drop"), draw.GROUP} <= seen


TRANSLATED = {
    "zh": {"Words": "人工编写的词语", "one by one & in <order>": "一个接一个，按照它们在文本里出现的顺序逐个处理",
           "Counter": "计数器 why_drop", "go in": "进入", "no words": "没有任何词语"},
    "ja": {"Words": "インストラクションチューニング", "one by one & in <order>": "ひとつずつ、テキストの順番で処理",
           "Counter": "カウンター", "go in": "入力します", "no words": "単語がありません"},
    "ko": {"Words": "사람이 쓴 단어들", "one by one & in <order>": "하나씩, 텍스트에 나오는 순서대로 처리합니다.",
           "Counter": "세는 프로그램", "go in": "들어감", "no words": "단어가 없음"},
    "vi": {"Words": "Những từ do con người viết", "one by one & in <order>": "lần lượt từng từ, theo thứ tự xuất hiện",
           "Counter": "Bộ đếm", "go in": "đi vào", "no words": "không có từ nào"},
}  # fmt: skip


@pytest.mark.parametrize("language", list(TRANSLATED))
def test_texts_fit_their_boxes(tmp_path: Path, language: str) -> None:
    path = tmp_path / "counting.mmd"
    path.write_text(GRAPH, "utf-8")
    words = TRANSLATED[language]
    tree = ElementTree.fromstring(draw.svg(source.parse(path), lambda text: words.get(text, text), language))
    assert "".join(filter(None, words["one by one & in <order>"])).replace(" ", "") in "".join(
        one.text.replace(" ", "") for one in tree.iter(f"{SVG}text")
    )
    boxes = [[float(one.get(key)) for key in ("x", "y", "width", "height")] for one in tree.iter(f"{SVG}rect")]
    font = FT2Font(str(fonts.files(language)[0] if language in fonts.FILES else _dejavu()))
    outside = []
    for one in tree.iter(f"{SVG}text"):
        x, y, size = float(one.get("x")), float(one.get("y")), float(one.get("font-size") or 12.5)
        font.set_size(size, 72)
        font.set_text(one.text, 0, flags=LoadFlags.NO_HINTING)
        half = font.get_width_height()[0] / 64 / 2
        # The smallest rectangle around the middle of the text is its own.
        around = [box for box in boxes if box[0] <= x <= box[0] + box[2] and box[1] <= y - 4 <= box[1] + box[3]]
        left, _top, width, _height = min(around, key=lambda box: box[2] * box[3])
        if x - half < left + 1 or x + half > left + width - 1:
            outside.append(one.text)
    assert not outside


def _dejavu() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def test_a_line_break_of_the_translator(tmp_path: Path) -> None:
    path = tmp_path / "counting.mmd"
    path.write_text(GRAPH, "utf-8")
    tree = ElementTree.fromstring(draw.svg(source.parse(path), lambda text: text.replace("Number", "数<br>字"), "zh"))
    assert {"数", "字"} <= {one.text for one in tree.iter(f"{SVG}text")}


def test_a_character_without_a_font(tmp_path: Path) -> None:
    path = tmp_path / "counting.mmd"
    path.write_text(GRAPH, "utf-8")
    with pytest.raises(Refused, match=r"no font of the course has ༀ \(ko\): run scripts/fonts.py"):
        draw.svg(source.parse(path), lambda text: text.replace("Number", "수 ༀ"), "ko")


def test_the_diagrams_of_the_course() -> None:
    names = {diagram.name for diagram in source.all_of(load(ROOT))}
    assert {"taxonomy", "self_instruct", "evol_instruct", "magpie", "pipeline", "preference_pairs"} <= names
