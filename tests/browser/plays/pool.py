"""The pool explorer: the pool grows with a slider, decisions are read, another threshold is tried."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.plays import Kernel, reach, until

CELLS = (
    """from prompt2data.metrics import nearest
from prompt2data.widgets.pool import PoolExplorer

SEEDS = [
    "Why does my loaf stay flat in the oven?",
    "How much salt goes into a dough made with 500 grams of flour?",
    "Explain to a child what yeast does in bread dough.",
    "Can I bake sourdough without a closed pot?",
    "What is the difference between bread flour and cake flour?",
]
LINES = [
    (1, "Can I bake sourdough using a starter?"),
    (1, "Explain to a child what yeast is."),
    (1, "How can I make bread with a sourdough starter?"),
    (1, "How to make a sourdough starter."),
    (1, "How to make a sourdough bread from scratch."),
    (1, "Can I make bread without yeast?"),
    (1, "Yeast is a type of fungus that is used to"),
    (1, "What is a doughnut made from?"),
    (1, "<img src=x onerror='window.hacked = 1'> Can I bake it?"),
    (2, "What is the difference between baking bread and making cakes?"),
    (2, "What to make a sourdough recipe?"),
    (2, "Can I bake a cake with a buttercream frosting?"),
    (2, "Can I bake a biscuit with a sponge?"),
    (2, "What is the difference between a cake and a bread?"),
    (2, "Why does my loaf stay flat?"),
    (3, "Can I bake a dessert with a partner?"),
    (3, "How to use a sourdough starter in baking."),
    (3, "What is the difference between a cake that has no sugar and a sourdough starter?"),
    (3, "How to make a sourdough starter."),
    (3, "Write a plan for a bakery that opens at five in the morning."),
]
pool, log = list(SEEDS), []
for number, text in LINES:
    place, similarity = nearest(text, pool)
    verdict = "unfinished" if text[-1] not in ".?!" else "too similar" if similarity >= 0.7 else "novel"
    entry = {"round": number, "instruction": text, "most similar in the pool": pool[place]}
    log.append({**entry, "ROUGE-L": round(similarity, 2), "exact": text in pool, "verdict": verdict})
    if verdict == "novel":
        pool.append(text)""",
    "widget = PoolExplorer(SEEDS, log)\nwidget",
)


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    options = widget.locator("[role=option]")
    assert options.count() == 8
    marks = widget.locator("[data-part=pair] .p2d-pool-text").first.locator("mark")
    options.nth(2).click()
    until(lambda: options.nth(2).get_attribute("aria-selected") == "true")
    assert marks.count() == kernel("len(widget.selected.overlap.common)") > 3

    widget.locator("select").first.select_option(label="unfinished")
    until(lambda: options.count() == 1)
    assert "Yeast is a type" in widget.locator("[data-part=pair]").inner_text()
    widget.locator("select").first.select_option("")
    until(lambda: options.count() == 8)

    slider = widget.get_by_role("slider").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    until(lambda: kernel("widget.step") == 10)
    size = kernel("len(widget.pool(10))")
    assert f"{size}" in widget.locator("[data-part=growth] strong").first.inner_text() and size < kernel("len(pool)")

    threshold = widget.get_by_role("slider").nth(1)
    threshold.fill("0.5")
    changes = widget.locator("[data-part=sides] [data-act=select]")
    until(lambda: changes.count() > 0)
    number = int(changes.first.get_attribute("data-value"))
    changes.first.click()
    until(lambda: kernel("widget.selected.number") == number)
    assert widget.page.evaluate("window.hacked === undefined")


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    press = widget.page.keyboard.press
    slider = widget.get_by_role("slider").first
    reach(widget, slider)
    press("End")
    press("ArrowLeft")
    until(lambda: kernel("widget.step") == kernel("len(log)") - 1)
    assert slider.evaluate("(one) => one === document.activeElement")

    order = widget.locator("select").nth(1)
    reach(widget, order)
    press("ArrowDown")
    until(lambda: kernel("widget.order") == "newest")

    chosen = widget.locator("[role=option][aria-selected=true]")
    until(lambda: chosen.get_attribute("data-value") == "19")
    reach(widget, chosen)
    press("ArrowDown")
    press("ArrowDown")
    until(lambda: kernel("widget.selected.number") == 17)
    until(lambda: chosen.get_attribute("data-value") == "17")
    assert chosen.evaluate("(one) => one === document.activeElement")

    more = widget.locator("[data-act=page]").nth(1)
    reach(widget, more)
    press("Enter")
    until(lambda: kernel("widget.pages.first") == 8)

    threshold = widget.get_by_role("slider").nth(1)
    reach(widget, threshold)
    press("Home")
    until(lambda: kernel("widget.trial") == 0.3)
    until(lambda: widget.locator("[data-part=sides] li").count() > 1)
    assert threshold.evaluate("(one) => one === document.activeElement")
