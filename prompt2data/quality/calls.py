"""Lesson 08's reasons to drop a sentence and the kitchen call that it is said to ask for. English only.

The rules would rather drop a good pair than keep a wrong one: a dropped row costs some tokens, a wrong one teaches.
"""

from __future__ import annotations

import re

from prompt2data.quality import leaks
from prompt2data.quality.fields import text_of
from prompt2data.quality.orders import asked_for, asks_for_more
from prompt2data.quality.quantities import Quantity, plainly, quantities

LONGEST = 300  # characters of a sentence; one order takes fewer
_END = re.compile(r"[.!?][\"')]*$")
_FORM = re.compile(r"[{}<>\[\]|\\]|\"\s*:|\b(?:tool|json|celsius|minutes|grams)\"|\btool call|\bas a cook would\b")

# Words that may stand in front of a thing, and such that may follow it. Any other is likely to be a part of its name:
# "rye" before "flour", "dough" behind "pizza".
_BEFORE = frozenset(
    "a an the my our your his her their its this that these those some any all both of for about with on in into at to"
    " from by as and or but so when while once until till before after because since if is are was were be being it's"
    " that's here's there's now then next please just only baking bake bakes weigh weighing measure measuring check"
    " checking get getting pour pouring drying proofing proving making make cooking cook roasting roast chilling"
    " resting"
    " rest cooling cool need needs want wants have having do doing time timing heat heating add adding take taking"
    " watch"
    " watching finish finishing put putting forget more hey ok okay hi hello today's tonight's tomorrow's me us out"
    " up another"
    " off down ready let let's got get using use grab like mixing mix tipped poured remove turn flip fold feed knead"
    " kneading".split()
)
_BEHIND = frozenset(
    "a an the my our is are was were be been being has have had will would can could should may might must do does did"
    " to of for in into on onto at by with from as and or but so when while once until till before after because since"
    " if now then next please thanks thank just only too also already again today tonight here there right straight"
    " away out up off down over through i we you he she it they that which this these those who me us he'll they'll"
    " it'll"
    " i'll i'm i'd i've they're it's we're isn't aren't go goes going went come comes coming need needs needing want"
    " wants wanting bake bakes baking baked rise rises rising prove proves proving proof proofs proofing rest rests"
    " resting chill chills chilling cool cools cooling cook cooks cooking finish finishes start starts get gets getting"
    " sit sits sitting take takes set sets stay stays ferment ferments simmer simmers soak soaks soaking steam steams"
    " steaming fry fries boil boils deserve deserves require requires call calls weighed measured weighing"
    " heated first soon later turn turns brown browns crisp crisps thaw thaws hydrate hydrates bloom"
    " blooms look looks like wait waits waiting ready exactly not no instead rather without except"
    " than another dry burn look smell sound love like hate collapse sink melt bubble swell bake scorch stick".split()
)
_NAMES_IN_ING = frozenset("icing pudding stuffing topping filling dumpling shortening spring frosting dressing".split())
# Words that make another thing of the one in front of them.
_FOODS = frozenset(
    "dough flour sugar bread cake pie roll bun cookie muffin tart loaf loav crust pastry cream cheese butter oil milk"
    " powder seed nut chip bar stick twist braid knot ring slice square ball bite bomb cup shell base batter mix"
    " mixture"
    " starter sponge soaker filling topping glaze frosting icing sauce syrup paste jam juice zest peel puree starch"
    " meal"
    " salt yeast water extract bean leaf leav flake crumb cracker crisp crumble cobbler galette scone biscuit biscotti"
    " brownie pretzel bagel baguette boule brioche croissant danish doughnut donut eclair puff custard pudding pizza"
    " focaccia flatbread naan pita tortilla quiche souffle roulade strudel turnover pocket parcel waffle pancake crepe"
    " macaron meringue madeleine tray tin pan sheet rack batch bowl jar bag box piece wedge recipe oven timer scale"
    " layer half halv round cub chunk kernel oat berry berri apple cherry cherri potato pork beef chicken lamb fish rib"
    " roast steak stew soup gratin lasagna casserole empanada samosa dumpling wonton noodle pasta rice".split()
)
# What follows "for" and "of" without being a thing.
_NO_THING = frozenset("me us it them that this those these later now you which when i we ten half to an one".split())
_NOT_ME = re.compile(
    r"\b(?:not|no|except|without|instead of|rather than|never|than)(?: (?:for|of|about|to))?(?: [\w']+)?$"
)
_JOINS = re.compile(r"^(?:,? ?(?:and|or|&|plus)) (?:(?:the|my|our|some|a|an|those|these) )?([\w'-]+)")
# What follows a number without a unit is no unit that the rules do not know ("225 kelvin").
_OTHER_UNIT = re.compile(r" (?!for|please|now|in|so|and|to|on|with|as|because|would|will|while|when|then|thanks)\w")
_IN_MINUTES = re.compile(r"\b(?:in|for|to)(?: \w+)? $")
_WEIGHED = re.compile(r"\b(?:weigh|measure)(?: out| off| up)?(?: (?:me|us|for me))?(?: (?:the|my|our|some))+ ")
_LISTED = re.compile(
    r"^, (?:(?:the|my|our|some) )?([\w'-]+)(?: [\w'-]+)?,? (?:and|or) (?:(?:the|my|our|some) )?([\w'-]+)"
)
_GOES_ON = frozenset(  # what may follow "and" behind a thing: a new clause, and no second thing
    "call ring tell let give please then set start turn heat preheat weigh remind buzz beep ping i i'm i'd we it they"
    " he she you that's don't put get make take bring stop say oven timer scale kitchen now so can could would will"
    " nothing thanks thank shout alert notify wake poke nudge need needs want wants has have is are".split()
)
_OFFSET = re.compile(
    r"^,? ?(?:before|after(?! (?:now|that|this))|ago|earlier|early|late|left|past|higher|lower|hotter|cooler|warmer"
    r"|less|each|per|or(?! so)|minus|plus"
    r"|apart)\b"
)
_RELATIVE = re.compile(
    r"\b(?:by|every|each|minus|plus|less than|more than|under|below|above|over|at least|at most|no more than|not|except"
    r"|between|twice|double|but|half(?: of)?(?: the)?|of the|than|the last|the first|within|up"
    r"|(?<!count )(?<!counting )down|from|hotter|up to about|not quite) $"
)


def why_drop(unit: str | None, number: int, thing: str, sentence: str | None) -> str | None:
    """Why a sentence does not ask for exactly this call, or None.

    Args:
        unit: "minutes" (a timer), "celsius" (an oven) or "grams" (a scale); None where no tool is called, and the
            sentence must ask for none.
        number: of that unit.
        thing: what for, in lower case.
        sentence: what somebody said.

    Returns:
        The first of these reasons that fits: "empty": nothing there. "long": more than `LONGEST` characters. "leak":
        words of a prompt or of the call's form. "number": it does not say the number. "unit": it says the number in
        another unit, or in none. "another number": it says a second one, or one that is more or less than the number.
        "thing": it is about something else, or the thing is only a part of what it is about. "not a request": it tells,
        asks for advice, forbids or puts off. "another call": it asks for another tool, or asks for one where none is
        called. "unfinished": true so far, but its last character ends no sentence.
    """
    said = text_of(sentence)
    if not said:
        return "empty"
    if len(said) > LONGEST:
        return "long"
    if _FORM.search(said.lower()) or leaks.leaks(said):
        return "leak"
    ended = _END.search(said)
    text = plainly(said)
    amounts = quantities(text)
    asked = asked_for(text, amounts)
    if unit is None:
        kinds = {amount.kind for amount in amounts}
        called = any(kind in kinds or "" in kinds and kind != "grams" for kind in asked)
        return "another call" if called else None if ended else "unfinished"
    return (
        _number_fault(unit, number, text, amounts, unit in asked)
        or _thing_fault(unit, thing, text, amounts)
        or ("another call" if unit not in asked and any(asked.values()) else None)
        or ("not a request" if not asked.get(unit) else None)
        or ("another call" if asks_for_more(text, unit) else None)
        or (None if ended else "unfinished")
    )


def _number_fault(unit: str, number: int, text: str, amounts: list[Quantity], asked: bool) -> str | None:
    if not amounts:
        return "number"
    bare = len(amounts) == 1 and _counts_bare(unit, text, amounts[0], asked)
    right = [
        amount for amount in amounts if amount.value == number and amount.kind in ((unit, "") if bare else (unit,))
    ]
    if not right and len(amounts) > 1 and any(amount.said == number and not amount.kind for amount in amounts):
        return "another number"
    if not right:
        return "unit" if any(amount.said == number for amount in amounts) else "number"
    if len(amounts) > 1:
        return "another number"
    if _OFFSET.search(text[right[0].end :].lstrip()) or _RELATIVE.search(text[: right[0].start]):
        return "another number"
    return None


def _counts_bare(unit: str, text: str, amount: Quantity, asked: bool) -> bool:
    """Whether a number without a unit can be one of this unit: "Preheat to 180.", "Ring me in 20."."""
    if _OTHER_UNIT.match(text[amount.end :]):
        return False
    if unit == "celsius":
        return asked or "oven" in text
    return unit == "minutes" and asked and _IN_MINUTES.search(text[: amount.start]) is not None


def _thing_fault(unit: str, thing: str, text: str, amounts: list[Quantity]) -> str | None:
    if thing != thing.lower().strip() or not 1 <= len(thing.split()) <= 3:
        return "thing"
    places = list(re.finditer(rf"(?<![\w'-]){re.escape(plainly(thing))}(?![\w-]|'\w)", text))
    if not any(_stands_alone(text, place.start(), place.end(), amounts) for place in places):
        return "thing"
    weighed = _WEIGHED.search(text) if unit == "grams" else None
    if weighed and not text.startswith(plainly(thing), weighed.end()):
        return "thing"
    rest = "of" if unit == "grams" else "for|about"
    rivals = re.finditer(rf"\b(?:{rest}) (?:(?:the|my|our|these|those|this|some|a|an) )*", text)
    followers = [text[rival.end() :] for rival in rivals]
    if any(name.startswith(plainly(thing)) for name in [*followers, *map(_without_owner, followers)]):
        return None
    ends = [amount.start for amount in amounts]
    for follower in followers:
        word = re.match(r"[\w'-]*", follower)
        if len(text) - len(follower) in ends or word is None or word[0] in _NO_THING or word[0].endswith("ing"):
            continue
        return "thing"
    return None


def _without_owner(text: str) -> str:
    return re.sub(r"^[\w-]+'s? ", "", text)


def _stands_alone(text: str, start: int, end: int, amounts: list[Quantity]) -> bool:
    """Whether what stands at this place is a whole name: no part of a longer one, none of two, and not ruled out."""
    before, behind = text[:start].rstrip(), text[end:]
    if _NOT_ME.search(before):
        return False
    word = re.search(r"([\w'-]+)$", before)
    if word and not _may_precede(word[1]):
        if not any(amount.start < start and amount.end == len(before) for amount in amounts):
            return False
    listed = _LISTED.search(behind)
    if listed and listed[1] not in _GOES_ON | _BEHIND and listed[2] not in _GOES_ON:
        return False
    if joined := _JOINS.search(behind.lstrip()):
        return joined[1] in _GOES_ON
    follows = re.match(r" ([\w'-]+)", behind)
    return follows is None or _may_follow(follows[1], text[start:end]) or any(item.start == end + 1 for item in amounts)


def _may_precede(word: str) -> bool:
    """Whether a word in front of a thing is no part of its name: "the", "Grandma's", "kneading", and not "rye"."""
    doing = len(word) > 5 and word.endswith(("ing", "ly")) and word not in _NAMES_IN_ING
    return word in _BEFORE or word.endswith(("'s", "s'")) or doing


def _may_follow(word: str, thing: str) -> bool:
    """Whether a word behind a thing is no part of its name: "is", "goes", and not "dough"."""
    if word in _BEHIND or word.endswith(("n't", "'ll", "'d", "'ve", "'re")):
        return True
    if word in _FOODS or word.rstrip("s") in _FOODS or word.removesuffix("es") in _FOODS:
        return False
    return word.endswith(("ing", "ed", "ly")) or word.endswith("s") or thing.endswith("s")
