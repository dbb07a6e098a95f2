"""The evolution tree: open a branch, choose a child, move the limit, hide the dropped ones."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.plays import Kernel, reach, until

CELLS = (
    """
rows = []
OPERATORS = ("CONSTRAINTS", "DEEPENING", "CONCRETIZING", "INCREASED_REASONING_STEPS", "BREADTH")
for root in (
    "Write a short recipe for a plain white loaf.",
    "Explain what a sourdough starter is.",
    "Describe how to fold a dough.",
):
    rows += [
        {"parent": root, "child": f"{root[:-1]} in four lines, without the word <b>white</b>.",
         "operator": OPERATORS[0], "reason": "kept", "similarity": 0.91},
        {"parent": root, "child": f"{root[:-1]}, and say what goes wrong when it is too warm.",
         "operator": OPERATORS[1], "reason": "kept", "similarity": 0.82},
        {"parent": root, "child": root, "operator": OPERATORS[2], "reason": "copy", "similarity": 1.0},
        {"parent": root, "child": f"{root} First compare three ways step by step, then choose one.",
         "operator": OPERATORS[3], "reason": "kept", "similarity": 0.74},
        {"parent": root, "child": "The bread should rest.",
         "operator": OPERATORS[3], "reason": "statement", "similarity": 0.41},
        {"parent": root, "child": "Suggest a soup for a cold day.",
         "operator": OPERATORS[4], "reason": "kept", "similarity": 0.23},
        {"parent": root, "child": "Why does a cake sink in the middle?",
         "operator": OPERATORS[4], "reason": "kept", "similarity": 0.38},
        *[{"parent": root, "child": f"{root[:-1]} for {n} people in a small kitchen.",
           "operator": OPERATORS[0], "reason": "kept", "similarity": 0.9 - n / 30} for n in range(2, 8)],
    ]
first = rows[0]
rows.append({"parent": first["child"], "operator": OPERATORS[3], "reason": "kept", "similarity": 0.66,
             "child": "Write a recipe in four lines. First list the flours, then put the steps in order."})
""",
    """
from prompt2data.widgets.evolution import EvolutionTree

widget = EvolutionTree(rows, limit=0.7)
widget
""",
)


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    items = widget.get_by_role("treeitem")
    expect(items).to_have_count(17)  # three roots, one of them open, and the child with children
    expect(widget.get_by_text("Below the limit 0.70: 13 of 40 children.")).to_be_visible()
    items.nth(2).click()  # another text says how it was made
    expect(items.nth(2)).to_have_attribute("aria-selected", "true")
    expect(widget.locator("ins").first).to_be_visible()
    assert "<b>white</b>" in items.nth(1).inner_text()  # a text is a text
    last = widget.get_by_role("treeitem", name="Describe how to fold a dough.").last
    last.locator(".p2d-twist").click()
    expect(items).to_have_count(30)
    assert kernel("widget.parts['tree'].count('treeitem')") == 30
    widget.get_by_label("show dropped ones").uncheck()
    expect(items).to_have_count(26)
    expect(widget.get_by_text("dropped: copy")).to_have_count(0)
    widget.get_by_role("button", name="Open all").click()
    until(lambda: kernel("widget.parts['tree'].count('treeitem')") == 37)
    assert kernel("'dropped:' not in widget.parts['tree']")


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    items, press = widget.get_by_role("treeitem"), widget.page.keyboard.press
    chosen = widget.locator('[role="treeitem"][aria-selected="true"]')
    reach(widget, chosen)  # the Tab key comes to the chosen one, and to no other
    assert "CONSTRAINTS" in chosen.inner_text()
    press("ArrowLeft")  # closes it
    expect(items).to_have_count(16)
    press("ArrowLeft")  # to its parent
    press("ArrowLeft")  # closes the root
    expect(items).to_have_count(3)
    press("ArrowDown")
    press("ArrowRight")
    expect(items).to_have_count(16)
    press("ArrowRight")
    press("End")
    press("Home")
    for _time in range(3):
        press("ArrowDown")
    press("Enter")
    expect(items.nth(3)).to_have_attribute("aria-selected", "true")
    until(lambda: kernel("'too warm' in widget.parts['detail']") is True)
    slider = widget.get_by_role("slider")
    reach(widget, slider)
    press("End")
    expect(widget.get_by_text("Below the limit 1.00: 37 of 40 children.")).to_be_visible()
    assert slider.evaluate("(one) => one === document.activeElement")
    assert kernel("widget.parts['status'].count('BREADTH')") == 1
