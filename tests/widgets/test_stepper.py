"""The Magpie stepper with the embedded model: the engine's own tokens, other chat templates, what the page may ask."""

from __future__ import annotations

import asyncio
import copy
import re

import pytest
from bs4 import BeautifulSoup

from prompt2data.engine.local_model import Reader
from prompt2data.widgets.stepper import MagpieStepper
from prompt2data.widgets.token_string import ChatFormat, Stepping
from tests.hostile import TEXTS

LLAMA = (
    "<|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "<bos>{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
MISTRAL = (
    "<s>{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %}{{ m.content }}</s>{% endif %}{% endfor %}"
)


@pytest.fixture(scope="module")
def llm():
    """A loaded `BatchedTransformersLLM` with the embedded model."""
    from prompt2data.llm import BatchedTransformersLLM
    from prompt2data.models import EMBEDDED
    from prompt2data.pipelines import worker

    worker.prepare_worker()
    llm = BatchedTransformersLLM(model=EMBEDDED, use_magpie_template=True, cache=False)
    llm.load()
    yield llm
    llm.unload()


def said(widget: MagpieStepper, name: str, value: object = "") -> None:
    """What happens when a page sends this."""
    widget._receive(widget, {"do": name, "value": value}, [])


def soup(widget: MagpieStepper, part: str) -> BeautifulSoup:
    return BeautifulSoup(widget.parts[part], "html.parser")


def possible(widget: MagpieStepper) -> set[str]:
    """The actions whose buttons may be pressed."""
    buttons = soup(widget, "buttons").find_all("button")
    return {one["data-act"] for one in buttons if one.get("aria-disabled") != "true"}


def chips(widget: MagpieStepper) -> list[str]:
    return [one.get_text() for one in soup(widget, "string").select("p code")]


async def run_to_the_end(widget: MagpieStepper) -> None:
    said(widget, "run")
    while widget.working:
        await asyncio.sleep(0)


# -- the model speaks as the user, then as the assistant --------------------------------------------------------------


def test_a_pair_is_made_of_the_tokens_the_engine_draws(llm) -> None:
    widget = MagpieStepper(llm, seed=8)
    assert [one.get_text() for one in soup(widget, "string").select("h5")] == ["The system's turn", "The user's turn"]
    assert possible(widget) == {"step", "run", "restart"}
    asyncio.run(run_to_the_end(widget))
    question = llm.generate([[]], max_new_tokens=120, seed=8)[0]["generations"][0]
    assert widget.stepping.turns()[-1].text() == question
    assert possible(widget) == {"hand_over", "back", "restart"} and widget.parts["pair"] == ""
    assert not soup(widget, "string").select("table") and "hand over" in widget.parts["status"]

    said(widget, "hand_over")
    chat = [{"role": "user", "content": question}]
    form = widget.stepping.form
    assert form.text(widget.stepping.state.ids) == llm.prepare_input(chat)
    assert possible(widget) == {"step", "run", "back", "restart"}
    widget.stepping.longest = 12
    asyncio.run(run_to_the_end(widget))
    answer = llm.generate([chat], max_new_tokens=12, seed=8)[0]["generations"][0]
    assert [one.get_text() for one in soup(widget, "pair").select("td")] == [question, answer]
    assert possible(widget) == {"back", "restart"}
    assert "Most likely" not in widget.static() and question.split()[0] in widget.static()


def test_the_readers_own_choice_and_the_way_back(llm) -> None:
    widget = MagpieStepper(llm)
    first = chips(widget)
    assert first[:4] == ["<|im_start|>", "system", "⏎", "You"] and "␣helpful" in first
    row = soup(widget, "string").select("tbody tr")[3]
    said(widget, "choose", row.find("button")["data-value"])
    assert chips(widget) == [*first, row.find("code").get_text()]
    assert soup(widget, "string").select("ins code")[0].get_text() == row.find("code").get_text()
    assert row.select(".p2d-number")[0].get_text() in soup(widget, "status").get_text()
    said(widget, "choose", "49151")  # no candidate
    said(widget, "choose", "x")
    assert len(chips(widget)) == len(first) + 1
    said(widget, "back")
    said(widget, "back")  # nothing left to take back
    assert chips(widget) == first and not possible(widget) & {"back", "hand_over"}


def test_end_of_turn_is_marked_among_the_candidates(llm) -> None:
    widget = MagpieStepper(llm, prompt="<|im_start|>user\nHow do I bake bread?")
    rows = {row.find("code").get_text(): row for row in soup(widget, "string").select("tbody tr")}
    assert "ends the turn" in rows["<|im_end|>"].get_text()
    assert sum("ends the turn" in row.get_text() for row in rows.values()) == 1
    said(widget, "choose", rows["<|im_end|>"].find("button")["data-value"])
    said(widget, "hand_over")
    said(widget, "back")  # the hand-over is one step
    assert widget.stepping.ended and chips(widget)[-1] == "<|im_end|>"


def test_seeds_and_temperature_decide_the_tokens(llm) -> None:
    def tokens(seed: int, *temperatures: str) -> tuple[int, ...]:
        widget = MagpieStepper(llm, seed=seed)
        for value in temperatures:
            said(widget, "temperature", value)
        for _step in range(3):
            said(widget, "step")
        return widget.stepping.state.ids

    assert tokens(3) == tokens(3) != tokens(8)
    greedy = tokens(3, "0")
    assert greedy == tokens(8, "-1", "nan", "abc")
    widget = MagpieStepper(llm, seed=2)
    said(widget, "step")
    said(widget, "restart")
    assert widget.stepping.seed == 3 and "seed 4" in widget.parts["buttons"] and not widget.stepping.can_go_back
    for _step in range(3):
        said(widget, "step")
    assert widget.stepping.state.ids == tokens(3)


def test_a_run_gives_way_can_be_stopped_and_allows_nothing_else(llm) -> None:
    widget = MagpieStepper(llm)

    async def play() -> None:
        said(widget, "run")
        for _turn in range(3):
            await asyncio.sleep(0)
        assert widget.working and 1 <= widget.stepping.n_written <= 3
        assert possible(widget) == {"stop"} and not soup(widget, "string").select("button:not([aria-disabled])")
        before = widget.stepping.state
        for name in ("step", "back", "restart", "hand_over", "run"):
            said(widget, name)
            assert "stop it first" in widget.parts["status"]
        assert widget.stepping.state is before
        said(widget, "stop")
        while widget.working:
            await asyncio.sleep(0)
        assert "Stopped." in widget.parts["status"] and {"step", "run", "back"} <= possible(widget)

    asyncio.run(play())


def test_a_turn_has_a_limit_and_can_be_handed_over_then(llm) -> None:
    widget = MagpieStepper(llm)
    widget.stepping.longest = 2
    for _step in range(4):
        said(widget, "step")
    assert widget.stepping.n_written == 2 and "2 tokens" in widget.parts["status"]
    said(widget, "hand_over")
    assert widget.stepping.form.text(widget.stepping.state.ids).endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_one_of_several_prompts(llm) -> None:
    prompts = {"cut header": "<|im_start|>", "bare header": "<|im_start|>user\n", "a <b>": ""}
    widget = MagpieStepper(llm, prompt=prompts)
    assert [one["value"] for one in soup(widget, "controls").select("option")] == list(prompts)
    assert widget.stepping.speaker is None and "the model decides" in widget.parts["status"]
    said(widget, "prompt", "bare header")
    assert widget.stepping.speaker == "user" and chips(widget) == ["<|im_start|>", "user", "⏎"]
    said(widget, "prompt", "no such")
    assert widget.name == "bare header"
    said(widget, "prompt", "a <b>")
    assert len(widget.stepping.state.ids) == 1
    # The model itself may name the speaker.
    said(widget, "prompt", "cut header")
    for id_ in widget.stepping.form.ids("assistant\n"):
        widget.stepping.append(id_)
    assert widget.stepping.speaker == "assistant" and not widget.stepping.can_hand_over


# -- the string -------------------------------------------------------------------------------------------------------


def test_a_character_of_several_tokens_is_shown_whole_and_its_parts_as_bytes(llm) -> None:
    form = ChatFormat(llm.local_model.tokenizer)
    ids = form.ids("a 😀é中")
    stepping = Stepping(form, frozenset(), "x", 0, 9)
    seen = []
    for id_ in ids:
        stepping.append(id_)
        seen.append([piece.text for piece in stepping.turns()[-1].pieces])
    assert seen[-1][0] == "x" and "".join(seen[-1][1:]) == "a 😀é中" and any("" in texts for texts in seen)
    assert sum(len(piece.ids) for piece in stepping.turns()[-1].pieces) == len(ids) + 1
    widget = MagpieStepper(llm, prompt="a 😀")
    widget.stepping.restart("a", 0)
    widget.stepping.append(form.ids(" 😀")[0])
    widget.redraw("string")
    assert chips(widget) == ["a", "·bytes·"]


def test_ordinary_tokens_are_not_a_header(llm) -> None:
    form = ChatFormat(llm.local_model.tokenizer)
    stepping = Stepping(form, frozenset(), form.prompt(), 0, 99)
    for letter in "<|im_start|>assistant\n":
        stepping.append(form.ids(letter)[0])
    assert stepping.speaker == "user" and "<|im_start|>assistant" in stepping.turns()[-1].text()


@pytest.mark.parametrize(
    ("template", "roles", "handover"),
    [
        (LLAMA, [None, "user"], "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"),
        (GEMMA, [None, "user"], "<end_of_turn>\n<start_of_turn>model\n"),
        (MISTRAL, [None, "user"], " [/INST]"),
    ],
    ids=["Llama", "Gemma", "Mistral"],
)
def test_other_chat_templates(llm, template: str, roles: list[str | None], handover: str) -> None:
    tokenizer = copy.deepcopy(llm.local_model.tokenizer)
    tokenizer.chat_template = template
    form = ChatFormat(tokenizer)
    assert form.handover == handover
    stepping = Stepping(form, frozenset({tokenizer.eos_token_id}), form.prompt(), 0, 9)
    assert [turn.role for turn in stepping.turns()] == roles and stepping.speaker == "user"
    for id_ in form.ids("Why?"):
        stepping.append(id_)
    stepping.append(tokenizer.eos_token_id)  # not how this template ends a turn
    stepping.hand_over()
    assert [turn.role for turn in stepping.turns()] == [*roles, "assistant"]
    assert form.text(stepping.state.ids) == form.prompt() + "Why?" + handover
    for id_ in form.ids("Because."):
        stepping.append(id_)
    assert stepping.pair() is None
    stepping.append(tokenizer.eos_token_id)
    assert stepping.pair() == ("Why?", "Because.")
    with_system = Stepping(form, frozenset(), form.prompt("Be kind."), 0, 9).turns()
    assert with_system[-1].role == "user" and (with_system[0].role == "system") == (template is LLAMA)
    assert with_system[-1].text() == ""


def test_logits_are_those_of_a_fresh_reading(llm) -> None:
    model, reader = llm.local_model, Reader()
    ids = ChatFormat(llm.local_model.tokenizer).ids("The bread is in the oven and the")
    for known in (ids[:5], ids[:6], ids, ids[:3], [*ids[:2], *ids[4:]], ids[:1]):
        fresh = Reader().logits(model, known)
        assert reader.logits(model, known).sub(fresh).abs().max() < 1e-3
        assert reader.logits(model, known) is reader.logits(model, known)


# -- what is untrusted, what is wrong ---------------------------------------------------------------------------------


def structure(html: str) -> set[str]:
    """Tags with the names of their attributes."""
    return {f"{one.name} {sorted(one.attrs)}" for one in BeautifulSoup(html, "html.parser").find_all(True)}


@pytest.fixture(scope="module")
def tame(llm) -> MagpieStepper:
    """The tags and attributes that the templates themselves write."""
    widget = MagpieStepper(llm, prompt={"a": "<|im_start|>user\nHi\n there", "b": "b"})
    said(widget, "step")
    return widget


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_texts_are_text(llm, tame: MagpieStepper, text: str) -> None:
    text = text[:150]
    widget = MagpieStepper(llm, prompt={text: "<|im_start|>" + text, "b": "b"})
    shown = [dict(widget.parts)]
    # … and as what was written, and said
    for id_ in widget.stepping.form.ids(text):
        widget.stepping.append(id_)
    widget.stepping.longest = 0
    widget.fail(ValueError(text))
    widget.redraw()
    for parts in (*shown, widget.parts):
        for part in ("string", "controls", "status"):
            assert structure(parts[part]) <= structure(tame.parts[part]) | {"tr []", "span ['class']"}
            assert len(parts[part]) < 30_000
    assert not re.search(r"<(script|img|svg|iframe|a |style>\*)", widget.static()) and len(widget.static()) < 60_000
    widget.stepping.hand_over()
    widget.redraw("pair")
    known = {"table []", "caption []", "tbody []", "tr []", "th ['class', 'scope']", "td ['class']", "code []"}
    assert structure(widget.parts["pair"]) == known and len(soup(widget, "pair").select("td")) == 2


@pytest.mark.parametrize("how", ["system", "prompt", "prompts"])
def test_what_is_too_long_to_step_through_is_refused(llm, how: str) -> None:
    text = TEXTS[-1]
    arguments = {"prompt": {"a": "fine", "x": text}} if how == "prompts" else {how: text}
    with pytest.raises(ValueError, match="1,000 at most: shorten it"):
        MagpieStepper(llm, **arguments)


def test_a_system_text_is_text(llm, tame: MagpieStepper) -> None:
    widget = MagpieStepper(llm, system="".join(TEXTS[:3]) + TEXTS[15])
    assert structure(widget.parts["string"]) <= structure(tame.parts["string"]) | {"span ['class']"}
    assert "<script>window" in "".join(chips(widget))


def test_what_is_stored_has_no_controls_and_is_the_same_each_time(llm) -> None:
    one, two = MagpieStepper(llm).static(), MagpieStepper(llm).static()
    assert one == two and not re.search(r"<(button|input|select)", one)
    bare = BeautifulSoup(one, "html.parser")
    assert bare.select("mark code")[1].get_text() == "<|im_start|>" and len(bare.select("tbody tr")) == 8


def test_bad_arguments_are_named(llm) -> None:
    with pytest.raises(TypeError, match="a model that runs here"):
        MagpieStepper("SmolLM2")
    with pytest.raises(ValueError, match="not both"):
        MagpieStepper(llm, system="x", prompt="y")
    tokenizer = copy.deepcopy(llm.local_model.tokenizer)
    for template in (None, "{{ messages[0].content }}"):
        tokenizer.chat_template = template
        with pytest.raises(ValueError, match="no chat template"):
            ChatFormat(tokenizer)


def test_a_model_that_was_unloaded_is_loaded_again(llm) -> None:
    widget = MagpieStepper(llm)
    llm.unload()
    said(widget, "step")
    assert widget.stepping.n_written == 1 and widget.failure == ""
