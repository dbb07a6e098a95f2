"""Where a word begins and ends, in every script: what all measures on words stand on.

A word is a run of letters, marks and digits. Chinese, Japanese, Thai, Lao, Khmer and Burmese put no spaces between
words, so there each character counts as a word, together with its marks, and so does each emoji. Texts are compared in
Unicode's form NFC and without case: a letter with an accent is the same however it was typed.
"""

from __future__ import annotations

import unicodedata

import regex

# Letters of scripts whose words no space separates. SA is what line breaking calls those of South-East Asia.
_HAN = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}ー\uff70"
_SOUTH_EAST_ASIAN = r"\p{Line_Break=SA}"
SPACELESS = _HAN + _SOUTH_EAST_ASIAN

CHARACTER = rf"(?=[{SPACELESS}])\X\p{{M}}*"  # one character of these scripts, with its marks
_FLAG = r"\p{Regional_Indicator}{1,2}"  # before any other sign: \X looks back over all flags in a row
EMOJI = rf"{_FLAG}|(?=\p{{Emoji_Presentation}}|\p{{Extended_Pictographic}}\ufe0f)\X"
# Marks that show nothing stand in the middle of words: soft hyphens, and joiners in Persian and Hindi.
RUN = rf"(?:[[\p{{L}}\p{{M}}\p{{N}}]--[{SPACELESS}]]|(?<=[\p{{L}}\p{{M}}])[\u00ad\u200c\u200d\u2060](?=\p{{L}}))+"

_WORD = regex.compile(f"{CHARACTER}|{EMOJI}|{RUN}", regex.V1)
_SPACELESS_CHARACTER = regex.compile(f"[{SPACELESS}]", regex.V1)
_PIECE = regex.compile(rf"{CHARACTER}|{EMOJI}|[^{SPACELESS}]+?(?={EMOJI}|[{SPACELESS}]|$)", regex.V1)
_WORTH_COUNTING = regex.compile(r"[\p{L}\p{N}\p{S}]")
_WIDTHS = regex.compile("[\uff01-\uffef]+")  # full width and half width: "２００" is 200
_INVISIBLE = str.maketrans("", "", "\u00ad\u200c\u2060\ufe0e\ufe0f\ufeff")

# How many characters are a word, on average.
_PER_WORD = ((regex.compile(f"[{_HAN}]", regex.V1), 2), (regex.compile(f"[{_SOUTH_EAST_ASIAN}]", regex.V1), 3))


def word_spans(text: str | None) -> list[tuple[int, int, str]]:
    """Start, end and form of each word of a text, in order; the form is in NFC and without case.

    What is no text, as None, has no words.
    """
    found = _WORD.finditer(text if isinstance(text, str) else "")
    return [(match.start(), match.end(), same_form(match.group())) for match in found]


def words(text: str | None) -> list[str]:
    """The words of a text as `word_spans` finds them: for English, what ROUGE counts."""
    return [word for _start, _end, word in word_spans(text)]


def same_form(text: str) -> str:
    """A text for comparing: in NFC and one width, without case and without characters that show nothing."""
    text = _WIDTHS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", text.casefold()).translate(_INVISIBLE)


def pieces(text: str | None) -> list[str]:
    """What spaces separate, with its punctuation, in lower case and NFC; without spaces, character by character.

    Punctuation next to such a character belongs to no piece. What is no text, as None, has none.
    """
    found: list[str] = []
    for piece in unicodedata.normalize("NFC", text if isinstance(text, str) else "").lower().split():
        if _SPACELESS_CHARACTER.search(piece):
            found += [part for part in _PIECE.findall(piece) if _WORTH_COUNTING.search(part)]
        else:
            found.append(piece)
    return found


def word_count(text: str | None) -> int:
    """About how many words a text has: what spaces separate; two characters of Chinese or Japanese, three of Thai.

    Parts of words count as one: three Chinese characters are two words.
    """
    found = pieces(text)
    count = len(found)
    for script, size in _PER_WORD:
        characters = sum(script.match(piece) is not None for piece in found)
        count += -(-characters // size) - characters
    return count
