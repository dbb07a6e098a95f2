"""A dataset as a folder that others can use: the rows as Parquet, and a card that describes them.

The card is a `README.md` that starts with YAML metadata, which the Hugging Face Hub and `datasets.load_dataset` read.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from prompt2data.i18n import _

if TYPE_CHECKING:
    from datasets import Dataset

DATA_FILE = "data.parquet"
CARD_FILE = "README.md"


@dataclass(frozen=True)
class Card:
    """What a reader of a dataset needs to know and the rows do not tell.

    Attributes:
        title: the dataset's name for humans.
        summary: one or two sentences: what it is, what it is for.
        licence: identifier of the licence of the rows, in the Hub's spelling ("apache-2.0", "cc-by-4.0", …).
        model: public name of the model that wrote the rows.
        seed: seed of its random streams.
        columns: column -> what it holds. Every column of the dataset must be here.
        limits: what the rows are not good for, one sentence each.
        languages: ISO 639-1 codes of the rows' languages.
        tags: more tags for search, besides "synthetic" and "distilabel".
    """

    title: str
    summary: str
    licence: str
    model: str
    seed: int
    columns: Mapping[str, str]
    limits: Sequence[str] = ()
    languages: Sequence[str] = ("en",)
    tags: Sequence[str] = ()

    def render(self, rows: int, picture: str | None = None) -> str:
        """The card's text for a dataset of `rows` rows. `picture` is a file name beside the card."""
        from distilabel.utils.card.dataset_card import size_categories_parser
        from huggingface_hub import DatasetCardData

        data = DatasetCardData(
            license=self.licence,
            language=list(self.languages),
            size_categories=size_categories_parser(rows),
            tags=["synthetic", "distilabel", *self.tags],
            pretty_name=self.title,
            configs=[{"config_name": "default", "data_files": DATA_FILE}],
        )
        parts = [f"---\n{data.to_yaml()}\n---", f"# {self.title}", self.summary, "## " + _("How it was made")]
        if picture:
            alt = _("The pipeline: its steps and the columns between them")  # Babel finds nothing in an f-string
            parts.append(f"![{alt}]({picture})")
        facts = [_("Model: {model}"), _("Seed: {seed}")]
        facts += [_("Software: distilabel {distilabel}, transformers {transformers}"), _("Rows: {rows}")]
        values = {"model": self.model, "seed": self.seed, "rows": rows}
        versions = {name: version(name) for name in ("distilabel", "transformers")}
        parts.append(_list([fact.format(**values, **versions) for fact in facts]))
        parts += ["## " + _("Columns"), _list([f"`{name}`: {text}" for name, text in self.columns.items()])]
        if self.limits:
            parts += ["## " + _("What it is not good for"), _list(self.limits)]
        parts += ["## " + _("Licence"), self.licence]
        return "\n\n".join(parts) + "\n"


def write_dataset(
    folder: str | PathLike[str], dataset: Dataset, card: Card, picture: str | PathLike[str] | None = None
) -> Path:
    """Write `dataset` and its card into `folder`, as `datasets.load_dataset` and the Hub read them; return the folder.

    Args:
        folder: created if missing; files of the same names are replaced.
        dataset: the rows.
        card: describes exactly the columns of `dataset`; raises `ValueError` for others.
        picture: a drawing of the pipeline, copied beside the card.
    """
    if undescribed := set(dataset.column_names) ^ set(card.columns):
        message = _("Card and dataset differ in these columns: {columns}. Describe each column of the dataset.")
        raise ValueError(message.format(columns=", ".join(sorted(undescribed))))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dataset.to_parquet(folder / DATA_FILE)
    name = None
    if picture is not None:
        name = "pipeline" + Path(picture).suffix
        if Path(picture).resolve() != (folder / name).resolve():
            shutil.copyfile(picture, folder / name)
    (folder / CARD_FILE).write_text(card.render(len(dataset), name), encoding="utf-8")
    return folder


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
