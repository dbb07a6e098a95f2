"""Which of the course's five languages a text is in: by its script, or by a trained identifier.

The script tells Chinese, Japanese and Korean, and that a text is in none of the five. Latin letters go to py3langid
(Barbaresi, after Lui and Baldwin, 2012, "langid.py"): naive Bayes on runs of bytes, about 5 MB, trained on 139
languages and on what is no language. Of them it chooses among those below.

`language_by_words` is the rule of thumb that needs nothing but lists of common words. It is here to be read, and
fails where such words are missing: a list of dishes, a short question.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import regex

from prompt2data.ground.segmentation import word_count
from prompt2data.quality.vocabulary import STOPWORDS, lowered

# Languages in Latin letters that have many pages on the web; zxx is no language. Rare ones would only confuse short
# texts with them.
_CANDIDATES = (
    "en vi af az ca cs da de eo es et eu fi fr ga hr hu id is it la lt lv ms nl no pl pt ro sk sl sq sv sw tl tr zxx"
).split()

_LOOKED_AT = 20_000  # characters: the language of a longer text is that of its beginning
_SCRIPT_SHARE = 0.3  # of the letters
_FEWEST_OUTSIDE = 2  # words outside of quotations that tell more than the quotations
_FEWEST_FOREIGN_LETTERS = 4  # "α + β = γ" is no Greek
_FEWEST_WORDS = 3  # below that, Latin letters alone tell little
_SURE, _VERY_SURE, _CERTAIN = 0.8, 0.95, 0.99  # probabilities
_LIKELY = 0.15  # a language below that plays no part
_ENGLISH_ENOUGH, _ENGLISH_LIST = 0.4, 0.05  # probabilities

_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = regex.compile(r"\p{Han}")
_LATIN = regex.compile(r"\p{Latin}")
_MARKS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Letters that no other common language in Latin script uses.
_VIETNAMESE = re.compile(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_ENGLISH = STOPWORDS | frozenset(
    "after because before don't every it's like long made make many may much must off only other out over put take"
    " two until use while without".split()
)
# Common words of German, French, Spanish, Italian and Portuguese that are not English words.
_FOREIGN = (
    frozenset(
        "aber auch auf aus bei das dem den der des dich dir du ein eine einem einen einer eines er es für ich ihr ist"
        " kann kein mein meine mich mir mit nach nicht noch oder sein sich sie sind um und uns vom von warum wenn wie"
        " wird zu zum zur au aux avec ce ces cette comme dans de du elle en est et il ils je la le les leur lui mais"
        " ma ne nous ou où par pas peu pour pourquoi quand que quel qui sa se ses son sur très tu un une vous ya cómo"
        " como con cuando cual del el ella ellos eres esta está este hay las lo los más mi mis muy para pero por"
        " porque qué si sin su sus al che chi ci col cosa da dal della di dove e gli ha hai ho i più nel nella non o"
        " perché per quando questo sono tra um uma uns não na no nos os pela pelo são".split()
    )
    - _ENGLISH
)
_FEWEST_KNOWN = 6  # words; below that, a rule on common words tells nothing
_VIETNAMESE_SHARE = 0.2  # of the words hold one of its letters
# Words so common that every English sentence of some length has them, and that mean nothing in other languages.
_ONLY_ENGLISH = frozenset(
    "about and are because could does from his how its should than that the their there these they this those what"
    " when where which who why with would you your".split()
)

# Addresses, code between backticks, and what is quoted, which may be in any language.
_ASIDE = re.compile(
    r"```.*?(?:```|\Z) | `[^`\n]{1,300}` | https?://\S+"
    r"""| "[^"\n]{3,300}" | „[^„“”\n]{3,300}[“”] | “[^“”\n]{3,300}” | «[^«»\n]{3,300}» | 「[^「」\n]{3,300}」
    | (?<!\w)['‘][^'‘’\n]{3,300}['’](?!\w)""",
    re.DOTALL | re.VERBOSE,
)
# Lines of the common programming languages, of HTML, JSON, CSS and of shells.
_CODE_LINE = re.compile(
    r"""\s*(?:
      import\ [\w.]+(\ as\ \w+)?(,\ ?\w+)*;? | from\ [\w.]+\ import\ .+
    | (\#include|\#define|\#!|//|/\*|\*/|--\ |@\w+\().*
    | (export\ |async\ |public\ |private\ |static\ )*(def|class|fn|func|function|interface|struct)\ \w+.*[({:]
    | (public|private|static|const|let|var|int|void|double|float|char|bool|auto)\ [\w<>*&\[\]]+.*[=({;].*
    | (if|elif|while|switch|catch)\ ?\(?.*[()=<>\[\]!].*[:{] | for\ \w+(,\ ?\w+)*\ in\ .+: | while\ (True|1):
    | (else|try|finally|do)\s?[:{] | except(\ [\w.]+(\ as\ \w+)?)?: | with\ .+\(.*\)\ as\ \w+: | return\b.*[\w)\]}"'];?
    | (break|continue|pass);? | .*[;{}] | [\])}]+[,;)]* | [\w.\[\]'"]+\ ?([-+*/:]?=|:=|<-)\ ?\S.*
    | [\w.]+\(.*\).{0,3} | [\w.]+\(.*[,(] | <[!/]?\w[^<>]*>.* | .*</\w+> | "[^"]*"\s?:\ ?.+ | [\[{].*[\]}],?
    | (SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|FROM|WHERE|JOIN)\ .*
    | (\$\ |>>>\ |sudo\ |pip3?\ install\ |git\ \w+\ |npm\ \w+|docker\ \w+\ |curl\ -|cd\ [./~]|ls\ -|python3?\ \S+\.py).*
    )\s*""",
    re.VERBOSE,
)
_LONGEST_LINE = 300  # characters that are looked at
_CODE_SHARE = 0.5  # of the lines
_ITEM = re.compile(r"[,;\n]|\s•\s")
_FEWEST_ITEMS, _LONGEST_ITEM = 3, 3  # items of a list, and words of an item


def language_of(text: str | None) -> str | None:
    """The language's code ("en", "vi", "zh", "ja", "ko"), "other", or None where there is too little to tell.

    Too little are a few words in Latin letters, numbers, signs and code, which is in no language at all. A foreign
    name or a quotation in a sentence does not change the sentence's language: a script decides when it has at least
    three tenths of the letters. Of a long text the first 20,000 characters are looked at.
    """
    text = text[:_LOOKED_AT] if isinstance(text, str) else ""
    prose = _ASIDE.sub(" ", text)
    if (
        text != prose and word_count(_MARKS.sub(" ", prose)) < _FEWEST_OUTSIDE
    ):  # nothing but a quotation, or nothing but code
        prose = re.sub(r"```.*?(?:```|\Z)|https?://\S+", " ", text, flags=re.DOTALL)
    letters = "".join(filter(str.isalpha, prose))
    if not letters:
        return None
    if code := _by_script(letters):
        return code
    if _is_code(prose):
        return None
    return _by_identifier(prose)


def not_english(text: str | None) -> bool:
    """Whether a text is in another language than English, so that rules and models for English say nothing about it."""
    return language_of(text) not in ("en", None)


def _by_script(letters: str) -> str | None:
    """What the script of the letters tells; None where most of them are Latin, or too few are anything else."""
    hangul, kana, han = (len(script.findall(letters)) / len(letters) for script in (_HANGUL, _KANA, _HAN))
    if hangul >= _SCRIPT_SHARE:
        return "ko"
    if kana + han >= _SCRIPT_SHARE:
        return "ja" if kana > 0.05 else "zh"
    foreign = len(letters) - len(_LATIN.findall(letters))
    return "other" if foreign >= max(_FEWEST_FOREIGN_LETTERS, len(letters) / 2) else None


def _is_code(text: str) -> bool:
    lines = [line[:_LONGEST_LINE] for line in text.splitlines() if line.strip()]
    return sum(_CODE_LINE.fullmatch(line) is not None for line in lines) >= max(1, _CODE_SHARE * len(lines))


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # it takes a second

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_CANDIDATES)
    return identifier


def _by_identifier(text: str) -> str | None:
    items = [_WORD.findall(item) for item in _ITEM.split(text)]
    found = _WORD.findall(lowered(text))
    is_list = text.rstrip()[-1:] not in ".?!" and sum(0 < len(item) <= _LONGEST_ITEM for item in items) >= max(
        _FEWEST_ITEMS, 0.8 * len(items)
    )
    english = sum(word in _ONLY_ENGLISH for word in found)
    known, unknown = _common(found)
    looks_english = english >= 2 and english >= len(found) / 5
    chances = {code: float(chance) for code, chance in _identifier().rank(" ".join(found))}
    foreign = sum(chances[code] for code in chances.keys() - {"en", "vi", "zxx"} if chances[code] >= _LIKELY)
    if chances["vi"] >= _SURE:
        return "vi"
    if looks_english or foreign < _VERY_SURE and known >= max(3, 2 * unknown, len(found) / 3):
        return "en"
    if foreign >= (_CERTAIN if is_list else _VERY_SURE if len(found) < _FEWEST_WORDS else _SURE):
        return "other"
    if len(found) < _FEWEST_WORDS or chances["zxx"] >= 0.5:
        return None
    enough = _ENGLISH_LIST if is_list and foreign < 0.5 else _ENGLISH_ENOUGH
    return "en" if chances["en"] >= enough else None


def _common(words: list[str]) -> tuple[int, int]:
    """How many of the words are common in English, and how many in other languages of Europe."""
    english, foreign = (sum(word in known for word in words) for known in (_ENGLISH, _FOREIGN))
    return english, foreign


def language_by_words(text: str | None) -> str | None:
    """The language of a text in Latin letters by its common words alone: "en", "vi", "other" or None for too few.

    A rule of thumb that is easy to read and needs no training. It guesses wrong where common words are missing.
    """
    words = _WORD.findall(lowered(text))
    vietnamese = sum(_VIETNAMESE.search(word) is not None for word in words)
    english, foreign = _common(words)
    if vietnamese > english and vietnamese >= _VIETNAMESE_SHARE * len(words):
        return "vi"
    if len(words) < _FEWEST_KNOWN:
        return None
    return "en" if english > foreign else "other"
