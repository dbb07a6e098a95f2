"""Every check of lesson 04, both ways."""

from __future__ import annotations

import re

import pytest

from prompt2data.checks import lesson_04 as check

LESSON = "04_magpie"


@pytest.fixture(scope="module")
def lesson(solution):
    return solution(LESSON)


# -- 4.1 ----------------------------------------------------------------------------------------------------------


def fresh_marker(render, system=None):
    """Another right way: a marker that cannot stand in the system text, and split instead of rindex."""
    marker = "Z" * (len(system or "") + 1)
    messages = [{"role": "user", "content": marker}]
    if system is None:
        return render(messages).split(marker)[0]
    try:
        return render([{"role": "system", "content": system}, *messages]).split(marker)[0]
    except Exception:
        return render([{"role": "user", "content": system + "\n\n" + marker}]).split(marker)[0]


def by_difference(render, system=None):
    """Another right way: what two renderings have in common before the user's words differ."""
    import os

    def both(words):
        try:
            first = [{"role": "system", "content": system}] if system is not None else []
            return render([*first, {"role": "user", "content": words}])
        except Exception:
            return render([{"role": "user", "content": f"{system}\n\n{words}"}])

    return os.path.commonprefix([both("AAAA"), both("BBBB")])


def rpartition(render, system=None, marker="##"):
    messages = [{"role": "user", "content": marker}]
    if system is not None:
        try:
            render([{"role": "system", "content": "?"}, *messages])
            messages.insert(0, {"role": "system", "content": system})
        except Exception:
            messages = [{"role": "user", "content": f"{system}\n\n{marker}"}]
    return render(messages).rpartition(marker)[0]


def bare_header(render, system=None):
    return "<|im_start|>user\n"


def whole_rendering(render, system=None):
    return render([{"role": "user", "content": "X"}])


def keeps_marker(render, system=None):
    text = rpartition(render, system, "HERE")
    return text + "HERE"


def strips(render, system=None):
    return rpartition(render, system).rstrip()


def ignores_system(render, system=None):
    return rpartition(render)


def lets_error_through(render, system=None):
    first = [] if system is None else [{"role": "system", "content": system}]
    return render([*first, {"role": "user", "content": "@@@"}]).rpartition("@@@")[0]


def always_folds(render, system=None):
    return render([{"role": "user", "content": f"{system}\n\n@@@" if system else "@@@"}]).rpartition("@@@")[0]


def first_occurrence(render, system=None):
    marker = "USER"
    try:
        first = [] if system is None else [{"role": "system", "content": system}]
        text = render([*first, {"role": "user", "content": marker}])
    except Exception:
        text = render([{"role": "user", "content": f"{system}\n\n{marker}"}])
    return text[: text.index(marker)]


def blank_marker(render, system=None):
    text = render([{"role": "user", "content": "  "}])
    return text[: text.index("  ")]


def one_line_break(render, system=None):
    text = fresh_marker(render, system)
    return text.replace(f"{system}\n\n", f"{system}\n") if text.startswith("<bos>") else text


def returns_none(render, system=None):
    render([{"role": "user", "content": "X"}])


def returns_parts(render, system=None):
    return render([{"role": "user", "content": "X"}]).partition("X")


@pytest.mark.parametrize("answer", [fresh_marker, by_difference, rpartition])
def test_prompt_accepts_right_answers(card, answer):
    assert "Passed" in card(check.pre_query_prompt, answer)


def test_prompt_accepts_the_lessons_answer(card, lesson):
    assert "Passed" in card(check.pre_query_prompt, lesson["pre_query_prompt"])


PROMPT_FAULTS = {
    bare_header: "only the end of the prompt is there",
    whole_rendering: "goes on past the place",
    keeps_marker: "the marker itself is still in the prompt",
    strips: "the line breaks at the end belong to the header",
    ignores_system: "the system text is not in the prompt",
    lets_error_through: "refuses a system message",
    always_folds: "knows a system role",
    first_occurrence: "cut at the last occurrence",
    blank_marker: "strip a message's outer spaces",
    one_line_break: "not the prompt up to the user's words",
    returns_none: "did you forget to return it",
    returns_parts: "should be a string",
}


@pytest.mark.parametrize("answer", PROMPT_FAULTS, ids=lambda answer: answer.__name__)
def test_prompt_names_the_mistake(card, answer):
    text = card(check.pre_query_prompt, answer)
    assert PROMPT_FAULTS[answer] in text
    assert [fault for fault in PROMPT_FAULTS.values() if fault in text] == [PROMPT_FAULTS[answer]]


# -- 4.2 ----------------------------------------------------------------------------------------------------------

PROMPT = "The user has two cats and will ask you about food, toys, sleep and the vet."


def with_split(text):
    return any(word.strip(".,?!").lower() in {"cat", "cats", "kitten", "kittens"} for word in text.split())


def truthy(text):
    return re.findall(r"\b(?:cat|cats|kitten|kittens|purr)\b", text.lower())


def substring(text):
    return "cat" in text.lower() or "kitten" in text.lower()


def word_start(text):
    return re.search(r"\b(cat|kitten)", text, re.IGNORECASE) is not None


def case_sensitive(text):
    return re.search(r"\b(cats?|kittens?)\b", text) is not None


def exact_words(text):
    return bool({"cat", "cats", "kitten", "kittens"} & set(text.lower().split()))


def no_kittens(text):
    return re.search(r"\bcats?\b", text, re.IGNORECASE) is not None


def always(text):
    return True


def no_return(text):
    re.search("cat", text)


@pytest.mark.parametrize("answer", [with_split, truthy])
def test_steer_accepts_right_answers(card, answer):
    assert "Passed" in card(check.steer, PROMPT, answer)


def test_steer_accepts_the_lessons_answer(card, lesson):
    assert "Passed" in card(check.steer, lesson["CAT_PROMPT"], lesson["on_topic"])


STEER_FAULTS = {
    substring: "contains the letters of `cat`",
    word_start: "begins with the letters of `cat`",
    case_sensitive: "A word in capitals counts",
    exact_words: "punctuation follows it",
    no_kittens: "`kittens` is one of the words",
    always: "`education` contains",
    no_return: "returned None",
}


@pytest.mark.parametrize("answer", STEER_FAULTS, ids=lambda answer: answer.__name__)
def test_steer_names_the_mistake_in_the_measure(card, answer):
    assert STEER_FAULTS[answer] in card(check.steer, PROMPT, answer)


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        ("Ask about cats, user!", "is short"),
        ("Write questions on cats, their food, their sleep, their toys and the vet.", "does not speak of the user"),
        ("The user is planning an education and will ask about every category of school.", "does not mention cats"),
        (["The user keeps a cat"], "should be a text"),
    ],
)
def test_steer_names_the_mistake_in_the_prompt(card, prompt, fault):
    assert fault in card(check.steer, prompt, with_split)


# -- 4.3 ----------------------------------------------------------------------------------------------------------


def course_version(conversation):
    from prompt2data.quality.conversations import why_drop

    return why_drop(conversation)


OFFER = r"(sure|certainly|of course|here is|here are|i'm happy to|i'd be happy to|as an ai)\b"


def varied(*, keep_system=False, empty=True, none=True, roles=True, last=True, turns=True, leak="both", swap="right",
           copy="plain"):  # fmt: skip
    """A right answer in other words, with parts that can be left out or done wrong."""

    def why_drop(conversation):
        talk = [m for m in conversation if keep_system or m["role"] != "system"]
        said = [(m["content"] if none or m["content"] is not None else "?") or "" for m in talk]
        if empty and (not said or any(not text.strip() for text in said)):
            return "empty"
        order = "".join(m["role"][0] for m in talk)
        if roles and not re.fullmatch("(ua)*" if last else "(ua)*u?", order):
            return "roles"
        if turns and len(talk) != 6:
            return "turns"
        for text in said:
            if leak in ("both", "tokens") and re.search(r"<\|[a-z_]+\|>|<(start|end)_of_turn>", text):
                return "leak"
            if leak == "both" and re.match(r"(system|user|assistant)\s*:?\s*\n", text, re.IGNORECASE):
                return "leak"
            if leak == "crude" and re.search(r"[<|>]|\b(user|assistant)\b", text, re.IGNORECASE):
                return "leak"
        for message in talk:
            text = message["content"] or ""
            offers = re.match(OFFER, text, re.IGNORECASE)
            mine, asks = message["role"] == "user", "?" in text
            hit = {
                "right": mine and not asks and offers,
                "all": not asks and offers,
                "asking": mine and offers,
                "prefix": mine and not asks and text.lower().startswith(("sure", "i'm happy to")),
                "case": mine and not asks and text.startswith(("Sure!", "I'm happy to")),
                "none": False,
            }[swap]
            if hit:
                return "role_swap"
        if copy == "plain":
            said = [re.sub(r"[\W_]+", " ", text.lower()).strip() for text in said]
        if copy == "start":
            said = [text[:15].lower() for text in said]
        return "copy" if copy != "none" and len(set(said)) < len(said) else None

    return why_drop


def test_why_drop_accepts_right_answers(card, lesson):
    for answer in (lesson["why_drop"], course_version, varied()):
        assert "Passed" in card(check.why_drop, answer)


DROP_FAULTS = {
    "keeps the system message": (varied(keep_system=True), "a good conversation with a system message first"),
    "no empty": (varied(empty=False), "a conversation without messages"),
    "None is text": (varied(none=False), "an answer that is None"),
    "no roles": (varied(roles=False), "a conversation that the assistant begins"),
    "user may end": (varied(last=False), "the user has the last word"),
    "no turns": (varied(turns=False), "a conversation of two turns"),
    "no leak": (varied(leak="none"), "an answer that contains <|im_end|>"),
    "tokens only": (varied(leak="tokens"), "whose first line is a role's name"),
    "crude leak": (varied(leak="crude"), "a question with `<`, `|` and `>` in it"),
    "no swap": (varied(swap="none"), "a user who offers tips"),
    "case of offers": (varied(swap="case"), "in lower case"),
    "swap for all": (varied(swap="all"), "an assistant who says `Sure`"),
    "swap though asking": (varied(swap="asking"), "a user who says `Sure` and asks"),
    "prefix of a word": (varied(swap="prefix"), "a user who says `Surely`"),
    "no copy": (varied(copy="none"), "a question that repeats the first"),
    "exact copy": (varied(copy="exact"), "a question that repeats the first"),
    "copy by beginning": (varied(copy="start"), "a question that resembles another"),
    "raises": (lambda talk: talk[0]["text"], "raised"),
    "other words": (lambda talk: "fine", "not one of the reasons"),
}


@pytest.mark.parametrize("name", DROP_FAULTS)
def test_why_drop_names_the_mistake(card, name):
    answer, fault = DROP_FAULTS[name]
    text = card(check.why_drop, answer)
    assert fault in text
    assert "Passed" not in text


def test_why_drop_must_not_change_its_input(card):
    def pops(conversation):
        if conversation and conversation[0]["role"] == "system":
            conversation.pop(0)
        return varied()(conversation)

    assert "changes the conversation" in card(check.why_drop, pops)


# -- stubs and strict mode ------------------------------------------------------------------------------------------


def stub_prompt(render, system=None):
    """The prompt."""
    ...


def stub_text(text):
    """A stub."""
    ...


def test_stubs_are_not_attempted(card):
    assert "Not attempted" in card(check.pre_query_prompt, stub_prompt)
    assert "Not attempted" in card(check.steer, ..., stub_text)
    assert "Not attempted" in card(check.steer, PROMPT, stub_text)
    assert "Not attempted" in card(check.why_drop, stub_text)


def test_strict_mode_refuses_stubs_and_passes_answers(monkeypatch, lesson):
    from prompt2data.checks.core import CheckFailed

    monkeypatch.setenv("PROMPT2DATA_STRICT", "1")
    with pytest.raises(CheckFailed, match="not attempted"):
        check.why_drop(stub_text)
    with pytest.raises(CheckFailed, match="wrong"):
        check.pre_query_prompt(bare_header)
    check.pre_query_prompt(lesson["pre_query_prompt"])
    check.why_drop(lesson["why_drop"])
