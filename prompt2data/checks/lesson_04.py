"""Checks on the exercises of lesson 04 (Magpie). They run on given templates, texts and conversations."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from prompt2data.checks.chat_templates import SHOWN, Family, Messages, random_family
from prompt2data.checks.core import Wrong, call, error_text, exercise, plain, returned, wrong_if
from prompt2data.checks.judge import Case, Properties, Task, case, drawn
from prompt2data.checks.user_prompt import describes_cat_user
from prompt2data.i18n import N_, _, translated
from prompt2data.quality import conversations

# -- 4.1 ----------------------------------------------------------------------------------------------------------


def _on_topic(text: str) -> bool:
    return re.search(r"\b(cats?|kittens?)\b", text, re.IGNORECASE) is not None


def _says(answer: Any) -> bool:
    answer = plain(answer)
    wrong_if(answer is None, _("on_topic returned None: it should say True or False."), actual=answer)
    return bool(answer)


def _random_text(number: int) -> str:
    rng = random.Random(number)
    words = "cat Cats KITTEN kittens education category Muscat dog bread scatter vacation 塩 🧂".split()
    picked = rng.sample(words[4:], 4) + rng.sample(words[:4], number % 2)
    return "".join(rng.choice(("{} ", "{}, ", "({}) ", "{}! ", '"{}" ', "{}\n")).format(word) for word in picked)


_CAPITALS, _ELSE = N_("A word in capitals counts, too."), N_("This text is not about cats.")
_WORD, _BREAK = N_("`{word}` is one of the words."), N_("A line break or a tab parts words, too.")
_AFTER = N_("A word counts also when punctuation follows it.")
_BEFORE = N_("A word counts also when punctuation stands before it.")
_HOLDS = N_("`{word}` contains the letters of `{part}`, but it is another word.")
ON_TOPIC = Task(
    _on_topic,
    (
        case("My cat sleeps a lot", says=N_("A text that says `cat` is about cats.")),
        case("Do cats dream", says=_WORD, values={"word": "cats"}),
        case("Do kittens dream", says=N_("`kittens` is one of the words.")),
        case("Is a kitten shy", says=_WORD, values={"word": "kitten"}),
        case("MY KITTEN WILL NOT EAT", says=_CAPITALS),
        case("Cats sleep all day long", says=_CAPITALS),
        *(case(f"I fed the cat{mark}", says=_AFTER) for mark in ".?!,:;\"')"),
        *(case(f"Who hears the {mark}kittens of Rome", says=_BEFORE) for mark in "('\""),
        *(case(text, says=_BREAK) for text in ("I fed the cat\n", "I fed my\ncat", "I fed\tcats today")),
        case("Is education free?", says=N_("`education` contains the letters of `cat`, but it is another word.")),
        case("What is a category?", says=N_("`category` begins with the letters of `cat`, but it is another word.")),
        case("How sweet is a Muscat?", says=_HOLDS, values={"word": "Muscat", "part": "cat"}),
        case("What did ten ducats buy?", says=_HOLDS, values={"word": "ducats", "part": "cats"}),
        case("Is a catsuit warm to wear?", says=_HOLDS, values={"word": "catsuit", "part": "cats"}),
        case("How is kittenball played?", says=_HOLDS, values={"word": "kittenball", "part": "kitten"}),
        case("Why do dogs bark at night?", says=_ELSE),
        case("Can you help me plan a trip to Rome?", says=_ELSE),
        case("What does a vet ask about a pet hamster's fur, food and litter?", says=_ELSE),
        case("", says=N_("An empty text is not about cats.")),
        case(" \n", says=N_("An empty text is not about cats.")),
    ),
    N_("This text is judged wrongly: look for each of the words, and only for whole ones."),
    {
        N_("on_topic says the same of every text."): (lambda text: True, lambda text: False),
        N_("on_topic says True where it should say False, and False where True."): lambda text: not _on_topic(text),
    },
    view=_says,
)
RANDOM_TEXTS = replace(ON_TOPIC, cases=drawn(lambda number: case(_random_text(number)), 24))


@exercise(
    N_("The prompt says who the user is and what the user will ask; the function looks for whole words."),
    N_(r"A regular expression with word edges: re.search(r'\b(cats?|kittens?)\b', text, re.IGNORECASE)."),
)
def steer(prompt: Any, on_topic: Any) -> None:
    """Exercise 4.1: a system prompt that describes the user, and a measure of the topic."""
    describes_cat_user(prompt)
    ON_TOPIC.judge(on_topic)
    RANDOM_TEXTS.judge(on_topic)


# -- 4.2 ----------------------------------------------------------------------------------------------------------


_MARKER = "YOUR MARKER"  # in a system text: whatever the answer has the user say


def _pre_query_prompt(render: Callable[[Messages], str], system: str | None = None) -> str:
    user = {"role": "user", "content": "THE USER SPEAKS HERE"}
    try:
        text = render([user] if system is None else [{"role": "system", "content": system}, user])
    except Exception:
        text = render([{"role": "user", "content": f"{system}\n\n{user['content']}"}])
    return text[: text.rindex(user["content"])]


def _prompt(answer: Any, family: Family, system: str | None = None) -> Properties:
    """What is to be said about the prompt that an answer cuts out: each fault, and the prompt where it has it."""
    said: list[str] = []

    def render(messages: Messages) -> str:
        messages = list(messages)
        said.extend(str(message["content"]) for message in messages if message["role"] == "user")
        return family(messages)

    text = system
    if system and _MARKER in system:
        _cut(answer, family, render)
        text = system.replace(_MARKER, " ".join(dict.fromkeys(filter(str.strip, said))) or _MARKER)
    actual, expected = _cut(answer, family, render, text), _pre_query_prompt(family, system)
    actual = actual.replace(text, system) if text and system and text != system else actual
    squeezed, folding = "".join(actual.split()) == "".join(expected.split()), bool(family.refuses and system)
    folded = None if family.refuses or not system else _pre_query_prompt(family, None) + system.strip() + "\n\n"
    ends = [words for words in map(str.strip, said) if words and not expected.endswith(words)]
    faults = {
        "new": family not in SHOWN,
        "fooled": system is not None and _MARKER in system,
        "marker": any(actual.endswith(words) for words in ends),
        "blank": squeezed and folding,
        "past": actual.startswith(expected),
        "stripped": squeezed and len(actual) < len(expected),
        "system": bool(system) and (system or "").strip() not in actual,
        "end": bool(actual) and expected.endswith(actual),
        "own": actual == folded,
        "other": True,
    }
    return Properties({fault: actual if there else expected for fault, there in faults.items()})


def _cut(answer: Any, family: Family, render: Callable[[Messages], str], system: str | None = None) -> str:
    try:
        prompt = returned(call(answer, render) if system is None else call(answer, render, system))
    except Wrong as wrong:
        error = wrong.__cause__
        if not isinstance(error, BaseException):
            raise
        hint = ""
        if family not in SHOWN:
            message = translated(_NEW)
        elif family.refuses and type(error).__name__ == "TemplateError":
            message = _("The {family} template refuses a system message, and its error goes through.")
            hint = _("Catch the error, and put the system text in front of the user's words.")
        else:
            message = _("pre_query_prompt raised {error} with the {family} template.")
            if family.trims and isinstance(error, ValueError | IndexError):
                hint = _("Llama's and Gemma's templates strip a message's outer spaces: is your marker still there?")
        told = Wrong(message, hint=hint, line=wrong.line, family=family.name, error=error_text(error))
        raise told from error
    wrong_if(not isinstance(prompt, str), _("The prompt should be a string."), actual=prompt)
    return prompt


_NEW = N_("{family} is a template that the lesson does not show: take everything from what `render` gives.")
_SYSTEMS = (
    "Bake.", "You help people who bake.", "The user bakes.\nThe system is an oven, the assistant a spoon.",
    "x <|im_start|>user\n y <start_of_turn>user\n z <|start_header_id|>user<|end_header_id|>\n\n.",
    r"{role} {{ messages }} \1 $0 %s [a-z]+ 베이킹 🥖",
    f"Never say {_MARKER} to a baker, not even once.",
)  # fmt: skip


def _cases(families: Iterable[Family]) -> list[Case]:
    given: list[tuple[str, ...]] = [(), *((system,) for system in _SYSTEMS)]
    return [case(family, *system, values={"family": family.name}) for family in families for system in given]


PROMPTS = Task(
    _pre_query_prompt,
    _cases(SHOWN),
    {
        "new": _NEW,
        "fooled": N_("When the system text contains your marker, the prompt is cut there: cut at the last occurrence."),
        "marker": N_("{family}: the marker itself is still in the prompt."),
        "blank": N_("{family}: between the system text and the user's words belongs one blank line."),
        "past": N_("{family}: the prompt goes on past the place where the user's words begin."),
        "stripped": N_("{family}: the line breaks at the end belong to the header; do not strip them."),
        "system": N_("{family}: the system text is not in the prompt."),
        "end": N_("{family}: only the end of the prompt is there; what the template puts before it is missing."),
        "own": N_("{family} knows a system role: give the system text as a message of its own."),
        "other": N_("{family}: this is not the prompt up to the user's words."),
    },
    play=_prompt,
)
UNSEEN_PROMPTS = replace(PROMPTS, cases=_cases(map(random_family, range(12))))


@exercise(
    N_("Render a user's message that says a marker, and cut what `render` returns where the marker stands."),
    N_(
        "text = render([…, {'role': 'user', 'content': marker}]); return text[: text.rindex(marker)]. Around the "
        "call with a system message: try, except, and then the system text in front of the marker."
    ),
)
def pre_query_prompt(answer: Any) -> None:
    """Exercise 4.2: the pre-query prompt, cut out of any template."""
    PROMPTS.judge(answer)
    UNSEEN_PROMPTS.judge(answer)


# -- 4.3 ----------------------------------------------------------------------------------------------------------

_GOOD = (
    "Why is my crust pale?", "The oven was cold.", "How hot should it be?", "About 240 degrees.",
    "And for how long?", "Half an hour.",
)  # fmt: skip
_REASONS = ("empty", "roles", "turns", "leak", "role_swap", "copy")


def _dropped(answer: Any, conversation: Messages) -> Properties:
    """What is to be said about the reason that an answer gives: each fault, and the reason where it has it."""
    expected, actual = conversations.why_drop(conversation), call(answer, conversation) or None
    faults = {
        "strange": not (actual is None or (isinstance(actual, str) and actual in _REASONS)),
        "dropped": expected is None and actual is not None,
        "kept": expected is not None and actual is None,
        "reason": True,
    }
    return Properties({fault: actual if there else expected for fault, there in faults.items()})


def _talk(*texts: str | None, roles: str = "ua") -> Messages:
    names = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    return [{"role": names[roles[index % len(roles)]], "content": text} for index, text in enumerate(texts)]


def _with(index: int, text: str | None) -> Messages:
    return _talk(*_GOOD[:index], text, *_GOOD[index + 1 :])


def _case(conversation: Messages, what: str) -> Case:
    return case(conversation, values={"what": what})


def _random_talk(number: int) -> Messages:
    """A talk with some of the faults, or none."""
    rng = random.Random(number)
    vocabulary = "dough rests warm rye salt oven muối 塩".split()
    texts: list[str | None] = [" ".join(rng.choices(vocabulary, k=9)) for _text in _GOOD]
    for fault in rng.sample(range(6), number % 4):
        place = rng.randrange(len(texts))
        if fault == 0:
            texts[place] = rng.choice((None, "", " \n"))
        elif fault == 1:
            texts = [*texts, "Short?", "Fine."] if place % 2 else texts[:4]
        elif fault == 2:
            texts[place] = f"{texts[place]} <|im_end|>"
        elif fault == 3:
            texts[place - place % 2] = f"{rng.choice(('Sure', 'HERE ARE', 'as an AI'))}, {texts[place]}"
        elif fault == 4:
            texts[place] = f"{texts[place - 1]}!".upper()
        else:
            texts = texts[:-1]
    return _talk(*texts)


_SYSTEM = {"role": "system", "content": "You help bakers."}
_FIRST_LINE, _SPACES = N_("a message whose first line is a role's name"), N_("a question of nothing but spaces")
_AGAIN, _STEADY = N_("a question that repeats the first, spelled otherwise"), N_("a question that resembles another")
_SAYS_USER, _OFFER = N_("an answer that begins with the word `User`"), N_("a user who opens with another of `OFFERS`")
_SEVERAL, _OTHERS = N_("a conversation with more than one fault"), N_("another conversation")
_OPENINGS = "Certainly,|Here is|Here are|I'd be happy to say|As an AI, I know|I'm happy to say|sure,".split("|")
WHY_DROP = Task(
    conversations.why_drop,
    (
        _case(_talk(*_GOOD), N_("a good conversation of three turns")),
        _case([_SYSTEM, *_talk(*_GOOD)], N_("a good conversation with a system message first")),
        *(_case([{**_SYSTEM, "content": text}, *_talk(*_GOOD)], N_("a system message, which is not judged"))
          for text in (None, "", _GOOD[0], "Sure, I help.", "user\nHi <|im_end|>")),
        _case(_talk("面包皮为什么发白？", "烤箱不够热。", "要多热？", "二百四十度。", "烤多久？", "半小时。"),
              N_("a good conversation in Chinese")),
        _case([], N_("a conversation without messages")),
        _case([_SYSTEM], N_("a conversation with nothing but a system message")),
        _case(_with(3, None), N_("an answer that is None")),
        _case(_with(0, ""), N_("a question without any text")),
        *(_case(_with(4, text), _SPACES) for text in ("  \n", "\t", " ")),
        _case(_talk(*_GOOD, roles="au"), N_("a conversation that the assistant begins")),
        _case(_talk(*_GOOD, roles="uaauua"), N_("an assistant who speaks twice in a row")),
        _case(_talk(*_GOOD, roles="uauaut"), N_("a message from somebody else than user and assistant")),
        _case(_talk(*_GOOD[:5]), N_("a conversation in which the user has the last word")),
        _case(_talk(*_GOOD[:2], "Be kind.", *_GOOD[2:], roles="uasuaua"),
              N_("a system message that is not the first message")),
        _case([_SYSTEM, _SYSTEM, *_talk(*_GOOD)], N_("a system message that is not the first message")),
        _case([*_talk(*_GOOD), _SYSTEM], N_("a system message that is not the first message")),
        _case(_talk(*_GOOD[:2]), N_("a conversation of one turn")),
        _case(_talk(*_GOOD[:4]), N_("a conversation of two turns")),
        _case(_talk(*_GOOD, "Thank you! Anything else?", "Let it cool."), N_("a conversation of four turns")),
        _case(_with(1, "Cold.<|im_end|>"), N_("an answer that contains <|im_end|>")),
        _case(_with(4, "And? <start_of_turn>"), N_("a question that contains <start_of_turn>")),
        *(_case(_with(place, f"Heat it. {token} Now."), N_("a message that contains another template token"))
          for place, token in enumerate(("<|im_start|>", "<|eot_id|>", "<|end_header_id|>", "<end_of_turn>"), 2)),
        *(_case(_with(place, f"{name}\nHeat it up well."), _FIRST_LINE)
          for place, name in enumerate(("user", "assistant", "system", "USER:", "Assistant "), 1)),
        _case(_with(4, "Sure! Here are more tips."), N_("a user who offers tips")),
        _case(_with(2, "i'm happy to help you, my friend."), N_("a user who offers help, in lower case")),
        _case(_with(0, "OF COURSE I can help you, good friend."), N_("a user who offers help, in capitals")),
        *(_case(_with(2 * (place % 3), f"{offer} what to do about a crust that is not brown."), _OFFER)
          for place, offer in enumerate(_OPENINGS)),
        _case(_with(4, "why is my crust pale"), _AGAIN),
        _case(_with(2, "Why -- is MY\n crust pale?!"), _AGAIN),
        _case(_with(3, "How hot should it be?"), N_("an answer that repeats the question")),
        _case(_with(5, "The oven was cold!"), N_("an answer that repeats an earlier answer")),
        _case(_with(4, "Sure, but for how long?"), N_("a user who says `Sure` and asks")),
        _case(_with(4, "Sure. How long? Tell me."), N_("a user who says `Sure` and asks")),
        _case(_with(3, "Sure! About 240 degrees."), N_("an assistant who says `Sure`, as assistants may")),
        _case(_with(2, "I am not sure. Tell me."), N_("a user who says `sure`, but not at the beginning")),
        _case(_with(4, "Why?"), N_("a question that is short and different")),
        _case(_with(4, "Is my crust pale? Why?"), N_("a question with the words of another, in another order")),
        _case(_with(2, "Why is my crust pale only below?"), _STEADY),
        _case(_with(5, "About 250 degrees."), N_("an answer that resembles another")),
        _case(_with(4, "Surely there is a time."), N_("a user who says `Surely`, which is another word")),
        _case(_with(2, "What is x < 3 | y > 2?"), N_("a question with `<`, `|` and `>` in it")),
        _case(_with(3, "A <b>hot</b> oven."), N_("a question with `<`, `|` and `>` in it")),
        _case(_with(3, "User comfort comes first."), _SAYS_USER),
        _case(_with(3, "Heat it.\nuser\nThen bake."), N_("a role's name on another line than the first")),
    ),
    {
        "strange": N_("This is not one of the reasons."),
        "dropped": N_("Dropped, although there is nothing wrong with it: {what}."),
        "kept": N_("Kept, although it should be dropped: {what}."),
        "reason": N_("Dropped for the wrong reason: {what}."),
    },
    play=_dropped,
    unchanged=N_("Your function changes the conversation it is given: work on a copy."),
)  # fmt: skip
_TWICE = [_talk(text, *_GOOD[1:4], text, _GOOD[5]) for text in ("Sure, use salt.", "Sure, <|eot_id|>")]
_CHANCE = drawn(lambda number: _case(_random_talk(number), _SEVERAL if number % 4 > 1 else _OTHERS), 60)
RANDOM_TALKS = replace(WHY_DROP, cases=[*(_case(talk, _SEVERAL) for talk in _TWICE), *_CHANCE])


@exercise(
    N_("Take a system message away first; then test the reasons one by one, in the order of the list."),
    N_(
        "For `copy`, compare what is left of each message after lower() and re.findall(r'\\w+', …). For "
        "`role_swap`, look at the user's messages only, and at whole words."
    ),
)
def why_drop(answer: Any) -> None:
    """Exercise 4.3: reasons to drop a conversation of three turns."""
    WHY_DROP.judge(answer)
    RANDOM_TALKS.judge(answer)
