"""The sampling playground: a slider moves the chart, *Generate* streams texts, *Stop* stops them."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.plays import Kernel, reach, until

CELLS = [
    "from prompt2data import BatchedTransformersLLM, setup\n"
    "setup()\n"
    "from prompt2data.widgets.playground import SamplingPlayground\n"
    "widget = SamplingPlayground(BatchedTransformersLLM(), 'Write one question about baking bread.')\n"
    "widget",
]


def chart(widget: Locator) -> str:
    return widget.locator("[data-part=chart]").inner_text()


def texts(widget: Locator) -> list[str]:
    return widget.locator("[data-part=texts] li").all_inner_texts()


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    before, first = chart(widget), texts(widget)
    slider = widget.get_by_role("slider").first
    box = slider.bounding_box()
    slider.click(position={"x": box["width"] * 0.95, "y": box["height"] / 2})
    until(lambda: kernel("widget.settings.temperature") > 1.5)
    until(lambda: chart(widget) != before)
    until(lambda: not kernel("widget.working"))
    until(lambda: texts(widget) == kernel("[text.strip() for text in widget.texts]") != first)
    assert widget.locator("[data-part=texts]").get_by_text("distinct-2 ").is_visible()
    assert kernel("len(widget.runs)") == 2 and widget.get_by_role("table").count() == 2

    kernel("widget.__dict__.update(max_new_tokens=400)")
    widget.get_by_role("button").first.click()  # Generate
    until(lambda: kernel("widget.working"))
    grown = kernel("sum(map(len, widget.texts))")
    until(lambda: kernel("sum(map(len, widget.texts))") != grown)
    widget.get_by_role("button").nth(1).click()  # Stop
    until(lambda: not kernel("widget.working"))
    assert kernel("len(widget.runs)") == 2  # what was stopped is no run


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    keyboard = widget.page.keyboard
    reach(widget, widget.get_by_role("checkbox"))
    keyboard.press("Space")
    until(lambda: kernel("widget.by_itself") is False)
    before, first = chart(widget), texts(widget)
    reach(widget, widget.get_by_role("slider").nth(2))
    keyboard.press("Home")
    keyboard.press("ArrowRight")
    until(lambda: kernel("widget.settings.top_k") == 1)
    until(lambda: chart(widget) != before)
    assert texts(widget) == first
    reach(widget, widget.get_by_role("textbox"))
    keyboard.press("ControlOrMeta+A")
    keyboard.type("dd Name a bread.")  # d twice deletes a cell where shortcuts are not held back
    until(lambda: kernel("widget.prompt") == "dd Name a bread.")
    expect(widget.get_by_role("textbox")).to_be_focused()
    reach(widget, widget.get_by_role("button").first)
    keyboard.press("Enter")
    until(lambda: kernel("len(widget.runs)") == 2)
    until(lambda: texts(widget) == kernel("[text.strip() for text in widget.texts]") != first)
    keyboard.press("Tab")
    keyboard.press("Space")
    until(lambda: kernel("widget._cancelled"))
