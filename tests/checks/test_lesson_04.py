"""Every check of lesson 04, both ways."""

from __future__ import annotations

import re

from prompt2data.checks import lesson_04 as check
from prompt2data.quality import conversations

LESSON = "04_magpie"


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


def test_pre_query_prompt(assert_each_named, lesson):
    assert_each_named(
        check.pre_query_prompt,
        right=[lesson["pre_query_prompt"], fresh_marker, by_difference, rpartition],
        wrong=[
            (bare_header, "only the end of the prompt is there"),
            (whole_rendering, "goes on past the place"),
            (keeps_marker, "the marker itself is still in the prompt"),
            (strips, "the line breaks at the end belong to the header"),
            (ignores_system, "the system text is not in the prompt"),
            (lets_error_through, "refuses a system message"),
            (always_folds, "knows a system role"),
            (first_occurrence, "cut at the last occurrence"),
            (blank_marker, "strip a message's outer spaces"),
            (one_line_break, "not the prompt up to the user's words"),
            (returns_none, "did you forget to return it"),
            (returns_parts, "should be a string"),
        ],
    )


# -- 4.2 ----------------------------------------------------------------------------------------------------------

PROMPT = "The user has two cats and will ask you about food, toys, sleep and the vet."


def with_split(text):
    return any(word.strip(".,?!").lower() in {"cat", "cats", "kitten", "kittens"} for word in text.split())


def truthy(text):
    return re.findall(r"\b(?:cat|cats|kitten|kittens|purr)\b", text.lower())


def test_steer(assert_each_named, lesson):
    no_user = "Write questions on cats, their food, their sleep, their toys and the vet."
    no_cats = "The user is planning an education and will ask about every category of school."
    assert_each_named(
        check.steer,
        right=[(lesson["CAT_PROMPT"], lesson["on_topic"]), (PROMPT, with_split), (PROMPT, truthy)],
        wrong=[
            (
                (PROMPT, lambda text: "cat" in text.lower() or "kitten" in text.lower()),
                "`education` contains the letters of `cat`",
            ),
            (
                (PROMPT, lambda text: re.search(r"\b(cat|kitten)", text, re.IGNORECASE) is not None),
                "begins with the letters of `cat`",
            ),
            ((PROMPT, lambda text: re.search(r"\b(cats?|kittens?)\b", text) is not None), "A word in capitals counts"),
            (
                (PROMPT, lambda text: bool({"cat", "cats", "kitten", "kittens"} & set(text.lower().split()))),
                "punctuation follows it",
            ),
            (
                (PROMPT, lambda text: re.search(r"\bcats?\b", text, re.IGNORECASE) is not None),
                "`kittens` is one of the words",
            ),
            ((PROMPT, lambda text: True), "`education` contains the letters of `cat`"),
            ((PROMPT, lambda text: [].append(text)), "returned None"),
            (("Ask about cats, user!", with_split), "is short"),
            ((no_user, with_split), "does not speak of the user"),
            ((no_cats, with_split), "does not mention cats"),
            ((["The user keeps a cat"], with_split), "should be a text"),
        ],
    )


# -- 4.3 ----------------------------------------------------------------------------------------------------------


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


def pops(conversation):
    if conversation and conversation[0]["role"] == "system":
        conversation.pop(0)
    return varied()(conversation)


def test_why_drop(assert_each_named, lesson):
    assert_each_named(
        check.why_drop,
        right=[lesson["why_drop"], conversations.why_drop, varied()],
        wrong=[
            (varied(keep_system=True), "a good conversation with a system message first"),
            (varied(empty=False), "a conversation without messages"),
            (varied(none=False), "an answer that is None"),
            (varied(roles=False), "a conversation that the assistant begins"),
            (varied(last=False), "the user has the last word"),
            (varied(turns=False), "a conversation of two turns"),
            (varied(leak="none"), "an answer that contains <|im_end|>"),
            (varied(leak="tokens"), "whose first line is a role's name"),
            (varied(leak="crude"), "a question with `<`, `|` and `>` in it"),
            (varied(swap="none"), "a user who offers tips"),
            (varied(swap="case"), "in lower case"),
            (varied(swap="all"), "an assistant who says `Sure`"),
            (varied(swap="asking"), "a user who says `Sure` and asks"),
            (varied(swap="prefix"), "a user who says `Surely`"),
            (varied(copy="none"), "a question that repeats the first"),
            (varied(copy="exact"), "a question that repeats the first"),
            (varied(copy="start"), "a question that resembles another"),
            (lambda talk: talk[0]["text"], "raised KeyError"),
            (lambda talk: "fine", "not one of the reasons"),
            (pops, "changes the conversation"),
        ],
    )
