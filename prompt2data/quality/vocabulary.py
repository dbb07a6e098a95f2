"""English words and patterns that the rules of several lessons share: requests, refusals, leaks, stopwords.

All are lower case with straight apostrophes, as `lowered` returns a text. A rule that needs more than the shared list
extends it here, so that a correction of the list reaches every rule.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w']+")


def lowered(text: str | None) -> str:
    """A text in lower case, with straight apostrophes; "" for None."""
    return (text or "").lower().replace("’", "'")


def words(text: str | None) -> list[str]:
    """The lower-case words of a text, without punctuation; curly apostrophes count as straight ones."""
    return _WORD.findall(lowered(text))


def plain(text: str) -> str:
    """The words of a text in lower case, separated by single spaces, without punctuation."""
    return " ".join(re.findall(r"\w+", text.lower()))


QUESTION_WORDS = ("how", "what", "which", "why", "when", "where", "who", "whose")
AUXILIARIES = frozenset("are can could did do does has have is may must should was were will would".split())

# Imperatives with which people ask for something.
_REQUEST_VERBS = frozenset(
    "add advise analyze answer arrange bake build calculate choose classify compare compose convert create define"
    " describe design draft draw estimate evaluate explain explore find generate give help identify imagine improve"
    " invent keep list make measure mention mix name offer outline pick plan please predict prepare propose provide"
    " read recommend rewrite say show sort state suggest summarize teach tell think translate try use weigh"
    " write".split()
)
# As the first word of an instruction, where "Research shows ..." is no request.
INSTRUCTION_VERBS = _REQUEST_VERBS | frozenset(
    "ask change check come correct count fill fix guess let order rank remind shorten turn".split()
)
# As the first word of any sentence in an evolved instruction, whose verbs are more academic.
EVOLVED_VERBS = _REQUEST_VERBS | frozenset(
    "analyse argue assess assume compute consider construct debate determine develop discuss distinguish examine fold"
    " formulate illustrate investigate justify learn let's organize present prove research retell review select share"
    " sketch solve summarise take talk using work".split()
)

# A text made of these alone asks for nothing.
STOPWORDS = frozenset(
    "a about all also am an and any are as at be been but by can could did do does for from get had has have he her"
    " here him his how i if in into is it its just me more most my no not of on one or our please she should so some"
    " such than that the their them then there these they this those to too up us very was we were what when where"
    " which who why will with would yes you your".split()
)

# Beginnings of a text that answers whoever asked for it instead of doing what was asked.
REFUSALS = (
    "i'm sorry", "i am sorry", "sorry,", "sorry but", "i apologize", "my apologies", "as an ai", "i cannot help",
    "i can't help", "i cannot assist", "i can't assist", "i cannot rewrite", "i can't rewrite", "i'm unable to",
    "i am unable to", "unfortunately, i",
)  # fmt: skip

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

# First person only: "You cannot help a burnt crust" is advice, and so is "I can't recommend this flour for bread".
_DECLINING = (
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
# An apology, the speaker's own limits, or that a program wrote it; for texts as `lowered` returns them.
DECLINES = re.compile("|".join(f"(?:{pattern})" for pattern in _DECLINING), re.VERBOSE)


def opens_with_refusal(low: str) -> bool:
    """Whether a text, as `lowered` returns it, begins with one of `REFUSALS`, in quotation marks or not."""
    return low.lstrip("\"' ").startswith(REFUSALS)


# Words of Evol-Instruct's prompts. "#" alone is innocent (#sourdough), and so is "prompt" alone.
EVOLVING_LEAKS = (
    "given prompt", "rewritten prompt", "created prompt", "original prompt", "new prompt", "rewrite the prompt",
    "prompt rewriter", "prompt creator", "rewrited prompt", "prompt#", "#the given", "#given", "#rewrit", "#creat",
    "gpt4", "chatgpt", "ai systems",
)  # fmt: skip
# Words of SelfInstruct's prompt. "x" stands in its two examples.
SELF_INSTRUCT_LEAKS = (
    "significance of x", "process of x", "importance of x", "ai application", "user queries", "user query",
    "task description", "# output", "# context", "# criteria", "the context", "ai assistant", "ai model",
)  # fmt: skip

# Tokens of the common chat templates, to be compiled with `re.VERBOSE`.
TEMPLATE_TOKENS = r"""
      <[|｜][^<>\n]{1,40}[|｜]>                                       # ChatML, Llama 3, Phi, Zephyr, DeepSeek
    | </?s>|<(bos|eos|pad|unk)>|<(start|end)_of_turn>                 # Llama 2, Mistral, Gemma
    | \[/?INST\]|<</?SYS>>
"""
