"""The Magpie stepper: a step, a token of one's own choice, a whole turn, the hand-over, the answer."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.plays import Kernel, reach, until

CELLS = (
    "from prompt2data import BatchedTransformersLLM, setup\n"
    "setup()\n"
    "from prompt2data.models import EMBEDDED\n"
    "from prompt2data.widgets.stepper import MagpieStepper\n"
    "llm = BatchedTransformersLLM(model=EMBEDDED)\n"
    "llm.load()",
    "widget = MagpieStepper(llm)\nwidget.stepping.longest = 20\nwidget",
)


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    prompt = kernel("len(widget.stepping.state.ids)")
    act = {name: widget.locator(f"[data-act={name}]") for name in ("step", "hand_over", "back", "restart")}
    expect(act["hand_over"]).to_have_attribute("aria-disabled", "true")
    act["step"].click()
    expect(widget.locator("[data-part=string] ins")).to_have_count(1)
    third = widget.locator("[data-act=choose]").nth(2)
    id_ = third.get_attribute("data-value")
    third.click()
    expect(widget.locator("[data-part=string] ins")).to_have_count(2)
    assert kernel("[len(widget.stepping.state.ids), widget.stepping.state.ids[-1]]") == [prompt + 2, int(id_)]
    act["back"].click()
    expect(widget.locator("[data-part=string] ins")).to_have_count(1)
    widget.locator("[data-act=run]").click()
    until(lambda: kernel("not widget.working and not widget.stepping.can_grow"))
    act["hand_over"].click()
    expect(widget.locator("[data-part=string] h5")).to_have_count(3)
    assert kernel("widget.stepping.speaker") == "assistant"
    widget.locator("[data-act=run]").click()
    expect(widget.locator("[data-part=pair] td")).to_have_count(2, timeout=20_000)
    shown = widget.locator("[data-part=pair] td").all_inner_texts()
    assert [text.strip() for text in shown] == kernel("[text.strip() for text in widget.stepping.pair()]")


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    keyboard = widget.page.keyboard
    slider = widget.locator("[data-input=temperature]")
    reach(widget, slider)
    keyboard.press("Home")
    until(lambda: kernel("widget.temperature") == 0)
    expect(widget.locator("output")).to_have_text("0 (greedy)")
    reach(widget, widget.locator("[data-act=step]"))
    keyboard.press("Enter")
    expect(widget.locator("[data-part=string] ins")).to_have_count(1)
    keyboard.press("Enter")  # the focus stayed on the button
    expect(widget.locator("[data-part=string] ins")).to_have_count(2)
    reach(widget, widget.locator("[data-act=choose]").first)
    keyboard.press("Space")
    expect(widget.locator("[data-part=string] ins")).to_have_count(3)
    reach(widget, widget.locator("[data-act=run]"))
    keyboard.press("Enter")
    expect(widget.locator("[data-act=stop]")).to_be_focused()
    keyboard.press("Enter")
    until(lambda: kernel("not widget.working"))
    expect(widget.locator("[data-act=run]")).to_be_focused()
    written = kernel("widget.stepping.n_written")
    assert 3 < written <= 20
    keyboard.press("Shift+Tab")
    expect(widget.locator("[data-act=step]")).to_be_focused()
    reach(widget, widget.locator("[data-act=restart]"))
    keyboard.press("Enter")
    expect(widget.locator("[data-part=string] ins")).to_have_count(0)
    assert kernel("[widget.stepping.n_written, widget.stepping.seed]") == [0, 1]
