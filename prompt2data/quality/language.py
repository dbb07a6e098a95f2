"""Which of the course's five languages a text is in, judged by its script and its most common words.

A rule for sorting rows, not a language identifier: it knows English, Vietnamese, Chinese, Japanese and Korean, and
calls everything else "other". A few words in Latin letters are too little evidence; the answer is then None.
"""

from __future__ import annotations

import re

from prompt2data.quality.vocabulary import STOPWORDS, lowered

_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
# Letters that no other common language in Latin script uses.
_VIETNAMESE = re.compile(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

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

_FEWEST_WORDS = 6  # below that, Latin letters alone tell nothing
_SCRIPT_SHARE = 0.3  # of the letters
_VIETNAMESE_SHARE = 0.2  # of the words hold one of its letters


def language_of(text: str | None) -> str | None:
    """The language's code ("en", "vi", "zh", "ja", "ko"), "other", or None where there is too little text to tell.

    A foreign name in a sentence does not change the sentence's language: a script decides when it has
    at least three tenths of the letters.
    """
    letters = "".join(filter(str.isalpha, text or ""))
    if not letters:
        return None
    hangul, kana, han = (len(script.findall(letters)) / len(letters) for script in (_HANGUL, _KANA, _HAN))
    if hangul >= _SCRIPT_SHARE:
        return "ko"
    if kana + han >= _SCRIPT_SHARE:
        return "ja" if kana > 0.05 else "zh"
    words = _WORD.findall(lowered(text))
    vietnamese = sum(_VIETNAMESE.search(word) is not None for word in words)
    english, foreign = (sum(word in known for word in words) for known in (_ENGLISH, _FOREIGN))
    if vietnamese > english and vietnamese >= _VIETNAMESE_SHARE * len(words):
        return "vi"
    if len(words) < _FEWEST_WORDS:
        return None
    return "en" if english > foreign or english == foreign == 0 and len(words) < 2 * _FEWEST_WORDS else "other"
