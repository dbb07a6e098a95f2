"""Lesson 04's rules: what reads like a request, and why to drop a conversation. Each fires, and each keeps quiet."""

from __future__ import annotations

import pytest

from prompt2data.quality.conversations import reads_like_request, sounds_like_assistant, why_drop


@pytest.mark.parametrize(
    "text",
    [
        "Why does bread need salt?",
        "Can you help me plan a trip to Rome",
        "I'm looking for a loaf that keeps for a week.",
        "I’m looking for a loaf that keeps for a week.",
        "\n\nWrite a poem about yeast.",
        "My oven has no window. How do I see the crust?",
        "I'm happy with my crust, but is the crumb too wet?",
        "I would like to bake for ten people.\nWhat do I need?",
    ],
)
def test_reads_like_a_request(text):
    assert reads_like_request(text)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "  \n", "Why?", "The loaf was a success.",
        "# What is yeast?", "* Is it done?", "```python\nprint('why?')", "def ask(question='why?'):",
        "@app.route('/why?')",
        "assistant\nWhat can I do for you today?", "user:\nWhat is yeast?",
        "I'm here to help you with your bread.", "Here are three ideas for your loaf.", "Sure, I can do that for you.",
        "Listing all the flours of France takes long.",
    ],
)  # fmt: skip
def test_does_not_read_like_a_request(text):
    assert not reads_like_request(text)


def test_voice_of_the_assistant_needs_whole_words_and_no_question():
    assert sounds_like_assistant("SURE! Here is the plan.")
    assert not sounds_like_assistant("Sure, but why?")
    assert not sounds_like_assistant("Surely not.")
    assert not sounds_like_assistant("")


TALK = ["Why is it pale?", "Too cold.", "How hot then?", "240 degrees.", "For how long?", "Twenty-five minutes."]


def talk(*texts, roles=("user", "assistant")):
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]


def test_good_conversations_stay():
    assert why_drop(talk(*TALK)) is None
    assert why_drop([{"role": "system", "content": None}, *talk(*TALK)]) is None
    assert why_drop(talk(*TALK[:2]), turns=1) is None
    assert why_drop(tuple(talk(*TALK))) is None


@pytest.mark.parametrize(
    ("conversation", "reason"),
    [
        ([], "empty"),
        (talk(*TALK[:3], None, *TALK[4:]), "empty"),
        (talk(*TALK[:3], " \t", *TALK[4:]), "empty"),
        (talk(*TALK, roles=("assistant", "user")), "roles"),
        (talk(*TALK[:5]), "roles"),
        ([*talk(*TALK), {"role": "system", "content": "Stop."}], "roles"),
        (talk(*TALK[:4]), "turns"),
        (talk(*TALK, "More?", "No."), "turns"),
        (talk(*TALK[:5], "Done.<|eot_id|>"), "leak"),
        (talk(*TALK[:5], "Done. [/INST]"), "leak"),
        (talk(*TALK[:5], "Done.</s>"), "leak"),
        (talk("User:\nWhy is it pale?", *TALK[1:]), "leak"),
        (talk(*TALK[:2], "Of course! Here is how.", *TALK[3:]), "role_swap"),
        (talk(*TALK[:4], "why is it  PALE", TALK[5]), "copy"),
        (talk(*TALK[:3], "How hot, then?", *TALK[4:]), "copy"),
    ],
)
def test_each_fault_has_its_reason(conversation, reason):
    assert why_drop(conversation) == reason


@pytest.mark.parametrize(
    "text",
    ["Is 3 < 4 || 4 > 3 true?", "What does the user see?", "Sure, but for how long?", "What does <b> mean in HTML?"],
)
def test_innocent_look_alikes_stay(text):
    assert why_drop(talk(*TALK[:4], text, TALK[5])) is None
