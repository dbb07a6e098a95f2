"""A dataset folder: what `load_dataset` makes of it, and what its card says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset, DatasetDict, load_dataset
from huggingface_hub import DatasetCard

from prompt2data.cards import Card, write_dataset
from prompt2data.ground.whole import NotWritten

ROWS = [{"prompt": "Why salt?", "completion": "Taste. Größe: 10 g"}, {"prompt": "Why steam?", "completion": None}]
CARD = Card(
    title="Bakers' questions: a test",
    summary="Two rows.",
    licence="apache-2.0",
    model="a-model",
    seed=7,
    columns={"prompt": "a question", "completion": "its answer"},
    limits=["Not for baking."],
)


def test_the_folder_loads_as_a_dataset(tmp_path):
    folder = write_dataset(tmp_path / "new" / "folder", Dataset.from_list(ROWS), CARD)
    assert load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache")).to_list() == ROWS
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "data.parquet"]


def test_the_card_has_metadata_that_programs_read(tmp_path):
    folder = write_dataset(tmp_path, Dataset.from_list(ROWS), CARD)
    data = DatasetCard.load(folder / "README.md").data
    assert data.license == "apache-2.0" and data.language == ["en"] and data.size_categories == "n<1K"
    assert data.tags == ["synthetic", "distilabel"] and data.pretty_name == CARD.title


def test_the_card_says_how_the_rows_were_made():
    text = CARD.render(rows=2)
    for fact in ("Model: a-model", "Seed: 7", "Rows: 2", "`completion`: its answer", "Not for baking.", "distilabel 1"):
        assert fact in text
    assert "![" not in text


def test_the_picture_lies_beside_the_card(tmp_path):
    picture = tmp_path / "drawn.png"
    picture.write_bytes(b"png")
    folder = write_dataset(tmp_path / "out", Dataset.from_list(ROWS), CARD, picture=picture)
    assert (folder / "pipeline.png").read_bytes() == b"png"
    assert "(pipeline.png)" in (folder / "README.md").read_text(encoding="utf-8")
    # The same picture once more, and from where it lies now
    write_dataset(folder, Dataset.from_list(ROWS), CARD, picture=folder / "pipeline.png")


@pytest.mark.parametrize(
    "columns", [{"prompt": "a question"}, {**CARD.columns, "model_name": "is not there"}], ids=["missing", "extra"]
)
def test_a_card_must_describe_the_columns_there_are(tmp_path, columns):
    card = Card(title="t", summary="s", licence="l", model="m", seed=0, columns=columns)
    with pytest.raises(ValueError, match="completion|model_name"):
        write_dataset(tmp_path / "out", Dataset.from_list(ROWS), card)
    assert not (tmp_path / "out").exists()


def files_of(folder):
    """What the folder holds, nothing half-made among it."""
    return {path.name: path.read_bytes() for path in folder.rglob("*")} if folder.exists() else None


def test_a_text_where_a_list_belongs_is_a_list_of_one(tmp_path):
    card = replace(CARD, limits="Not for work.", languages="de", tags="bread")
    assert card == replace(CARD, limits=["Not for work."], languages=["de"], tags=["bread"])
    text = card.render(2)
    assert "- Not for work." in text
    assert "\n- N\n" not in text
    data = DatasetCard.load(write_dataset(tmp_path, Dataset.from_list(ROWS), card) / "README.md").data
    assert data.language == ["de"] and data.tags == ["synthetic", "distilabel", "bread"]
    assert "good for" not in replace(CARD, limits=None).render(2)
    assert replace(CARD, limits=np.array(["a", "b"])).limits == ("a", "b")
    assert replace(CARD, limits="one\nline").limits == ("one line",)


def test_more_sections_stand_before_the_limits():
    text = replace(CARD, sections={"How it was\nchecked": "By a program.\n", "Exam": "40 of 48"}).render(2)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[2:5] == ["## How it was checked", "## Exam", "## What it is not good for"]
    assert "## How it was checked\n\nBy a program.\n\n## Exam\n\n40 of 48\n\n##" in text
    with pytest.raises(TypeError, match="`sections` should be a dictionary"):
        replace(CARD, sections=["Exam"])


@pytest.mark.parametrize("columns", [["prompt", "completion"], "prompt", None, 7])
def test_columns_are_a_dictionary(columns):
    with pytest.raises(TypeError, match="`columns` should be a dictionary"):
        replace(CARD, columns=columns)


@pytest.mark.parametrize(
    "odd", ["half \ud83d", "nul \x00", "lines \u2028 \u2029 \x85 \r\n", "---\n- a: b", "'\"#:{}[]"]
)
def test_any_text_may_stand_in_a_card(tmp_path, odd):
    everywhere = replace(
        CARD,
        title=odd,
        summary=odd,
        model=odd,
        licence=odd,
        tags=[odd],
        limits=[odd],
        sections={odd: odd},
        columns=dict.fromkeys(CARD.columns, odd),
    )
    folder = write_dataset(tmp_path / "out", Dataset.from_list(ROWS), everywhere)
    assert load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache")).to_list() == ROWS
    assert DatasetCard.load(folder / "README.md").data.pretty_name == odd.replace("\ud83d", "\ufffd")


class Breaks(Dataset):
    def to_parquet(self, path, **_more):
        super().to_parquet(path)
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("fault", ["rows", "card", "picture"])
def test_all_or_nothing(tmp_path, before, fault, monkeypatch):
    folder, rows = tmp_path / "out" / "shelf", Dataset.from_list(ROWS)
    if before:
        write_dataset(folder, rows, CARD)
        (folder / "mine.txt").write_text("stays")
    kept = files_of(folder)
    if fault == "rows":
        with pytest.raises(NotWritten, match="No space left"):
            write_dataset(folder, Breaks(rows.data), CARD)
    elif fault == "card":
        monkeypatch.setattr(Card, "render", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_dataset(folder, rows, CARD)
    else:
        with pytest.raises(ValueError, match="There is no picture .*none.png"):
            write_dataset(folder, rows, CARD, picture=tmp_path / "none.png")
    monkeypatch.undo()
    assert files_of(folder) == kept and not list(tmp_path.rglob(".making*"))
    write_dataset(folder, rows.select([0]), CARD)
    assert sorted(files_of(folder)) == ["README.md", "data.parquet"] + ["mine.txt"] * before
    assert load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache")).to_list() == ROWS[:1]


def test_no_rows_no_dataset_a_file_in_the_way(tmp_path):
    for none in (Dataset.from_list([]), Dataset.from_list(ROWS).select([])):
        with pytest.raises(ValueError, match="no rows, and load_dataset"):
            write_dataset(tmp_path / "out", none, replace(CARD, columns=dict.fromkeys(none.column_names, "")))
    for other in (ROWS, DatasetDict(train=Dataset.from_list(ROWS)), None, pd.DataFrame(ROWS)):
        with pytest.raises(TypeError, match=r"Dataset.from_list\(rows\)"):
            write_dataset(tmp_path / "out", other, CARD)
    with pytest.raises(ValueError, match="cannot be written as Parquet .*no child field"):
        write_dataset(tmp_path / "out", Dataset.from_list([{"a": {}}]), replace(CARD, columns={"a": ""}))
    assert not (tmp_path / "out").exists()
    file = tmp_path / "file"
    file.write_text("mine")
    for place in (file, file / "below"):
        with pytest.raises(NotWritten) as told:
            write_dataset(place, Dataset.from_list(ROWS), CARD)
        assert "\n" not in str(told.value) and str(file) in str(told.value)
    assert file.read_text() == "mine"
