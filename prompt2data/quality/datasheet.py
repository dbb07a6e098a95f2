"""A data sheet: what somebody who was not there must know before using a dataset.

The headings are those of *Datasheets for Datasets* (Gebru et al., 2018, arXiv:1803.09010); the counts come from the
chain, so that nobody has to copy them. The card of lesson 05 says what the columns hold; this says what was done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from prompt2data.ground.whole import write_whole
from prompt2data.i18n import _, ngettext
from prompt2data.quality.chain import Sifted
from prompt2data.quality.fields import field
from prompt2data.quality.texts import COLUMNS
from prompt2data.untrusted import safe_repr

# What looks like a way to reach a person. No pattern finds a name alone. The parts of an address are as long as they
# may be: without bounds, a long text of letters would take minutes.
_PERSONAL = {
    "e-mail": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}\b"),
    "phone": re.compile(r"(?<![\w.])\+?\d(?:[\s()/-]{0,2}\d){8,14}(?!\w)"),
    "web address": re.compile(r"\bhttps?://\S+|\bwww\.\S+"),
}


@dataclass(frozen=True)
class Datasheet:
    """The answers that no program can give, one or two sentences each.

    Attributes:
        title: the dataset's name.
        motivation: what it was made for, and by whom.
        sources: where the texts come from: models with their licences, prompts, texts by people.
        collection: how the rows were made: method, settings, seeds, date.
        uses: what it is good for.
        not_for: what it should not be used for.
        licence: licence of the rows, and what it rests on.
        contact: who corrects mistakes.
    """

    title: str
    motivation: str
    sources: str
    collection: str
    uses: str
    not_for: str
    licence: str
    contact: str

    def render(self, sifted: Sifted, columns: Sequence[str] = COLUMNS) -> str:
        """The sheet as Markdown; `columns` are searched for personal data.

        Raises:
            ValueError: if an answer is empty.
        """
        blank = [name for name, value in vars(self).items() if not value.strip()]
        if blank:
            message = _('The data sheet has no answer for: {names}. Write "unknown" where you do not know.')
            raise ValueError(message.format(names=", ".join(blank)))
        kept = sifted.kept
        parts = [
            f"# {self.title}",
            "## " + _("Motivation"), self.motivation,
            "## " + _("Composition"),
            ngettext("{n} row.", "{n} rows.", len(kept)).format(n=len(kept)) + "\n\n" + self.sources,
            "## " + _("Collection"), self.collection,
            "## " + _("Cleaning"),
            _("Rows before: {before}. Rows after: {after}. Dropped, by reason:").format(
                before=len(sifted.rows), after=len(kept)
            ),
            _list(sifted.counts),
            "## " + _("Personal data"),
            _("Rows that hold something like it, found by pattern; names are not found this way:"),
            _list(personal_data(kept, columns)),
            "## " + _("Uses"), self.uses,
            "## " + _("Not for"), self.not_for,
            "## " + _("Licence"), self.licence,
            "## " + _("Maintenance"), self.contact,
        ]  # fmt: skip
        return "\n\n".join(parts) + "\n"

    def write(self, path: str | PathLike[str], sifted: Sifted, columns: Sequence[str] = COLUMNS) -> Path:
        """Write the sheet to a file, and return its path. Raises what `render` raises, and `NotWritten`."""
        return write_whole(path, self.render(sifted, columns))


def _list(counts: Mapping[str, int]) -> str:
    return "\n".join(f"- {name}: {count}" for name, count in counts.items())


def personal_data(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> dict[str, int]:
    """How many rows hold an e-mail address, a phone number or a web address, by pattern."""
    found = dict.fromkeys(_PERSONAL, 0)
    for row in rows:
        values = [field(row, column) for column in columns]
        text = "\n".join(value if isinstance(value, str) else safe_repr(value) for value in values)
        for kind, pattern in _PERSONAL.items():
            found[kind] += pattern.search(text) is not None
    return found
