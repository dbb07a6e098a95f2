"""English words and patterns that the rules of several lessons share: requests, refusals, leaks, stopwords.

All are lower case with straight apostrophes, as `lowered` returns a text. A rule that needs more than the shared list
extends it here, so that a correction of the list reaches every rule.
"""

from __future__ import annotations

import unicodedata

import regex

from prompt2data.ground.segmentation import CHARACTER, EMOJI, RUN, SPACELESS, same_form

_WORD = regex.compile(rf"{CHARACTER}|[[\p{{L}}\p{{M}}\p{{N}}_']--[{SPACELESS}]]+", regex.V1)

# What tells "C" from "C++", "2+3" from "2-3" and "-5" from "5": signs of mathematics and money, emoji, and punctuation
# that stands between digits.
_DASH = r"[\p{Pd}\u2212]"
_CONTENT = regex.compile(
    rf"""{CHARACTER} | {EMOJI} | (?:{RUN}|_)+
    | (?<=\p{{L}})\#(?![\p{{L}}\p{{N}}])
    | (?<=\p{{N}})(?:\p{{P}}+|\s{{0,3}}(?:{_DASH}|[*/:])\s{{0,3}})(?=\p{{N}})
    | (?<![\p{{L}}\p{{N}}\p{{P}}]){_DASH}(?=\p{{N}})
    | [%‰&@] | (?=[\p{{S}}--[`´|]])\X""",
    regex.V1 | regex.VERBOSE,
)
_SIGN = regex.compile(r"\p{Regional_Indicator}{1,2}|(?=\S)\X")
_DASHES = regex.compile(_DASH)


def lowered(text: str | None) -> str:
    """A text in lower case, with straight apostrophes; "" for None, and for what is no text."""
    return (text if isinstance(text, str) else "").lower().replace("’", "'")


def words(text: str | None) -> list[str]:
    """The lower-case words of a text, without punctuation; curly apostrophes count as straight ones.

    In scripts without spaces, such as Chinese and Thai, every character is a word.
    """
    return _WORD.findall(unicodedata.normalize("NFC", lowered(text)))


def plain(text: str | None) -> str:
    """The words of a text, for comparing: without case and punctuation, separated by single spaces.

    Signs that change what a text says stay: "2+3" is not "2-3", and one emoji is not another. A line that has nothing
    but punctuation keeps it.
    """
    found = [
        part
        for line in (text if isinstance(text, str) else "").splitlines()
        for part in _CONTENT.findall(line) or _SIGN.findall(line)
    ]
    return _DASHES.sub("-", same_form(" ".join("".join(part.split()) for part in found)))


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
