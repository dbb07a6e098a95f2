"""A dataset as a folder that others can use: the rows as Parquet, and a card that describes them.

The card is a `README.md` that starts with YAML metadata, which the Hugging Face Hub and `datasets.load_dataset` read.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from prompt2data.ground.rows import as_list
from prompt2data.ground.whole import whole_files
from prompt2data.i18n import _
from prompt2data.untrusted import safe_str, whole

if TYPE_CHECKING:
    from datasets import Dataset

DATA_FILE = "data.parquet"
CARD_FILE = "README.md"


@dataclass(frozen=True)
class Card:
    """What a reader of a dataset needs to know and the rows do not tell.

    A text where a list belongs is a list of one. Raises `TypeError` if `columns` or `sections` is no mapping.

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
        sections: more headings, and the Markdown under each: how the rows were checked, what they are worth.
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
    sections: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Mapping):
            raise TypeError(_("`columns` should be a dictionary: each column, and what it holds."))
        if not isinstance(self.sections, Mapping):
            raise TypeError(_("`sections` should be a dictionary: each heading, and the text under it."))
        columns = {whole(safe_str(name)): _line(text) for name, text in self.columns.items()}
        object.__setattr__(self, "columns", columns)
        sections = {_line(heading): whole(safe_str(text)).strip() for heading, text in self.sections.items()}
        object.__setattr__(self, "sections", sections)
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name in ("limits", "languages", "tags"):
                object.__setattr__(self, one.name, tuple(map(_line, as_list(value) or ())))
            elif isinstance(value, str):
                object.__setattr__(self, one.name, whole(value))

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
        for heading, text in self.sections.items():
            parts += [f"## {heading}", text]
        if self.limits:
            parts += ["## " + _("What it is not good for"), _list(self.limits)]
        parts += ["## " + _("Licence"), self.licence]
        return "\n\n".join(parts) + "\n"


def write_dataset(
    folder: str | PathLike[str], dataset: Dataset, card: Card, picture: str | PathLike[str] | None = None
) -> Path:
    """Write `dataset` and its card into `folder`, as `datasets.load_dataset` and the Hub read them; return the folder.

    Where something fails, nothing is written.

    Args:
        folder: created if missing; files of the same names are replaced.
        dataset: the rows, at least one.
        card: describes exactly the columns of `dataset`.
        picture: a drawing of the pipeline, copied beside the card.

    Raises:
        TypeError: if `dataset` is no `Dataset`.
        ValueError: if it has no rows, other columns than the card or one that Parquet does not take; or if there is
            no such picture.
        NotWritten: if the folder is a file, or cannot be written.
    """
    if not isinstance(getattr(dataset, "column_names", None), list) or not hasattr(dataset, "to_parquet"):
        raise TypeError(_("The rows should be one Dataset: Dataset.from_list(rows) makes it of a list of rows."))
    if undescribed := set(dataset.column_names) ^ set(card.columns):
        message = _("Card and dataset differ in these columns: {columns}. Describe each column of the dataset.")
        raise ValueError(message.format(columns=", ".join(sorted(undescribed))))
    if not len(dataset):
        raise ValueError(
            _("The dataset has no rows, and load_dataset cannot load an empty one: see which filter drops all.")
        )
    if picture is not None and not Path(picture).is_file():
        raise ValueError(_("There is no picture '{file}': draw the pipeline first.").format(file=picture))
    name = None if picture is None else "pipeline" + Path(picture).suffix
    text = card.render(len(dataset), name)
    folder = Path(folder)
    with whole_files(folder) as made:
        _write_parquet(dataset, made / DATA_FILE)
        if name is not None and picture is not None:
            shutil.copyfile(picture, made / name)
        (made / CARD_FILE).write_text(text, encoding="utf-8")
    return folder


def _write_parquet(dataset: Dataset, path: Path) -> None:
    from pyarrow import ArrowException

    try:
        dataset.to_parquet(path)
    except ArrowException as error:
        message = _("The rows cannot be written as Parquet ({reason}): change or drop that column.")
        raise ValueError(message.format(reason=" ".join(str(error).split())[:300])) from error


def _line(text: object) -> str:
    """A text on a line of a list."""
    return " ".join(whole(safe_str(text)).splitlines())


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
