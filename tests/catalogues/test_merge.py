"""Catalogues follow their sources: nothing translated is lost, nothing stale is shown."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

import polib
import pytest

from builder.catalogues import store
from builder.catalogues.merge import merged
from builder.catalogues.store import Catalogue, Message
from builder.problems import Refused

OLD = [
    Message("a", "The dough rests for an hour.", "paragraph"),
    Message("a", "## Bread", "heading"),
    Message("b", "Salt it.", "paragraph"),
]


def translated(messages: list[Message]) -> Catalogue:
    entries = [polib.POEntry(msgctxt=one.context, msgid=one.text, msgstr=f"«{one.text}»") for one in messages]
    return Catalogue(Path("x.po"), "vi", entries)


def of(catalogue: Catalogue, text: str) -> polib.POEntry:
    return next(entry for entry in catalogue.entries if entry.msgid == text)


def test_unchanged_messages_keep_their_translations_in_the_order_of_the_source() -> None:
    new = merged(translated(OLD), list(reversed(OLD)))
    assert [entry.msgid for entry in new.entries] == [message.text for message in reversed(OLD)]
    assert all(entry.msgstr == f"«{entry.msgid}»" and not entry.fuzzy for entry in new.entries)


def test_a_changed_message_is_fuzzy_with_its_old_text() -> None:
    changed = Message("a", "The dough rests for two hours.", "paragraph")
    new = of(merged(translated(OLD), [changed, *OLD[1:]]), changed.text)
    assert new.fuzzy and new.msgstr == f"«{OLD[0].text}»" and new.previous_msgid == OLD[0].text


def test_changed_twice_and_changed_back() -> None:
    first = Message("a", "The dough rests for two hours.", "paragraph")
    second = Message("a", "The dough rests for three hours.", "paragraph")
    once = merged(translated(OLD), [first, *OLD[1:]])
    twice = merged(once, [second, *OLD[1:]])
    assert of(twice, second.text).previous_msgid == OLD[0].text
    back = merged(twice, OLD)
    assert not of(back, OLD[0].text).fuzzy and of(back, OLD[0].text).msgstr == f"«{OLD[0].text}»"


def test_the_nearest_text_of_another_cell_is_not_taken() -> None:
    elsewhere = Message("b", "The dough rests for two hours.", "paragraph")
    assert of(merged(translated(OLD), [*OLD[1:], elsewhere]), elsewhere.text).msgstr == ""


def test_a_moved_message_keeps_its_translation() -> None:
    moved = Message("c", OLD[0].text, "paragraph")
    new = of(merged(translated(OLD), [moved, *OLD[1:]]), moved.text)
    assert new.msgstr == f"«{moved.text}»" and not new.fuzzy and new.msgctxt == "c"


def test_what_is_gone_is_removed_and_what_is_new_is_empty() -> None:
    new = merged(translated(OLD), [OLD[0], Message("z", "Something else altogether", "paragraph")])
    assert [entry.msgid for entry in new.entries] == [OLD[0].text, "Something else altogether"]
    assert new.entries[1].msgstr == "" and not new.entries[1].fuzzy


def test_the_same_bytes_again(tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    path.write_text(store.text_of(translated(OLD), "x"), "utf-8")
    again = merged(store.load(path, "vi"), [Message(one.context, one.text, "") for one in OLD])
    assert store.text_of(again, "x") == path.read_text("utf-8")
    assert "POT-Creation-Date" not in path.read_text("utf-8")


def test_a_damaged_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.po").write_text('msgid "a"\nmsgstr "b\nmsg', "utf-8")
    with pytest.raises(Refused, match="x.po"):
        store.load(tmp_path / "x.po", "vi")


def test_compiled_catalogues_hold_what_is_translated() -> None:
    catalogue = translated(OLD)
    catalogue.entries[1].flags = ["fuzzy"]
    plural = polib.POEntry(msgid="{n} row", msgid_plural="{n} rows", msgstr_plural={0: "{n} hàng"})
    catalogue.entries.append(plural)
    binary = store.compiled(catalogue, "x")
    assert binary == store.compiled(catalogue, "x")
    found = gettext.GNUTranslations(io.BytesIO(binary))
    assert found.gettext(OLD[0].text) == f"«{OLD[0].text}»"
    assert found.gettext(OLD[1].text) == OLD[1].text, "a fuzzy translation was compiled"
    assert found.ngettext("{n} row", "{n} rows", 5) == "{n} hàng"
