"""Tokens that must stay as they are, characters that got broken, and each language's punctuation and spacing."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

_TOKEN = re.compile(r"<\|[^<>|\s]*\|>|</?s>|\[/?INST\]|<(?:bos|eos|start_of_turn|end_of_turn)>")
_HALF_TOKEN = re.compile(r"<\|(?![^<>|\s]*\|>)|(?<!\|)\|>(?<!\w\|>)")
_MOJIBAKE = re.compile("\ufffd|Ã[\x80-\xbf©¡-¿]|â€|ï»¿|锟斤拷|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200e\u200f\u2028\u2029\u2060\ufeff]")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf](?:[\ufe0f\u200d]|[\U0001f000-\U0001faff])*")
_JAMO = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\ud7b0-\ud7ff]")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"
_HANGUL = "\uac00-\ud7a3"
_FULL = "，。：；？！（）「」『』、《》【】～"
# Not prose: code spans, calls and assignments without code font, placeholders, addresses, HTML tags.
_SKIPPED = re.compile(
    r"`[^`\n]*`|[A-Za-z_][\w.]*\([^()\s]*\)|\b[a-z_]+=[\w\[\]\"'.]+"
    r"|\{[^{}\n]*\}|\]\([^)\s]*\)|<[^>\n]*>|https?://\S+",
    re.DOTALL,
)
CODE, FIELD = "\ue000", "\ue001"  # what stands for a code span and for a placeholder or an address

_SCRIPTS = {
    "vi": (f"[{_HAN}{_KANA}{_HANGUL}{_FULL}]", "a character that Vietnamese does not use"),
    "zh": (f"[{_KANA.replace('・', '')}{_HANGUL}「」『』]", "a character that Simplified Chinese does not use"),
    "ja": (f"[{_HANGUL}“”]", "a character that Japanese does not use"),
    "ko": (f"[{_KANA}{_HAN}{_FULL}]", "a character that Korean text does not use"),
}
_UNSPACED = ",.;:?!"  # no space before these, in the languages above; French has one before some of them
_ADDRESS = {"zh": (re.compile("您"), "the reader is 你"), "vi": (re.compile(r"(?i)\bquý vị\b"), "the reader is “bạn”")}


def faults(language: str, source: str, translation: str) -> Iterator[str]:
    """What is wrong with the characters of a translation, whatever its kind."""
    tokens = [Counter(_TOKEN.findall(text)) for text in (source, translation)]
    for token in tokens[0] - tokens[1]:
        yield f"the token {token} is lost or translated"
    for token in tokens[1] - tokens[0]:
        yield f"the token {token} is not in the source"
    if _HALF_TOKEN.search(translation) and not _HALF_TOKEN.search(source):
        yield "a broken token: it begins with <| or ends with |> alone"
    if found := _MOJIBAKE.search(translation):
        yield f"a broken character: {found[0]!r}"
    if found := _INVISIBLE.search(translation):
        yield f"an invisible character: {found[0]!r}"
    if unicodedata.normalize("NFC", translation) != translation:
        yield "characters in pieces: normalize to NFC"
    emoji = [Counter(_EMOJI.findall(text)) for text in (source, translation)]
    if emoji[0] != emoji[1]:
        yield f"other emoji: {' '.join(emoji[1]) or 'none'} for {' '.join(emoji[0]) or 'none'}"
    prose = prose_of(translation)
    if language == "ko" and (found := _JAMO.search(prose)):
        yield f"a letter without its syllable: {found[0]}"
    if language in _SCRIPTS and (found := re.search(_SCRIPTS[language][0], prose)):
        yield f"{_SCRIPTS[language][1]}: {found[0]}"
    if language in _ADDRESS and (found := _ADDRESS[language][0].search(prose)):
        yield f"{_ADDRESS[language][1]}, not {found[0]}"
    if language in ("zh", "ja"):
        yield from _east_asian(language, prose)
    elif found := re.search(rf"\w( [{_UNSPACED if language in _SCRIPTS else ',.'}](?=\s|$))", prose):
        yield f"a space before punctuation: …{prose[max(0, found.start() - 8) : found.end()]}"


def prose_of(text: str) -> str:
    """The text with a private character for each code span, placeholder, address and HTML tag."""
    return _SKIPPED.sub(lambda match: CODE if match[0].startswith("`") else FIELD, text)


def _east_asian(language: str, prose: str) -> Iterator[str]:
    wide = f"[{_HAN}{_KANA}]"
    if found := re.search(rf"{wide}\**[,;?!]|{wide}\**:(?!\S*//)|{wide}\**\.(?=\s|$|{wide})", prose):
        yield f"half-width punctuation: {_around(prose, found)}"
    if found := re.search(rf"{wide}\s?\((?!\))|(?<=\()[^()]*{wide}[^()]*\)", prose):
        yield f"half-width brackets: {_around(prose, found)}"
    if found := re.search(rf"(?:[^\S\n][{_FULL}]|[，。：；？！、）」』》][^\S\n])(?!\|)(?<!\|)", _table_cells(prose)):
        yield f"a space beside full-width punctuation: {_around(_table_cells(prose), found)}"
    latin = rf"[A-Za-z0-9{CODE}]"
    if language == "zh":
        if found := re.search(rf"[{_HAN}]{latin}|{latin}[{_HAN}]", prose):
            yield f"no space between Chinese and Latin or code: {_around(prose, found)}"
    elif found := re.search(rf"{wide}[^\S\n]{latin}|{latin}[^\S\n]{wide}", prose):
        yield f"a space between Japanese and Latin or code: {_around(prose, found)}"


def _table_cells(prose: str) -> str:
    """The text with the spaces around the bars of a table, and those that begin a line, taken away."""
    return re.sub(r" *\| *|^(?:\s*(?:[*+-]|\d+\.|#+|>) )?\s*", "|", prose, flags=re.MULTILINE)


def _around(text: str, found: re.Match[str]) -> str:
    return "…" + text[max(0, found.start() - 6) : found.end() + 6].replace(CODE, "`…`").replace(FIELD, "{…}") + "…"
