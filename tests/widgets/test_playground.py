"""The sampling playground with the real model: what the sliders do, what stops, what is the same each time."""

from __future__ import annotations

import asyncio

import pytest
import torch
from bs4 import BeautifulSoup

from prompt2data.engine.sampling import SamplingParams, probabilities
from prompt2data.widgets.playground import SamplingPlayground, Settings
from tests.hostile import TEXTS

PROMPT = "Write one question about baking bread."


@pytest.fixture
def widget(llm) -> SamplingPlayground:
    made = SamplingPlayground(llm, PROMPT, max_new_tokens=6)
    made.by_itself = False
    return made


def send(widget: SamplingPlayground, name: str, value: object = "") -> None:
    widget._receive(widget, {"do": name, "value": str(value)}, [])


def until_done(widget: SamplingPlayground, name: str, value: object = "", turns: int | None = None) -> None:
    """Send a message and let the kernel go on until the widget is done, or for so many turns."""

    async def play() -> None:
        send(widget, name, value)
        while widget.working and turns is None:
            await asyncio.sleep(0)
        for _turn in range(turns or 0):
            await asyncio.sleep(0)
        if turns is not None:
            send(widget, "cancel")
            while widget.working:
                await asyncio.sleep(0)

    asyncio.run(play())


def chances(widget: SamplingPlayground) -> list[str]:
    rows = BeautifulSoup(widget.parts["chart"], "html.parser").select("tbody tr")
    return [row.select("td")[1].text for row in rows]


def test_sliders_move_the_chart(widget: SamplingPlayground) -> None:
    send(widget, "top_k", 0)
    send(widget, "top_p", 1)
    send(widget, "temperature", 1)
    plain = chances(widget)
    raw = [row.select("td")[0].text for row in BeautifulSoup(widget.parts["chart"], "html.parser").select("tbody tr")]
    assert plain == raw  # at temperature 1, without cut-offs, the model's own chances
    send(widget, "top_k", 3)
    assert chances(widget)[3:] == ["cut off"] * 7 and "3 of 49,152" in widget.parts["chart"]
    send(widget, "temperature", 0)
    assert chances(widget)[0] == "100.0 %" and "1.0 equally likely" in widget.parts["chart"]
    assert widget.texts and not widget.working  # no text was generated for it


def test_the_same_luck_until_new_texts_are_asked_for(widget: SamplingPlayground) -> None:
    first = widget.texts
    assert len(first) == 3 and all(first)
    widget.by_itself = True
    until_done(widget, "temperature", 1.9)
    hot = widget.texts
    until_done(widget, "temperature", 0.7)
    assert widget.texts == first != hot
    until_done(widget, "generate")
    assert widget.texts != first and len(widget.runs) == 4
    assert widget.runs[1].settings == Settings(temperature=1.9)
    assert len(BeautifulSoup(widget.parts["runs"], "html.parser").select("tbody tr")) == 4


def test_the_texts_are_those_that_the_chart_allows(llm) -> None:
    widget = SamplingPlayground(llm, PROMPT, Settings(temperature=2.0, top_p=1.0, top_k=1), max_new_tokens=4)
    assert len(set(widget.texts)) == 1  # one token alone may be drawn


def test_stop_keeps_what_came_and_counts_no_run(widget: SamplingPlayground) -> None:
    widget.max_new_tokens = 200
    until_done(widget, "generate", turns=4)
    assert not widget.working and len(widget.runs) == 1
    assert widget.texts and "Stopped" in widget.parts["status"]


def test_a_slider_that_moves_on_the_way_starts_anew(widget: SamplingPlayground) -> None:
    async def play() -> None:
        widget.by_itself = True
        send(widget, "samples", 1)
        await asyncio.sleep(0)
        send(widget, "samples", 2)
        while widget.working:
            await asyncio.sleep(0)

    asyncio.run(play())
    assert [run.settings.samples for run in widget.runs] == [3, 2] and len(widget.texts) == 2


def test_it_goes_on_after_a_later_cell_has_unloaded_the_model(llm) -> None:
    widget = SamplingPlayground(llm, PROMPT, max_new_tokens=4)
    widget.by_itself = False
    first = widget.texts
    llm.unload()
    send(widget, "top_k", 3)
    assert widget.failure == "" and chances(widget)[3] == "cut off"
    until_done(widget, "generate")
    assert widget.failure == "" and widget.texts != first and len(widget.runs) == 2


@pytest.mark.parametrize(
    ("name", "value", "settled"),
    [("temperature", "-5", 0.0), ("top_p", "0", 0.05), ("top_k", "1000", 100), ("samples", "99", 8)],
)  # fmt: skip
def test_a_page_cannot_ask_for_the_impossible(widget, name, value, settled) -> None:
    send(widget, name, value)
    assert getattr(widget.settings, name) == settled


@pytest.mark.parametrize("value", ["", "warm", "nan", "inf"])
def test_nonsense_is_told_and_changes_nothing_for_the_worse(widget: SamplingPlayground, value: str) -> None:
    send(widget, "temperature", value)
    assert 0 <= widget.settings.temperature <= 2
    send(widget, "temperature", 0.5)
    assert widget.failure == "" and widget.settings.temperature == 0.5


def test_without_a_prompt_it_says_so(widget: SamplingPlayground) -> None:
    send(widget, "prompt", "  ")
    assert "Write a prompt first." in widget.parts["status"] and widget.parts["chart"] == ""
    send(widget, "generate")
    assert not widget.working
    send(widget, "prompt", PROMPT)
    assert "Write a prompt" not in widget.parts["status"] and chances(widget)


def test_a_prompt_beyond_the_context_is_refused_in_words(llm, monkeypatch) -> None:
    widget = SamplingPlayground(llm, None, max_new_tokens=6)
    assert "Write a prompt first." in widget.parts["status"]
    widget.by_itself = False
    send(widget, "prompt", PROMPT)
    size = len(widget._input()[0])
    monkeypatch.setattr(llm.local_model.model.config, "max_position_embeddings", size)
    until_done(widget, "generate")
    assert f"The prompt has {size} tokens" in widget.parts["status"] and widget.texts == []
    monkeypatch.setattr(llm.local_model.model.config, "max_position_embeddings", size + 2)
    until_done(widget, "generate")
    assert len(widget.texts) == widget.settings.samples and widget.parts["status"].count("Ready") == 1
    assert all(len(llm.local_model.pieces(text)) <= 2 for text in widget.texts)


def test_hostile_texts_and_prompts_are_text(widget: SamplingPlayground) -> None:
    def structure(html: str) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag.name, tuple(sorted(tag.attrs))) for tag in BeautifulSoup(html, "html.parser").find_all(True)]

    def drawn() -> list[list[tuple[str, tuple[str, ...]]]]:
        return [structure(widget.part(name, static)) for name in ("intro", "controls", "texts") for static in (0, 1)]

    widget.texts, widget.prompt = ["innocent"], "innocent"
    innocent = drawn()
    for text in TEXTS:
        widget.texts, widget.prompt = [text], text
        assert drawn() == innocent
        assert sum(len(widget.part(name)) for name in ("intro", "controls", "texts")) < 30_000


def test_what_is_stored_is_complete_and_small(widget: SamplingPlayground) -> None:
    page = BeautifulSoup(widget.static(), "html.parser")
    assert not page.select("button, input, textarea, select, [data-act]")
    assert PROMPT in page.text and len(page.select("tbody tr")) == 10
    assert all(text.strip() in page.text for text in widget.texts)
    assert len(widget.static()) < 20_000


def test_probabilities_agree_with_what_is_drawn() -> None:
    from prompt2data.engine.sampling import next_tokens

    logits = 3 * torch.randn(60, generator=torch.Generator().manual_seed(3))
    even = (torch.arange(20_000) + 0.5) / 20_000
    for params in (SamplingParams(0.7, 0.9, 50), SamplingParams(1.5, 1.0, 5), SamplingParams(1.0, 0.5, 0)):
        drawn = torch.bincount(next_tokens(logits.expand(20_000, -1), even, params), minlength=60) / 20_000
        assert torch.allclose(probabilities(logits, params), drawn.double(), atol=2e-4), params
    greedy = probabilities(logits, SamplingParams(0.0))
    assert greedy.sum() == 1 and greedy.argmax() == logits.argmax()
