"""Who speaks? How an assistant asks the user back, a user asks for advice, and a next turn begins without a name.

English only; each rule reads the first thousand characters of texts in lower case.
"""

from __future__ import annotations

import re

from prompt2data.quality.fields import words_of

_LONGEST = 4_000
_HELPER = re.compile(
    r"\W*((hello|hi|hey|great|sure|certainly|of course|absolutely|no problem|thanks for [^.!?\n]{1,40}|wonderful"
    r"|perfect|congratulations)\b[^.!?\n]{0,20}[\s,.!]+){0,3}(i'?(m| am|d be| would be|ll be)? ?(very |more than |so"
    r" )?(happy|glad|here|delighted|pleased|excited|able|can|would love|'d love|'ll gladly|can certainly|can"
    r" definitely)\b[^.!?\n]{0,20}\b(help|assist|guide|support|walk|answer|recommend|suggest|plan|find|give)|let me"
    r" help you|(let's|we can) (get started|start|begin|find|plan)|(sure|certainly|of course|absolutely)("
    r" thing)?\b[,.!]|to (help|assist|advise|give|recommend)[^.!?\n]{0,40}\bi\b[^.!?\n]{0,25}\b(know|need|ask)|before"
    r" (i|we) (start|begin|recommend|suggest|can|get|plan|help)|thank(s| you) for (reaching|contacting|your (message"
    r"|interest|question)))"
)
_ASKS_BACK = re.compile(
    r"\b(are|do|would|have|did|will|can|could|should|is|were|which|what|how \w+)\b[^.!?\n]{0,80}\byou(r|'re|'d"
    r"|'ve)?\b[^.!\n]{0,200}\?|\btell me[^.!?\n]{0,40}\byour?\b|\blet me know\b"
)
_WANTS_ADVICE = re.compile(
    r"\b(could|can|would|will) (you|someone|somebody|anyone)( please| maybe| also)? (suggest|recommend|make|give|help"
    r"|tell|show|explain|write|advise|plan|share|find|walk|teach|point|propose|list|describe|think of)\b|\b(do you"
    r"|does anyone|does anybody) (have|know|think)\b|\bany (ideas?|tips|advice|suggestions?|thoughts"
    r"|recommendations?)\b|\b(what|how|which|where|when) [^.?!\n]{0,40}?(should|can|do|could|would|must) (i|we)\b|(^"
    r"|[.!?,] )(but |and |so )?(should|can|could|do|will|would|may) (i|we)\b|\bplease (help|advise|tell|recommend)\b"
    r"|\bwhat (would|do) you (suggest|recommend|think|advise)\b"
)
_OWN = re.compile(r"\b(i|i'm|i've|i'd|my|we|we're|we've|our|me|us|mine)\b")
_OFFERS = re.compile(
    r"\b(how (can|may|could|should) i (help|assist)|(can|may|shall|should|could) i (help|assist)|you"
    r"|your(?! (advice|help|suggestions?|thoughts|opinion|input|ideas?|tips|recommendations?)))\b"
)
_WRITES = re.compile(
    r"\b(write|draft|compose|message|e-?mail|letter|post|question|questions|ask|asks|story|poem|song|monologue|diary"
    r"|journal|speech|script|pretend|role|persona|imagine|sentence|sentences|example|rewrite|rephrase|reword"
    r"|translate|turn|convert|polite\w*|review|complaint|request|reply|respond|text|caption|tweet|title|interview"
    r"|survey|faq|q&a|quiz|dialogue|conversation|chat|transcript|scene|continue|complete|summari[sz]e|paraphrase"
    r"|correct|proofread)\b"
)
_REACTS = re.compile(
    r"[\"“*]{0,3}(oh|ah|aha|thanks|thank you|many thanks|great|nice|okay|ok|cool|perfect|wow|got it|awesome|wonderful"
    r"|interesting|hmm|good to know|that (helps|makes sense|sounds)|makes sense|alright|all right|brilliant|lovely"
    r"|excellent|super|fantastic|i see|amazing)\b(?! (for|way|choice|option|idea|tip|if|when|with|in|on|question)\b)"
)
_NEXT = re.compile(
    r"[\"“*]{0,3}(and|but|so|what about|what if|then|also,?)\b[^.!?]{0,160}\?|(can|could|should|do|will) i\b"
)
_QUESTION = re.compile(r"\b(what|how|which|is|are|does|will)\b")
_Q_AND_A = re.compile(r"\n\W{0,3}q\W{0,3}[:.] [^\n]{1,300}\n+\W{0,3}a\W{0,3}[:.] ")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def offers_help(low: str) -> bool:
    """Whether an instruction, in lower case, offers help and asks the user back about what is needed."""
    low = low[:_LONGEST]
    offer = _HELPER.match(low)
    rest = low[offer.end() :] if offer else ""
    own = re.search(r"\b(my|mine|i need|i want|i have|i've|i am trying|i'm trying|should i|can i|do i)\b", rest)
    about_you = "?" in rest and re.match(r"(ing)? (you|with your)\b", rest) or _ASKS_BACK.search(rest)
    return bool(about_you) and not own


def asks_for_advice(asked: str, said: str) -> bool:
    """Whether a response, in lower case, tells of its own trouble and asks for advice, as users do."""
    said = said[:_LONGEST]
    if _WRITES.search(asked[:_LONGEST]) or len(words_of(said)) > 80 or len(_OWN.findall(said)) < 2:
        return False
    return _WANTS_ADVICE.search(said) is not None and not _OFFERS.search(re.sub(_WANTS_ADVICE, "", said))


def goes_on(asked: str, said: str) -> bool:
    """Whether a user's next turn, and perhaps an answer to it, follows in a response without the names of roles."""
    if _WRITES.search(asked[:_LONGEST]):
        return False
    if _Q_AND_A.search(said[:_LONGEST]):
        return True
    parts = [part.strip() for part in _SENTENCE.split(said[:_LONGEST]) if part.strip()]
    lines = {line.strip() for line in said[:_LONGEST].splitlines()}
    for index, part in enumerate(parts[1:], 1):
        here = " ".join(parts[index : index + 3]).partition("?")
        asks = here[1] and not re.search(r"\byou(r|'d)?\b[^.?]*$", here[0])
        if _REACTS.match(part) and asks and (_OWN.search(here[0]) or _QUESTION.search(here[0])):
            return True
        alone = part.endswith("?") and any(line.startswith(part) for line in lines)
        follows = part.startswith(("and", "what", "but")) or _OWN.search(part)
        if alone and follows and _NEXT.match(part) and index + 1 < len(parts):
            return True
    return False
