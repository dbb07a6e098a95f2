"""The kitchen: a sentence is said with the Enter key or the button, and an instrument moves; the exam unfolds."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.plays import Kernel, reach, until

CELLS = (
    """
import json
from prompt2data import BatchedTransformersLLM, kitchen, setup
setup()
from prompt2data.models import EMBEDDED
from prompt2data.widgets.kitchen import Kitchen

class Pupil:
    \"\"\"Writes what a trained model would; and what it was told, where it knows no call for it.\"\"\"
    calls = {
        "Wake me in 75 minutes, the starter will be ready then.": {"tool": "timer", "minutes": 75, "for": "starter"},
        "Heat the oven to 230 for the focaccia.": {"tool": "oven", "celsius": 230, "for": "focaccia"},
        "dd Weigh 2 kilos of rye flour.": {"tool": "scale", "grams": 2000, "of": "rye flour"},
        "How was your day?": {"tool": "none"},
    }
    load = mark = lambda self: None
    rewind = lambda self, mark: None

    def generate(self, inputs, **settings):
        said = inputs[0][-1]["content"]
        return [{"generations": [json.dumps(self.calls[said]) if said in self.calls else said]}]

half_a = kitchen.exam_rows("a")
outputs = [kitchen.to_json(row["call"]) if place % 2 else "Sure, I can do that!" for place, row in enumerate(half_a)]
exam = kitchen.exam(outputs, [row["call"] for row in half_a])
""",
    "widget = Kitchen(BatchedTransformersLLM(model=EMBEDDED), Pupil(), exam, half_a)\nwidget",
)
_AT_THE_START = """(hand) => {
    hand.style.animation = 'none';
    hand.getBoundingClientRect();
    hand.style.animation = '';
    const [turn] = hand.getAnimations();
    if (!turn) return null;
    turn.pause();
    turn.currentTime = 0;
    const {a, b} = new DOMMatrix(getComputedStyle(hand).transform);
    turn.finish();
    return Math.round(Math.atan2(b, a) * 180 / Math.PI);
}"""
_AT_THE_END = """(hand) => {
    hand.getAnimations().forEach((turn) => turn.finish());
    const {a, b} = new DOMMatrix(getComputedStyle(hand).transform);
    return Math.round(Math.atan2(b, a) * 180 / Math.PI);
}"""


def instrument(widget: Locator, place: int) -> Locator:
    return widget.locator(".p2d-instruments > li").nth(place)


def hand(widget: Locator, place: int) -> Locator:
    """What turns in an instrument: the last group of its picture."""
    return instrument(widget, place).locator("svg g").last


def chats(widget: Locator, kernel: Kernel) -> None:
    """The untouched model's text is on the page as it is in the kernel."""
    expect(widget.locator(".p2d-kitchen-bubble")).to_have_text(" ".join(str(kernel("widget.chat")).split()))


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    page, field, say = widget.page, widget.get_by_role("textbox"), widget.get_by_role("button")
    told = widget.get_by_role("status")
    expect(told).to_have_text("Timer: 75 minutes, starter")
    expect(instrument(widget, 0)).to_contain_text("75 minutes")
    chats(widget, kernel)

    field.fill("Heat the oven to 230 for the focaccia.")
    say.click()
    expect(told).to_have_text("Oven: 230 °C, focaccia", timeout=60_000)
    assert kernel("widget.call['celsius']") == 230
    expect(instrument(widget, 1)).to_contain_text("230 °C")
    expect(instrument(widget, 0)).to_contain_text("at rest")
    chats(widget, kernel)
    # The knob turns from its rest, at once where somebody wants no motion.
    assert hand(widget, 1).evaluate(_AT_THE_START) == -135
    assert hand(widget, 1).evaluate(_AT_THE_END) == 72
    page.emulate_media(reduced_motion="reduce")
    assert hand(widget, 1).evaluate(_AT_THE_START) is None
    assert hand(widget, 1).evaluate(_AT_THE_END) == 72
    page.emulate_media(reduced_motion="no-preference")

    field.fill("How was your day?")
    say.click()
    expect(told).to_have_text("No tool is called: all three stay at rest.", timeout=60_000)
    expect(widget.locator(".p2d-instruments").get_by_text("at rest")).to_have_count(3)

    field.fill("<img src=x onerror='window.hacked = 1'> \u202e now")
    say.click()
    expect(told).to_have_text("This is no call: nothing moves.", timeout=60_000)
    expect(widget.locator(".p2d-code").first).to_contain_text("<img src=x onerror='window.hacked = 1'> \\u202e now")
    assert page.evaluate("window.hacked === undefined")

    widget.locator("summary").click()
    expect(widget.locator("tbody tr")).to_have_count(12)
    field.fill("Wake me in 75 minutes, the starter will be ready then.")
    say.click()
    expect(told).to_have_text("Timer: 75 minutes, starter", timeout=60_000)
    expect(widget.locator("tbody tr").first).to_be_visible()


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    keyboard, field, told = widget.page.keyboard, widget.get_by_role("textbox"), widget.get_by_role("status")
    reach(widget, field)
    keyboard.press("ControlOrMeta+A")
    keyboard.type("dd Weigh 2 kilos of rye flour.")  # d twice deletes a cell where shortcuts are not held back
    keyboard.press("Enter")
    expect(told).to_have_text("Scale: 2,000 g, rye flour", timeout=60_000)
    assert kernel("widget.call['grams']") == 2000
    expect(instrument(widget, 2)).to_contain_text("beyond the dial")
    assert hand(widget, 2).evaluate(_AT_THE_END) == 135
    expect(field).to_be_focused()

    keyboard.press("ControlOrMeta+A")
    keyboard.press("Delete")
    keyboard.press("Enter")
    expect(told).to_have_text("Write a sentence first.")
    expect(instrument(widget, 2)).to_contain_text("2,000 g")
    keyboard.type("How was your day?")
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(told).to_have_text("No tool is called: all three stay at rest.", timeout=60_000)
    expect(widget.get_by_role("button")).to_be_focused()
    until(lambda: kernel("widget.call") == {"tool": "none"})

    reach(widget, widget.locator("summary"))
    keyboard.press("Enter")
    expect(widget.locator("tbody tr").first).to_be_visible()
