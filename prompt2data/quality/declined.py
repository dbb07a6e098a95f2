"""How an answer sounds in which a model declines: it apologises, speaks of its limits, or says what it is.

English, and first person only: "You cannot help a burnt crust" is advice, and so is "I can't recommend this flour for
bread; take one with more protein". Patterns are for lower-case text with straight apostrophes.
"""

from __future__ import annotations

import re

_PROGRAM = r"""(
    ai | a\.i\. | artificial\ intelligence | ((large|small)\ )?language\ model | machine\ learning\ model
  | computer\ program | chat\ ?bot | (virtual|digital|text-based|automated|online)\ (assistant|model|program|system)
)\b"""
_SAY = r"""(
    help | assist | provide | answer | respond | write | make | give | do | comply | fulfill? | complete | create
  | discuss | access | know | see | browse | look | check | offer | share | tell | support | engage | process
  | generate | verify | advise | say | taste | smell | eat | feel
)\b"""
_HAVE = r"""(
    access | information | personal | real-time | abilit(y|ies) | way\ of | means\ of | senses | experiences? | feelings
  | preferences | opinions? | memory | knowledge | browsing | taste\ buds | a\ body | data
)\b"""
_RULES = r"(guidelines|programming|policy|policies|rules|instructions|training)\b"

_PATTERNS = (
    # what it is
    rf"\b(as | being | i\ am | i'm)\b [^.?!]{{0,25}}? \b{_PROGRAM}",
    r"\bi\ (am|was)\ ((only|just|merely)\ )?(designed | trained | programmed | built | created)\b",
    # what it cannot do
    rf"""\bi(\ (cannot|can't|can\ not|could\ not|couldn't|won't|will\ not|am\ not\ able\ to)|'m\ not\ able\ to)
         \ (be\ able\ to\ )?((really|actually|currently|personally)\ )?{_SAY}""",
    r"\bi(\ am|'m)\ (unable|not\ able)\ to\b",
    rf"\bi\ (do\ not|don't|have\ no|lack)\b [^.?!]{{0,30}}? \b{_HAVE}",
    r"""\b(beyond|outside|exceeds)\ (of\ )?
        (what\ i\ can | my\ (\w+\ )?(capabilit(y|ies)|abilit(y|ies)|scope|knowledge|expertise))\b""",
    # what it will not do, or may not
    r"\bi\ (must|have\ to|need\ to)\ (decline|refuse|pass)\b | \bi(\ would|'d)\ (rather|prefer)\ not\b",
    r"\bi(\ am|'m)?\ (not|don't\ feel)\ (comfortable|permitted|allowed|authori[sz]ed|in\ a\ position)\b",
    r"\b(not|nothing|something)\ (that\ )?i\ can(not|'t)?\ (help|assist|do|answer|discuss)\b",
    r"\bnot\ (be\ )?appropriate\ for\ me\b",
    rf"\b(against|violates?|under|within|per)\ my\ (\w+\ )?{_RULES}",
    rf"\bmy\ (\w+\ )?{_RULES}(\ data)?\ (does|do|don't|prevents?|forbids?|prohibits?|stops?)",
    # how it apologises
    r"\bi(\ am|'m)\ ((really|so|very|truly)\ )?(sorry|afraid)\b",
    r"\bi\ regret\b | \bi\ apologi[sz]e\b | \bmy\ apologies\b",
)
_ANY = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.VERBOSE)


def declines(low: str) -> bool:
    """Whether a text, in lower case and with straight apostrophes, speaks like a model that declines."""
    return bool(_ANY.search(low))
