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


PLURAL = Message(None, "{n} row", "rows.py", 1, "{n} rows")


@pytest.mark.parametrize("language, number", [("vi", 1), ("fr", 2), ("ru", 3), ("pt_BR", 2), ("ar", 6)])
def test_a_message_with_a_number_has_the_forms_of_the_language(language: str, number: int, tmp_path: Path) -> None:
    catalogue = merged(Catalogue(tmp_path / "x.po", language), [PLURAL])
    assert catalogue.entries[0].msgstr_plural == dict.fromkeys(range(number), "")
    text = store.text_of(catalogue, "x")
    assert f"nplurals={number}; plural=" in text and text.count("msgstr[") == number
    catalogue.path.write_text(text, "utf-8")
    assert store.text_of(merged(store.load(catalogue.path, language), [PLURAL]), "x") == text


def test_forms_that_were_not_offered_before_are_added() -> None:
    """French catalogues were written with one form; what was translated stays."""
    entry = polib.POEntry(msgid="{n} row", msgid_plural="{n} rows", msgstr_plural={0: "{n} ligne"})
    new = merged(Catalogue(Path("x.po"), "fr", [entry]), [PLURAL])
    assert new.entries[0].msgstr_plural == {0: "{n} ligne", 1: ""}
    assert not gettext.GNUTranslations(io.BytesIO(store.compiled(new, "x")))._catalog.get(("{n} row", 1))


def test_an_unknown_language_has_no_forms() -> None:
    with pytest.raises(ValueError, match="'vn' is no code of a language"):
        store.plurals("vn")


@pytest.mark.parametrize("second", ["Một", "Hai", ""])
def test_a_message_that_stands_twice_is_refused_with_both_lines(second: str, tmp_path: Path) -> None:
    path = tmp_path / "x.po"
    entry = 'msgctxt "a"\nmsgid "One"\nmsgstr "Một"\n\n'
    obsolete = '#~ msgctxt "a"\n#~ msgid "One"\n#~ msgstr "Mốt"\n'
    elsewhere = entry.replace('"a"', '"b"')
    path.write_text(entry + elsewhere + obsolete, "utf-8")
    assert len(store.load(path, "vi").entries) == 2
    path.write_text(entry + elsewhere + entry.replace("Một", second), "utf-8")
    with pytest.raises(Refused, match=r"x.po:9: cell 'a': this message stands in line 1 already"):
        store.load(path, "vi")


def test_a_comment_of_the_translator_moves_with_its_message() -> None:
    old = translated(OLD)
    old.entries[0].tcomment = "as bakers say"
    changed = Message("a", "The dough rests for two hours.", "paragraph")
    moved = Message("c", OLD[0].text, "paragraph")
    assert of(merged(old, [changed]), changed.text).tcomment == "as bakers say"
    assert of(merged(old, [moved]), moved.text).tcomment == "as bakers say"
