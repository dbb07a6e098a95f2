"""The base of the widgets, without a page: what it draws, what a page may ask of it, what is stored."""

from __future__ import annotations

import asyncio
import re

import pytest
from markupsafe import Markup

from prompt2data.widgets.view import View, render
from tests.hostile import TEXTS


class Counter(View):
    part_names = ("controls", "count", "status")
    count, text = 0, ""

    def title(self) -> str:
        return "Counter"

    def part_controls(self, static: bool) -> str:
        return "" if static else f"<button data-act='step' id='{self.uid}-step'>Step</button>"

    def part_count(self, static: bool) -> str:
        return Markup("<p id='{}'>{} {}</p>").format(self.uid, self.count, self.text)

    def part_status(self, static: bool) -> str:
        return Markup("{}").format(self.failure or ("working" if self.working else ""))

    def do_step(self, value: str) -> None:
        self.count += 1
        self.text = value
        self.redraw("count")

    def do_fail(self, value: str) -> None:
        raise ValueError("no <b>such</b> thing")

    async def do_work(self, value: str) -> None:
        for _turn in range(int(value)):
            self.count += 1
            await asyncio.sleep(0)
        if self.count > 1000:
            raise ValueError("too much")


def send(widget: View, name: object, value: object = "") -> None:
    """What happens when a page sends this."""
    widget._receive(widget, {"do": name, "value": value}, [])


def test_a_message_calls_the_method_and_the_part_changes() -> None:
    widget = Counter()
    before = widget.parts["controls"]
    send(widget, "step", "a")
    assert widget.count == 1 and "1 a" in widget.parts["count"] and widget.parts["controls"] == before


def test_a_page_that_opens_later_sees_where_the_controls_stand() -> None:
    class Slider(Counter):
        def part_controls(self, static: bool) -> str:
            return f"<input type='range' value='{self.count}'>"

    widget = Slider()
    send(widget, "step")
    assert "value='0'" in widget.parts["controls"], "the slider in the reader's hand is left alone"
    assert "value='1'" in widget.fresh["controls"]


@pytest.mark.parametrize("name", ["redraw", "_receive", "close", "__init__", "nothing", "", None, 3, "step "])
def test_a_page_can_call_nothing_else(name: object) -> None:
    widget = Counter()
    send(widget, name)
    assert widget.count == 0 and widget.comm is not None and widget.failure == ""


@pytest.mark.parametrize("content", ["step", None, [], {"do": "step", "value": {"x": 1}}, {"do": "step"}])
def test_a_malformed_message_harms_nothing(content: object) -> None:
    widget = Counter()
    widget._receive(widget, content, [])
    assert widget.text == ""


def test_an_error_is_one_sentence_and_gone_with_the_next_action() -> None:
    widget = Counter()
    send(widget, "fail")
    assert widget.parts["status"] == "no &lt;b&gt;such&lt;/b&gt; thing"
    send(widget, "step")
    assert widget.failure == ""


def test_work_yields_and_ends() -> None:
    widget = Counter()

    async def play() -> None:
        send(widget, "work", "5")
        await asyncio.sleep(0)
        assert widget.working and widget.count == 1
        send(widget, "work", "5")  # a second start is refused, the first goes on
        assert "still running" in widget.parts["status"]
        while widget.working:
            await asyncio.sleep(0)
        assert widget.count == 5
        send(widget, "work", "1001")
        while widget.working:
            await asyncio.sleep(0)
        assert widget.parts["status"] == "too much"

    asyncio.run(play())


def test_the_stored_form_needs_no_kernel_and_is_reproducible() -> None:
    one, two = Counter(), Counter()
    bundle, _metadata = one._repr_mimebundle_()
    assert bundle["text/plain"] == "Counter" and "model_id" in bundle["application/vnd.jupyter.widget-view+json"]
    html = bundle["text/html"]
    assert html == two._repr_mimebundle_()[0]["text/html"]
    assert one.uid != two.uid and one.uid in one.parts["count"] and one.uid not in html
    assert "<button" not in html and "<script" not in html and 'aria-label="Counter"' in html


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_texts_are_text(text: str) -> None:
    widget = Counter()
    widget.label = text
    html = widget.static()
    assert re.findall(r"<(\w+)", html.replace("<style>", "", 1)) == ["div", "div", "p"]
    send(widget, "step", text)
    assert re.findall(r"<(\w+)", widget.parts["count"]) == ["p"]


def test_templates_are_strict_and_escape() -> None:
    with pytest.raises(Exception, match="undefined"):
        render("static", label="x")
    assert "<b>" not in render("static", label="<b>", language="en", style="", parts=["<b>"])
