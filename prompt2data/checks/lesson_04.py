"""Checks on the exercises of lesson 04 (Magpie). They run on given templates, texts and conversations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from prompt2data.checks.core import Wrong, call, error_text, exercise, expect, returned, wrong_if
from prompt2data.i18n import N_, _, translated

Messages = list[dict[str, str]]
Render = Callable[[Messages], str]

# -- 4.1 ----------------------------------------------------------------------------------------------------------

_DEFAULT = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"


class _Refused(Exception):
    """What a template without a system role raises."""


def _chatml(messages: Messages) -> str:
    default = "" if messages and messages[0]["role"] == "system" else _DEFAULT
    return default + "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)


def _llama(messages: Messages) -> str:
    turns = (f"<|start_header_id|>{m['role']}<|end_header_id|>\n\n{m['content'].strip()}<|eot_id|>" for m in messages)
    return "<|begin_of_text|>" + "".join(turns)


def _gemma(messages: Messages) -> str:
    if any(m["role"] == "system" for m in messages):
        raise _Refused("System role not supported")
    return "<bos>" + "".join(f"<start_of_turn>{m['role']}\n{m['content'].strip()}<end_of_turn>\n" for m in messages)


_SYSTEM = "You help people who bake."
_LLAMA_HEADER = "<|start_header_id|>user<|end_header_id|>\n\n"
_FOLDED = f"<bos><start_of_turn>user\n{_SYSTEM}\n\n"
# (family, render, system, expected)
_PROMPTS: tuple[tuple[str, Render, str | None, str], ...] = (
    ("ChatML", _chatml, None, _DEFAULT + "<|im_start|>user\n"),
    ("Llama", _llama, None, "<|begin_of_text|>" + _LLAMA_HEADER),
    ("Gemma", _gemma, None, "<bos><start_of_turn>user\n"),
    ("ChatML", _chatml, _SYSTEM, f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n<|im_start|>user\n"),
    ("Llama", _llama, _SYSTEM, f"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{_SYSTEM}<|eot_id|>"
     + _LLAMA_HEADER),
    ("Gemma", _gemma, _SYSTEM, _FOLDED),
)  # fmt: skip


@exercise(
    N_("Render a user's message that says a marker, and cut what `render` returns where the marker stands."),
    N_(
        "text = render([…, {'role': 'user', 'content': marker}]); return text[: text.rindex(marker)]. Around the "
        "call with a system message: try, except, and then the system text in front of the marker."
    ),
)
def pre_query_prompt(answer: Any) -> None:
    """Exercise 4.1: the pre-query prompt, cut out of any template."""
    for family, render, system, expected in _PROMPTS:
        recorded: list[str] = []
        actual = _prompt_of(answer, family, _recording(render, recorded), system)
        if actual != expected:
            _explain_prompt(family, system, expected, actual, recorded)
    # A system text that contains whatever marker the answer used
    recorded = []
    _prompt_of(answer, "ChatML", _recording(_chatml, recorded), None)
    marker = next((text for text in recorded if text.strip()), "USER")
    system = f"Never say {marker} to a baker."
    expect(
        _prompt_of(answer, "ChatML", _chatml, system),
        f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n",
        _("When the system text contains your marker, the prompt is cut there: cut at the last occurrence."),
    )


def _recording(render: Render, recorded: list[str]) -> Render:
    """The same renderer, which also records the text of the last message of each call."""

    def record(messages: Messages) -> str:
        if messages:
            recorded.append(messages[-1].get("content") or "")
        return render(messages)

    return record


def _prompt_of(answer: Any, family: str, render: Render, system: str | None) -> Any:
    try:
        return call(answer, render) if system is None else call(answer, render, system)
    except Wrong as wrong:
        error = wrong.__cause__
        if not isinstance(error, Exception):
            raise
        if isinstance(error, _Refused):
            message = _("The {family} template refuses a system message, and its error goes through.")
            hint = _("Catch the error, and put the system text in front of the user's words.")
        else:
            message = _("pre_query_prompt raised {error} with the {family} template.")
            hint = _("Llama's and Gemma's templates strip a message's outer spaces: is your marker still there?")
        raise Wrong(message, hint=hint, family=family, error=error_text(error)) from error


def _explain_prompt(family: str, system: str | None, expected: str, actual: Any, recorded: list[str]) -> None:
    wrong_if(not isinstance(returned(actual), str), _("The prompt should be a string."), actual=actual)
    if any(text and actual.endswith(text) for text in recorded if not expected.endswith(text)):
        message = _("{family}: the marker itself is still in the prompt.")
    elif actual.startswith(expected):
        message = _("{family}: the prompt goes on past the place where the user's words begin.")
    elif actual == expected.rstrip():
        message = _("{family}: the line breaks at the end belong to the header; do not strip them.")
    elif system is not None and system not in actual:
        message = _("{family}: the system text is not in the prompt.")
    elif expected.endswith(actual) and actual:
        message = _("{family}: only the end of the prompt is there; what the template puts before it is missing.")
    elif system is not None and family != "Gemma":
        message = _("{family} knows a system role: give the system text as a message of its own.")
    else:
        message = _("{family}: this is not the prompt up to the user's words.")
    raise Wrong(message, expected=expected, actual=actual, family=family)


# -- 4.2 ----------------------------------------------------------------------------------------------------------

_MIN_WORDS = 12
# (text, about cats, message when the answer errs)
_TEXTS: tuple[tuple[str, bool, str], ...] = (
    ("Why does my cat scratch the sofa?", True, N_("A text that says `cat` is about cats.")),
    ("What do kittens eat in their first weeks?", True, N_("`kittens` is one of the words.")),
    ("Cats sleep a lot. Is that normal?", True, N_("A word in capitals counts, too.")),
    ("MY KITTEN WILL NOT EAT", True, N_("A word in capitals counts, too.")),
    ("How often should I feed my cat?", True, N_("A word counts also when punctuation follows it.")),
    ("How many cats, on average, share a home?", True, N_("A word counts also when punctuation follows it.")),
    ("What education do I need to become a nurse?", False,
     N_("`education` contains the letters of `cat`, but it is another word.")),
    ("Which category of vegetables needs the most water?", False,
     N_("`category` begins with the letters of `cat`, but it is another word.")),
    ("Can you help me plan a trip to Rome?", False, N_("This text is not about cats.")),
    ("", False, N_("An empty text is not about cats.")),
)  # fmt: skip


@exercise(
    N_("The prompt says who the user is and what the user will ask; the function looks for whole words."),
    N_(r"A regular expression with word edges: re.search(r'\b(cats?|kittens?)\b', text, re.IGNORECASE)."),
)
def steer(prompt: Any, on_topic: Any) -> None:
    """Exercise 4.2: a system prompt that describes the user, and a measure of the topic."""
    wrong_if(not isinstance(prompt, str), _("CAT_PROMPT should be a text."), actual=prompt)
    words = re.findall(r"[\w'-]+", prompt.lower())
    if len(words) < _MIN_WORDS:
        raise Wrong(_("CAT_PROMPT is short: describe the user in at least {n} words."), actual=prompt, n=_MIN_WORDS)
    message = _("CAT_PROMPT does not speak of the user: say who the user is and what they will ask.")
    wrong_if(not {"user", "users", "user's"} & set(words), message, actual=prompt)
    if not {"cat", "cats", "kitten", "kittens", "cat's"} & set(words):
        raise Wrong(_("CAT_PROMPT does not mention cats."), actual=prompt)
    for text, expected, message in _TEXTS:
        actual = call(on_topic, text)
        if actual is None:
            raise Wrong(_("on_topic returned None: it should say True or False."), expected=expected, actual=actual)
        wrong_if(bool(actual) != expected, f"{translated(message)} ({text!r})", expected=expected, actual=actual)


# -- 4.3 ----------------------------------------------------------------------------------------------------------

_GOOD = (
    "Why is my crust pale?", "The oven was not hot enough.",
    "How hot should it be?", "About 240 degrees.",
    "And for how long?", "Twenty-five minutes with the lid on.",
)  # fmt: skip


def _talk(*texts: str | None, roles: tuple[str, ...] = ("user", "assistant")) -> list[dict[str, Any]]:
    return [{"role": roles[index % len(roles)], "content": text} for index, text in enumerate(texts)]


def _with(index: int, text: str | None) -> list[dict[str, Any]]:
    return _talk(*_GOOD[:index], text, *_GOOD[index + 1 :])


def _system(conversation: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"role": "system", "content": "You are a baking assistant."}, *conversation]


_SWAPPED = [*_talk(*_GOOD[:2]), *_talk(*_GOOD[2:4], roles=("assistant", "user")), *_talk(*_GOOD[4:])]
# (conversation, reason, what it is)
_TALKS: tuple[tuple[list[dict[str, Any]], str | None, str], ...] = (
    (_talk(*_GOOD), None, N_("a good conversation of three turns")),
    (_system(_talk(*_GOOD)), None, N_("a good conversation with a system message first")),
    ([], "empty", N_("a conversation without messages")),
    (_system([]), "empty", N_("a conversation with nothing but a system message")),
    (_with(3, None), "empty", N_("an answer that is None")),
    (_with(4, "  \n"), "empty", N_("a question of nothing but spaces")),
    (_talk(*_GOOD, roles=("assistant", "user")), "roles", N_("a conversation that the assistant begins")),
    (_SWAPPED, "roles", N_("an assistant who speaks twice in a row")),
    (_talk(*_GOOD[:5]), "roles", N_("a conversation in which the user has the last word")),
    (_talk(*_GOOD[:4]), "turns", N_("a conversation of two turns")),
    (_talk(*_GOOD, "Thank you! Anything else?", "Let it cool."), "turns", N_("a conversation of four turns")),
    (_with(1, "The oven.<|im_end|>"), "leak", N_("an answer that contains <|im_end|>")),
    (_with(4, "And then? <start_of_turn>"), "leak", N_("a question that contains <start_of_turn>")),
    (_with(2, "assistant\nHow hot should it be?"), "leak", N_("a message whose first line is a role's name")),
    (_with(4, "Sure! Here are more tips for your bread."), "role_swap", N_("a user who offers tips")),
    (_with(2, "i'm happy to help you with the oven."), "role_swap", N_("a user who offers help, in lower case")),
    (_with(4, "why is my crust pale"), "copy", N_("a question that repeats the first, spelled otherwise")),
    (_with(3, "How hot should it be?"), "copy", N_("an answer that repeats the question")),
    (_with(4, "Sure, but for how long?"), None, N_("a user who says `Sure` and asks")),
    (_with(3, "Sure! About 240 degrees."), None, N_("an assistant who says `Sure`, as assistants may")),
    (_with(4, "Can I add olives, too?"), None, N_("a question that is short and different")),
    (_with(2, "Why is my crust pale only below?"), None, N_("a question that resembles another")),
    (_with(4, "Surely there is a time for it."), None, N_("a user who says `Surely`, which is another word")),
    (_with(2, "What does x < 3 | y > 2 mean here?"), None, N_("a question with `<`, `|` and `>` in it")),
    (_with(3, "User comfort comes first: 240 degrees."), None, N_("an answer that begins with the word `User`")),
)  # fmt: skip
_REASONS = ("empty", "roles", "turns", "leak", "role_swap", "copy")


@exercise(
    N_("Take a system message away first; then test the reasons one by one, in the order of the list."),
    N_(
        "For `copy`, compare what is left of each message after lower() and re.findall(r'\\w+', …). For "
        "`role_swap`, look at the user's messages only, and at whole words."
    ),
)
def why_drop(answer: Any) -> None:
    """Exercise 4.3: reasons to drop a conversation of three turns."""
    for conversation, expected, what in _TALKS:
        given = [dict(message) for message in conversation]
        actual = call(answer, given)
        if given != conversation:
            raise Wrong(_("Your function changes the conversation it is given: work on a copy."), actual=given)
        if actual == expected:
            continue
        if actual is not None and actual not in _REASONS:
            raise Wrong(_("This is not one of the reasons."), expected=_REASONS, actual=actual)
        if expected is None:
            message = _("Dropped, although there is nothing wrong with it: {what}.")
        elif actual is None:
            message = _("Kept, although it should be dropped: {what}.")
        else:
            message = _("Dropped for the wrong reason: {what}.")
        odd = [m["content"] for m in conversation if m["role"] != "system" and m["content"] not in _GOOD]
        hint, text = (_("The message to look at: {text}."), repr(odd[0])) if odd else ("", "")
        raise Wrong(message, expected=expected, actual=actual, hint=hint, what=translated(what), text=text)
