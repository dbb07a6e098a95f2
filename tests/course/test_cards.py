"""A dataset folder: what `load_dataset` makes of it, and what its card says."""

from __future__ import annotations

import pytest
from datasets import Dataset, load_dataset
from huggingface_hub import DatasetCard

from prompt2data.cards import Card, write_dataset

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
