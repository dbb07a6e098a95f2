"""`pipeline.draw()`: a picture without a network, in every script."""

from __future__ import annotations

import functools
import html
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from distilabel.pipeline import Pipeline
from distilabel.steps import GroupColumns, LoadDataFromDicts, StepInput, step

from prompt2data import pipelines
from prompt2data.pipelines import drawing
from tests.pipelines.support import HANG_SECONDS, script

DRAW = """
from prompt2data import pipelines
pipelines.install()
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, KeepColumns
with Pipeline() as pipeline:
    load = LoadDataFromDicts(name="load", data=[{"指令": "x", "b": 1}])
    load >> [KeepColumns(name=name, columns=["指令"]) for name in ("one", "two", "three")]
print(pipeline.draw("p.png"), pipeline.draw("p.svg"))
"""


@pytest.fixture(autouse=True, scope="module")
def installed() -> Iterator[None]:
    """The same text is always the same picture, as the first test shows: it is rendered once."""
    pipelines.install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "_render", functools.cache(drawing._render))
        yield


def pipeline_with(column: str) -> Pipeline:
    @step(inputs=[column], outputs=["answer"])
    def Answer(inputs: StepInput):
        yield inputs

    with Pipeline() as pipeline:
        load = LoadDataFromDicts(name="load", data=[{column: "x"}])
        load >> Answer(name="answer") >> GroupColumns(name="group", columns=["answer"])
    return pipeline


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_without_a_network_and_always_the_same(tmp_path: Path, no_network: list[str]) -> None:
    pictures = []
    for seed in ("1", "2"):  # Python's hashes, hence the order in which distilabel walks its sets
        folder = tmp_path / seed
        folder.mkdir()
        process = script(folder, DRAW, prefix=no_network, PYTHONHASHSEED=seed)
        output, errors = process.communicate(timeout=HANG_SECONDS)
        assert (output, errors) == ("p.png p.svg\n", "")
        pictures.append((folder / "p.png").read_bytes())
        assert "指令" in (folder / "p.svg").read_text(encoding="utf-8")
    assert pictures[0] == pictures[1]
    assert min(size(pictures[0])) > 100


@pytest.mark.parametrize("column", ["instruction", "chỉ dẫn", "指令", "指示", "지시", 'odd (x) [y] "z" | end'])
def test_column_names_are_on_the_arrows(tmp_path: Path, column: str, recwarn: pytest.WarningsRecorder) -> None:
    path = tmp_path / "p.png"
    pipeline = pipeline_with(column)
    assert pipeline.draw(path) == path
    assert size(path.read_bytes())[0] > size(path.read_bytes())[1]
    assert not [warning for warning in recwarn if "installed font" in str(warning.message)]
    graph = drawing.graph_of(pipeline)
    assert f'n0 --> |"{column.replace(chr(34), "#34;")}"| n1' in graph
    pipeline.draw(path, top_to_bottom=True, show_edge_labels=False)
    assert size(path.read_bytes())[0] < size(path.read_bytes())[1]


WORDS = """end graph subgraph style class click call href flowchart linkStyle interpolate default classDef direction
    TD LR BT o-ring x 1st 0 _ --- a--b -x- n1 n2 distiset_0 constructor __proto__ toString accTitle title""".split()


@pytest.mark.parametrize("name", WORDS)
def test_a_step_may_have_any_name(tmp_path: Path, name: str) -> None:
    with Pipeline(name="p") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"instruction": "a"}])
        load >> GroupColumns(name=name, columns=["instruction"]) >> GroupColumns(name="last", columns=["instruction"])
    picture = pipeline.draw(tmp_path / "p.png").read_bytes()
    assert drawing.graph_of(pipeline).count("-->") == 3
    assert size(picture)[0] > 3 * size(picture)[1] > 100  # three boxes and the dataset in a row


@pytest.mark.parametrize(
    "column",
    ["", " ", "#quot;", "#35;", "&lt;", "<b>bold</b>", "`x`", "a\nb", "%%{init}%%", "**x**", "$$x$$", "\\", "a:b"]
    + ["x" * 300, "%%", "---", "a;b", "@{ shape: x }", "end", "{{"],
)
def test_a_column_may_have_any_name(tmp_path: Path, column: str) -> None:
    pipeline = pipeline_with(column)
    assert min(size(pipeline.draw(tmp_path / "p.png").read_bytes())) > 30
    if column in ("#quot;", "#35;", "&lt;", "<b>bold</b>"):
        assert html.escape(column, quote=False) in pipeline.draw(tmp_path / "p.svg").read_text(encoding="utf-8")


def test_an_arrow_without_columns_is_drawn_as_well() -> None:
    @step(inputs=["x"], outputs=[])
    def Keep(inputs: StepInput):
        yield inputs

    with Pipeline() as pipeline:
        LoadDataFromDicts(name="load", data=[{"x": 1}]) >> Keep(name="keep") >> Keep(name="last")
    assert drawing.graph_of(pipeline).splitlines()[5:] == [
        '    n1 --> n2', '    n2 --> n3', '    n0 --> |"x"| n1',
    ]  # fmt: skip
    with Pipeline() as pipeline:
        LoadDataFromDicts(name="load", data=[]) >> Keep(name="keep")  # as one read from a file is
    assert drawing.graph_of(pipeline).splitlines()[4:] == ["    n1 --> n2", "    n0 --> n1"]


def test_characters_that_no_font_has_are_warned_about(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"No installed font has all characters .* Draw to an \.svg file"):
        pipeline_with("\U000f0001").draw(tmp_path / "p.png")
    assert (tmp_path / "p.png").exists()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("picture.pdf", "A pipeline is drawn to a file ending in .png or .svg, not to 'picture.pdf'."),
        ("no/such/folder/p.png", "The picture cannot be written to 'no/such/folder/p.png'"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(path: str, sentence: str) -> None:
    with pytest.raises(drawing.DrawingError) as error:
        pipeline_with("x").draw(path)
    assert str(error.value).startswith(sentence) and "\n" not in str(error.value)
