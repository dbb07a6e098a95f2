"""Which kitchen tool an English sentence asks for: a timer, an oven or a scale, and how sure that is.

A request opens a clause ("so ring me", "could you weigh"), says what is wanted ("I'd love a beep") or leaves the verb
out ("Oven at 200, please"). What people tell, ask for advice, forbid, report or put off is none, whatever it mentions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompt2data.quality.quantities import Quantity

# What tells the tools apart: the timer counts minutes, the oven degrees, the scale grams.
UNITS = ("minutes", "celsius", "grams")

_ASKED = (
    r"(?:can|could|will|would|won't) (?:you|we|someone|somebody|anybody|anyone)|(?:let's|let us)"
    r"|time to|how about|what about|(?:would|do) you mind|mind|why don't (?:you|we)"
    r"|(?:i|we) (?:need|want|would like|would love) you to|i'd (?:like|love|want|need) you to|i (?:need|want) you to"
    r"|(?:i'd|i would|i'll|we'd) (?:be (?:grateful|glad|happy|thankful)|appreciate it) if you(?:'d| would| could)?"
    r"|(?:it would|it'd|would) be (?:great|nice|good|lovely|wonderful|helpful|kind|perfect) (?:if|to)(?: you| someone"
    r"| somebody| we)?(?: could| would)?|if only (?:someone|somebody|you) (?:would|could)|go ahead and"
    r"|any chance (?:you(?:'d| could| can)|of)|is there any chance (?:you(?:'d| could| can)|of)"
    r"|are you able to|is it possible to|would it be possible to|do me a favou?r and|help me(?: to)?|you'd better"
    r"|don't forget to"
    r"|remember to|(?:make|be) sure (?:to|you)|(?:can|could|may) i (?:ask|trouble|get) you to|i (?:was hoping|hope"
    r"|wonder if) you"
    r"(?:'d| could| would)"
    r"|be (?:so kind|kind enough|a dear|a darling|an angel)(?: as)?(?: to| and)"
)
_CALLS = (
    r"(?:hey|hi|hello|ok|okay|right|alright|well|now|then|next|please|just|kindly|also|quick|quickly|maybe|possibly"
    r"|perhaps|there|thanks)"
)
# Where a request may open: at the start of a clause, with or without words of politeness.
_POLITE = rf"(?:(?:{_CALLS}|{_ASKED})(?:,? |,)){{0,6}}"
_OPEN = rf"(?:^|[.!?;:,(] ?|\b(?:so|but|then|please|and please|now|and then|{_ASKED}) ){_POLITE}"
# "And" joins a second request to a first one, but also one thing that somebody does to another.
_AND = rf"\band {_POLITE}"
_GAP = r"[^.!?;]{0,80}?"  # within a sentence

# An amount that opens a clause without a verb of its own: "Twenty minutes for the scones, please."
_AMOUNT = r"#(?![^.!?;]*\b(?:was|were|(?:is|are) (?:what|too|enough|plenty|right|fine)|would be|seems?|sounds?|took)\b)"
_ME = r"(?: (?:me|us))"
_NOTIFY = (
    rf"(?:(?:ring|buzz|beep|ping|alert|call|remind|notify|tell|nudge|warn|signal|poke|wake|page|prompt"
    rf"|prod|fetch|grab|interrupt){_ME}"
    rf"|(?:ring|buzz|beep|chime|ding|shout|holler|yell|whistle|sing out|speak up|pipe up|sound"
    r"|call (?:out|stop|time)|make (?:a|some) (?:noise|sound|racket)|jog my memory)(?! (?:my|your|his|her|their|our"
    r"|mum|mom|dad|the) (?!timer|alarm|bell|clock|buzzer))"
    rf"|let{_ME} know|(?:give|send){_ME} a"
    r" (?:shout|call|ring|buzz|ping|nudge|reminder|beep|heads|poke|signal|bell|holler|yell|warning|sign|nod|cue|tap"
    r"|wave|word)"
    rf"|don't let{_ME} (?:forget|miss|overlook|lose)|make sure (?:i|we) (?:don't|remember|do not|get)"
    rf"|say (?:when|stop|so)|stop{_ME}|stop at|catch{_ME}|come (?:and )?get{_ME}|(?:wake|page){_ME} up"
    r")\b"
)
# "Tell me how long", "call me a baker", "remind me to buy": words, not a signal.
_NOT_NOTIFY = (
    r"(?! (?:how|what|why|whether|if|which|who|where|a|an|stories|anything|something|to (?:buy|get|order|write))\b)"
)
_SETS = (
    r"(?:set|start|put|pop|run|get|give|make|begin|use|stick|switch|add|create|program|have|need|want|turn|punch|key"
    r"|dial|throw"
    r"|let(?! me\b| us\b)|leave|keep|fix|wind|launch)"
)
_HEATS = (
    r"(?:heat|warm|fire|crank|set|turn|bring|get|take|put|make|bump|raise|lower|drop|switch|adjust|dial|change|run"
    r"|have|push|cool"
    r"|reduce|ramp|let|start|prep|want|need|keep|hold|ready|light|leave|pop|stick|give|knock|nudge|ease|slide|rev|jack"
    r"|power|boost|send|shift|move|wind|hike)"
)
_PREHEATS = r"pre-?(?:heat|warm)"
_WEIGHS = r"(?:weigh|measure|scale (?:out|off|up)|portion out|tare|zero)"
# "How about firing up", "would you mind weighing".
_DOING = rf"(?:\b(?:how about|what about|mind|any chance of)(?: you| your)? |{_OPEN}(?:start|begin) )"
_WISH = (
    r"(?:(?:i|we)(?:'d|'ll| will| would)? (?:also |really |just )?(?:need|want|like|love|prefer|could use"
    r"|could do with|fancy)|i'm after"
    r"|(?:can|could|may|might) (?:i|we) (?:please |just )?(?:have|get)|(?:let's|let us) have|next up)"
)
_OVEN = r"(?:oven|heat|temperature|temp|broiler|grill)"
# What may stand between "turn" and "oven", so that "take the pie out of the oven" is no order to the oven.
_TO_OVEN = (
    rf"(?: #(?: on| in| for)?)?(?: (?:up|down|on|back|me|us|the|my|our|your|that|this|big|small|main|top|bottom"
    rf"|other|second|lower"
    rf"|upper|pizza|old|electric|gas|fan|cold))* {_OVEN}\b"
)
_CLOCK = r"(?:timer|alarm|clock|countdown|stopwatch|reminder)"

_ANY_OPEN = rf"(?:{_OPEN}|{_AND})"
_SURE: dict[str, tuple[str, ...]] = {
    "minutes": (
        rf"(?:{_OPEN}{_SETS}|{_DOING}\w+ing)\b{_GAP}\b{_CLOCK}\b",
        rf"{_DOING}(?:ringing|buzzing|beeping|pinging|alerting|calling|reminding|notifying|telling|warning|letting"
        rf"|giving){_ME}\b",
        rf"{_ANY_OPEN}{_NOTIFY}{_NOT_NOTIFY}",
        rf"{_OPEN}(?:(?:start |begin )?count(?:ing)? down|start counting|begin counting|keep time|time"
        r" (?:the|my|our|this|these|those|it|them|me|us)\b|(?:time|clock|track|keep track of) #)",
        r"\b(?:i|we)(?: really|'d| would)? (?:want|need|like|love|have) to (?:know|hear|be (?:reminded|called|told"
        r"|warned|notified|alerted"
        r"|woken|pinged|buzzed|rung))\b",
        rf"#,? (?:for|on) {_GAP}\b(?:starting|from|beginning|as of) (?:right )?now\b|{_OPEN}#,? (?:starting"
        rf"|from) (?:right )?now\b",
        rf"{_OPEN}(?:start the clock|clock (?:me |the |my |these |this )|keep an eye on the clock|watch the clock)",
        rf"{_OPEN}{_AMOUNT}{_GAP}\bplease\b",
        rf"{_OPEN}(?:a |an )?(?:#[ -]+)?(?:timer|alarm|countdown)\b(?![^.!?;,]*\b(?:is|was|set|running|would|started"
        rf"|done|has|went|rang|left|says)\b|[^.!?;]*\bwould (?:be|have)\b)",
        rf"{_OPEN}{_AMOUNT},? on the (?:timer|clock)\b",
        rf"\b{_WISH} (?:a|an|the|some|another|one)\b{_GAP}\b(?:{_CLOCK}|beep|ring|buzz|ping|shout|nudge|call|chime|bell"
        r"|heads.up|signal|warning)\b",
    ),
    "celsius": (
        rf"(?:{_OPEN}{_HEATS}|{_DOING}\w+ing){_TO_OVEN}",
        rf"(?:{_OPEN}{_PREHEATS}|{_DOING}pre-?heating)\b",
        r"\b(?:so|please),? (?:the|my|our) oven (?:should|needs to|has to|must|ought to)\b|\boven (?:should|needs to"
        r"|has to|must|ought to)"
        rf"\b{_GAP}\bplease\b",
        rf"{_OPEN}{_HEATS} (?:it|that|things)\b(?: back| right)?(?: up| down)? (?:to|at|on) #",
        rf"{_OPEN}(?:the )?oven(?! (?:set|heated|preheated|is|was|has|only|goes|never|reach|reaches|reached|says"
        rf"|always|runs|won't|can't|should|needs"
        r"|must|to reach|can|could|will|would|thermo\w*|display\w*|shows?|reads?))[^.!?;]{0,30}?#",
        rf"{_OPEN}(?:make it|(?:heat|warm|go|get)(?: it)? (?:up|down|back)? ?to|aim for|dial in|set|choose) #",
        rf"\b(?:can|could) (?:the|my|our) {_OVEN} be (?:set|heated|turned|brought|preheated|warmed|put|taken)\b",
        rf"{_OPEN}{_AMOUNT}{_GAP}\bplease\b",
        rf"{_OPEN}{_AMOUNT}(?: on| in| for) (?:the|my|our) {_OVEN}\b",
        rf"\b{_WISH} (?:the|my|our|a|an)\b{_GAP}\b{_OVEN}\b",
        r"\b(?:(?:make|be) sure|ensure|see(?: to it)?)(?: that)? (?:the|my|our) oven\b",
        rf"\b{_WISH} # (?:in there|on the oven|in the oven|in my oven)",
        rf"\bbe (?:great|nice|good|lovely|wonderful|helpful|perfect) if (?:the|my|our) {_OVEN}\b",
    ),
    "grams": (
        rf"(?:{_OPEN}{_WEIGHS}|{_DOING}(?:weighing|measuring))\b",
        rf"{_OPEN}on(?:to)? (?:the|my|our) (?:kitchen )?scales?\b(?! (?:there|are|is|was|were|we|i|it|the|my))",
        rf"{_OPEN}{_SETS}\b{_GAP}\bscales?\b",
        rf"{_OPEN}(?:watch|mind|keep an eye on|read|ready|prepare|bring|grab|fetch|wake|power|fire)(?: up| out"
        rf"| on)? (?:the|my|our)"
        r" (?:kitchen )?scales?\b",
        rf"{_OPEN}count(?: me| us)?(?: up)? to #",
        rf"^(?:can|could) {_GAP}\bbe (?:weighed|measured)\b",
        rf"{_OPEN}{_NOTIFY}{_NOT_NOTIFY}{_GAP}\b(?:when|once|as soon as|at|after|until|the moment)\b",
        rf"{_OPEN}(?:say (?:when|stop)|stop{_ME}|stop at|catch{_ME} at)\b",
        rf"{_OPEN}(?:dose|dole out|dish out|count out)\b",
        rf"{_OPEN}(?:(?:give|get|hand|bring){_ME}|(?:let|let's|let us)(?: me)? have|(?:i|we)(?: need|'d like"
        rf"| would like)) #{_GAP}\bplease\b",
        r"\b(?:needs?|wants?|has|have) (?:weighing|measuring|to be (?:weighed|measured))\b",
        rf"\b(?:goes?|going|coming|next|now|up|put)\b{_GAP}\bon(?:to)? the (?:kitchen )?scales?\b",
        rf"{_OPEN}{_AMOUNT}{_GAP}\bplease\b",
        rf"{_OPEN}{_AMOUNT}{_GAP}\bon (?:the|my|our) (?:kitchen )?scales?\b",
        rf"{_OPEN}(?:the )?scales?(?: for|,|:| at| to) ?#?",
        rf"\b{_WISH}\b{_GAP}\b(?:scales?|weighed|measured|weighing)\b",
        rf"\b(?:someone|somebody) (?:would|could) {_WEIGHS}\b",
    ),
}
# What may be a request: enough to doubt a "none", too little for a call.
_UNSURE: dict[str, tuple[str, ...]] = {
    "minutes": (
        rf"\b(?:ring|remind|buzz|beep)\b{_GAP}#",
        r"\btimer (?:for|on|to|at) #",
        rf"{_AND}{_SETS}\b{_GAP}{_CLOCK}",
    ),
    "celsius": (
        r"\b(?:want|need|like|have) #",
        r"\boven (?:should|needs to|has to|must|ought to) (?:be|go|get|come)\b",
        rf"{_AND}(?:{_HEATS}{_TO_OVEN}|{_PREHEATS}\b)",
        rf"\b(?:can|may|should|shall|could) (?:i|we) (?:{_HEATS}{_TO_OVEN}|{_PREHEATS}\b)",
    ),
    "grams": (rf"{_AND}{_WEIGHS}\b", rf"{_OPEN}(?:give|get){_ME} #"),
}
# A second request, which needs no amount.
_THE = r"(?:up |on |off |down )?(?:the|my|our|a|an|another)"
_MORE: dict[str, str] = {
    "minutes": rf"{_ANY_OPEN}{_SETS} {_THE} (?:# )?{_CLOCK}\b",
    "celsius": rf"{_ANY_OPEN}(?:{_HEATS} {_THE} {_OVEN}|{_PREHEATS})\b",
    "grams": rf"{_ANY_OPEN}{_WEIGHS}\b",
    "": rf"{_ANY_OPEN}(?:play|order|buy|text|send|email|read|open|close|add|write|turn (?:on|off) the (?:light|radio"
    "|fan|tv|music))"
    r"(?:s)?\b",
}
_AGAIN = re.compile(r"\b(?:another|one more|a second one|a second) (?:one )?(?:for|of)\b")
_MORE_RULES = {kind: re.compile(rule) for kind, rule in _MORE.items()}
_SURE_RULES = {kind: re.compile("|".join(rules)) for kind, rules in _SURE.items()}
_UNSURE_RULES = {kind: re.compile("|".join(rules)) for kind, rules in _UNSURE.items()}

# In a sentence with a request or its amount, these say that nothing is asked for now.
_PUT_OFF = re.compile(
    r"\b(?:tomorrow|next (?:week|time|month)|never ?mind"
    r"|(?<!me )(?<!us )forget (?:it|that|the|about)|scratch that|cancel\w*|just kidding|on second thought|not yet"
    r"|no need|every|each"
    r"|would have|should have|could have|instead of|rather than|(?:i|we|he|she|have|has|i've|we've) already"
    r"|without a|(?:less|more|fewer) than|at (?:noon|midnight)|o'clock|turn(?:ed|ing)? (?:it |the oven "
    r"|the timer )?off|off the timer|stop the|stop my|pause|reset|delete|(?:do not|don't|never|didn't"
    r"|did not) (?:set|start"
    r"|weigh|measure|heat|preheat|turn|put|ring|call|remind|bring|bother))\b"
)
_TOLD = re.compile(
    r"\b(?:yesterday|ago|last (?:time|week|night|month|year|sunday|saturday)|used to|always|usually|often|sometimes"
    r"|normally|was|were|(?<!have )(?<!has )(?:had|did|took|baked|sat|burnt|burned|cost|bought|weighed out"
    r"|made|left|went|came|rang|rested|proofed)|(?:recipe|book|card|label|packet|box|note|friend|mother|mum|mom|grandma"
    r"|grandmother|dad|father|aunt|sister|brother|neighbou?r|he|she|they|it|teacher|chef|baker)s? (?:says?|said|tells?"
    r"|told|wrote|writes|suggests?|recommends?|insists?|reads?|wants? you|asks?|asked|weighs?|sets?|preheats?))\b"
)
_REPORTS = re.compile(r"\b(?:says?|said|tells?|told|wrote|writes|suggests?|recommends?|insists?|reads?|heard)\b")
_QUESTION = re.compile(
    r"^(?:\W|(?:and|but|so|hey|ok|okay|hmm|well|oh|wait)\b)*(?:how(?! about)|what(?! about)|why(?! don't)|when|where"
    r"|which|who|whose"
    r"|is(?! (?:there any chance|it possible to))|are(?! you able)|am|was|were|do(?! (?:you mind|me a)\b)|does|did"
    r"|has|have you|have i|had|should|shall|must|may i set|can (?:i|it|the|an?)"
    r"(?! (?:please |just )?(?:have|get|ask|trouble)|[^.!?]* be (?:set|heated|turned|brought|preheated|warmed"
    r"|weighed|measured))|could (?:i|it|the)(?! (?:please |just )?(?:have|get|ask|trouble)|[^.!?]* be (?:set|heated"
    r"|turned|brought|preheated|warmed|weighed|measured))|will (?:it|the|that|my)"
    r"|would (?:it(?! be (?:great|nice|good|lovely))|the|that|#|a|an))\b"
)
_DOES = re.compile(
    r"^(?:(?:and|but|so|well|oh|yes|no) )*(?:i|we|he|she|they|you|people|some|most \w+) (?!need|want|have|am|are"
    r"|would|like|love|think|guess|will)"
)
_QUOTED = re.compile(r"\"[^\"]*\"|[“][^”]*[”]")
_STOP = re.compile(r"(?<=[.!?])\s+")


def asked_for(text: str, amounts: Sequence[Quantity]) -> dict[str, bool]:
    """What a sentence asks for: those of `UNITS` with True if that is sure, with False if it only may be.

    Args:
        text: a sentence, as `quantities.plainly` gives it.
        amounts: the amounts in it, as `quantities.quantities` gives them.
    """
    marked = _marked(text, amounts)
    parts = _STOP.split(marked)
    if any(_PUT_OFF.search(part) for part in parts):
        return {}
    quoted = _QUOTED.search(marked) is not None
    found: dict[str, bool] = {}
    for kind in UNITS:
        for part in parts:
            request = _SURE_RULES[kind].search(part)
            if request is None and not _UNSURE_RULES[kind].search(part):
                continue
            others = (other for other in parts if "#" in other and other is not part)
            asks_back = part.endswith("?") and _QUESTION.search(part)
            if asks_back or _is_told(part, request) or any(_is_told(other, None) for other in others):
                continue
            found[kind] = found.get(kind, False) or (request is not None and not quoted)
    return found


def asks_for_more(text: str, unit: str) -> bool:
    """Whether a sentence, as `plainly` gives it, asks for anything but the tool that counts this unit."""
    return _AGAIN.search(text) is not None or any(
        rule.search(text) for kind, rule in _MORE_RULES.items() if kind != unit
    )


def _marked(text: str, amounts: Sequence[Quantity]) -> str:
    """The text with each amount as "#", so that a rule need not know how it is said."""
    for amount in reversed(amounts):
        text = f"{text[: amount.start]}#{text[amount.end :]}"
    return re.sub(r"(?<=#) (?=[.!?,])", "", text)


def _is_told(part: str, request: re.Match[str] | None) -> bool:
    """Whether a sentence tells of something: before the request in it, and around the amount."""
    if request is None:
        return _TOLD.search(part) is not None
    before = part[: request.start()]
    opening = part[request.start() : request.end()]
    strong = re.match(r"\W*(?:so|please|let's|can|could|will|would)\b", opening) is not None
    if _DOES.search(before) and not strong and re.search(r"\b(?:set|put|run|let(?! me| us))\b", opening):
        return True  # "I came home, set the oven to 200 and waited."
    if _REPORTS.search(before) and not strong:
        return True  # "Grandma says, preheat to 200."
    amount = part.find("#")
    if amount < 0:
        return False
    begins = min(amount, request.start())
    clause = part[:begins].rpartition(",")[2] if amount < request.start() else ""
    return _TOLD.search(clause + part[begins : max(amount, request.start())]) is not None
