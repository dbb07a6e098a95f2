"""What of a text is new? English content words are compared by their stems, sentences as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompt2data.quality.fields import words_of
from prompt2data.quality.vocabulary import STOPWORDS, lowered

_LONGEST = 4_000  # characters
# Words with which a response introduces itself or praises the question, and which answer nothing.
_EMPTY = STOPWORDS | frozenset(
    "addition answer ask asked asking because being certainly common convenient course curious d describe described"
    " description detail details don each easy effective ever every everyone example explain explanation find"
    " following further good great guide helpful ideal important include including information interested know lead"
    " leads led let like likely ll look looking lot make many may might need number offer often okay once options"
    " people perfect person popular possible provide provided provides question re reachable reader recommend"
    " request response s say several show someone something specific suggest suggestion suggestions suitable sure t"
    " task tell thank thanks thing things topic understand useful various ve want wanting wants way ways whether"
    " wish wonder wondering".split()
)
# Tasks whose answer may have no other words: choices anywhere, orders to work on a text
_CHOICE = re.compile(
    r"\b(or|which(?! \w+ (should|can|do|could|must) (i|we|one|you)\b)|who|whom|whose|true|verbatim|exactly|unchanged"
    r"|syllogism)\b|(^|\band |\bthen |[.:,;]\s)(please )?(choose|pick|select|identify|extract|classify|complete"
    r"|continue|fill|repeat|copy|quote|translate|transcribe|correct|fix|proofread|punctuate|rewrite|rephrase|reword"
    r"|paraphrase|convert|format|sort|order|arrange|rearrange|reverse|turn|change|capitali[sz]e|edit|summari[sz]e"
    r"|combine|shorten|replace|spell|conclude|infer|say|write|make|put|list)\b"
)
_YES_NO = re.compile(r"\W*(is|are|was|were|do|does|did|can|could|should|would|will|has|have|must|may)\b")
_ANSWERS = re.compile(r"\W*(yes|no|not|never|always|nobody|nothing|none|true|false)\b")


_ENDINGS = "ations ation ingly ous ency ent ions ion ings ing ers ed ly er".split()


def stem(word: str) -> str:
    """A word without the endings of English inflection: "suggestions" and "suggested" have one stem."""
    for end in _ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= 4 + (end == "ly"):  # not "fami"
            word = word[: -len(end)]
            break
    else:
        word = word[:-1] if word.endswith("s") and word[-2:] not in ("ss", "us", "is") and len(word) > 3 else word
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word.rstrip("eiy") or word


def content(text: str) -> list[str]:
    """The stems of the words of an English text that carry its meaning, in order."""
    return [stem(word) for word in words_of(lowered(text)) if word not in _EMPTY]


_AGAIN = re.compile(
    r"\W*((sure|okay|ok|certainly|of course|absolutely|great question|good question)\W+)*(please\b|you(r question|'d"
    r" like|'re asking| would like| want| wish| need| asked| are (asking|looking|wondering)| were| wonder)|th(e|is)"
    r" (question|task|request|instruction)|the user|(explain|describe|suggest|list|give|tell|write|name|recommend"
    r"|compare|create|show|provide|outline|share|how|what|why)\b(?! \w+ing\b))"
)


def restates(asked: str, said: str) -> bool:
    """Whether a response says with the instruction's words what was asked, and next to nothing of its own."""
    asked, said = lowered(asked[:_LONGEST]), lowered(said[:_LONGEST])
    if _CHOICE.search(asked) or _YES_NO.match(asked) or _ANSWERS.match(said):
        return False
    theirs, ours = {*content(asked)}, content(said)
    if len(theirs) < 3 or len(ours) < 3 or not (said + asked).isascii():
        return False
    own = [word for word in ours if word not in theirs]
    covered = len(theirs & {*ours}) / len(theirs)
    if covered >= 0.6 and (not own or _AGAIN.match(said) and len(own) <= 0.35 * len(ours)):
        return True
    if covered >= 0.8 and len(ours) >= 1.5 * len(theirs) and len(own) <= 0.15 * len(ours):
        return True
    # An answer of some length that gets no further than the words of the question
    return len(theirs) >= 5 and len(words_of(said)) >= 24 and covered >= 0.8 and len(own) <= 0.4 * len(ours)


_ENDS = re.compile(r"(?<=[.!?])[\"'”’)]{0,2}\s+|\n+")
_INTRODUCES = re.compile(
    r"[^\n.]{0,120}:\s*(?=\n|[\"“])|\W*(?:sure|certainly|of course|absolutely)\b[^\n.:]{0,80}[!:.]"
)
_VERBATIM = re.compile(
    r"\b(repeat|copy|echo|quote|verbatim|exact|exactly|unchanged|as it is|print|output|return|type|extract|find|which"
    r"|select|choose|pick|underline|highlight|correct|fix|proofread|punctuat\w*|spelling|grammar|errors?|mistakes?"
    r"|capitali[sz]\w*|(upper|lower)-?case|(upper|lower) case|format\w*|list|bullets?|table|markdown|json|html|csv"
    r"|code|sort|order|arrange|rearrange|reverse|remove|delete|keep|only|omit|leave out|replace|insert|add|combine"
    r"|join|merge|split|paragraphs?|lines?|transcribe|complete|continue|fill|cite|say (this|the following|it|after)"
    r"|read (this|it) (out|aloud)|if (necessary|needed|there))\b"
)
_MENDS = re.compile(r"\b(correct|fix|proofread) (the|this|these|any|all|my|its)\b(?!.*\bif\b)")
_LAYS_OUT = re.compile(
    r"\b(turn|put|convert|rewrite|change|make|format) [^.?!\n]{0,60}\b(bullets?|tables?|json|csv|list)\b"
)
_AS_IT_WAS = 30  # characters: whoever was asked to mend a text gave it back
_ANEW = re.compile(
    r"\b(rewrite|rephrase|reword|paraphrase|own words|polite\w*|formal\w*|informal\w*|friendl\w+|professional\w*|tone"
    r"|passive|active voice|simpler|simplify|plain english|in simple|summari[sz]e|summary|shorten|shorter|condense"
    r"|translate|past tense|future tense|first person|third person|more \w+|less \w+|turn (this|the|it)|change"
    r"|convert|as if|style of|explain|lesson|moral|mean(s|ing)?|sum up|one sentence|improve)\b"
)


def copies(asked: str, said: str) -> bool:
    """Whether (nearly) all sentences of a response stand in the instruction, which asked for something else."""
    low = lowered(asked[:_LONGEST])
    words = f" {' '.join(words_of(low))} "
    said = _INTRODUCES.sub("", lowered(said[:_LONGEST]), count=1)
    parts = [found for part in _ENDS.split(said) if (found := words_of(part))]
    long = {" ".join(part) for part in parts if len(part) >= 2}
    stands = {part for part in long if f" {part} " in words}
    held = sum(len(part) for part in parts if " ".join(part) in stands)
    total, size = sum(map(len, parts)), words.count(" ") - 1
    if held < 8 or held < 0.85 * total:
        return False
    order = re.split(r"[:\n\"“]", low, maxsplit=1)[0] if re.search(r"[:\n\"“]", low) else low[:200]
    order += " " + low[-80:] if len(low) > 400 else ""
    if _VERBATIM.search(order):
        unchanged = len(said) >= _AS_IT_WAS and said.strip(' "“”\n') in low
        return unchanged and (_MENDS.search(order) or _LAYS_OUT.search(order)) is not None
    shortens = re.search(r"\b(summar|shorte|condens|sum up|one sentence)", order)
    return held >= 0.5 * size or bool(_ANEW.search(order)) and not shortens


def dwells(text: str) -> bool:
    """Whether an English text of some length says in its second half what the first said, perhaps in other words."""
    found: Sequence[str] = content(text[:_LONGEST])
    half = len(found) // 2
    if len(found) < 36 or not text[:_LONGEST].isascii() or text.count("\n") > 3 or "`" in text:
        return False
    return len({*found[half:]} - {*found[:half]}) <= 0.25 * half and len({*found}) <= 0.5 * len(found)
