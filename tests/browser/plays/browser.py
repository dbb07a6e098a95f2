"""The dataset browser: search, filter, sort, pick over pages, read a row, export; hostile rows are text."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.plays import Kernel, reach, until

CELLS = [
    """\
import json
from datasets import Dataset, DatasetDict
from distilabel.distiset import Distiset
from prompt2data.widgets.browser import DatasetBrowser

TOPICS = ["sourdough", "kneading", "a loaf that did not rise", "a pale crust", "salt", "steam in the oven"]
ROWS = [
    {
        "instruction": f"Write one short question that a beginner might ask about {TOPICS[i % 6]}. Begin with How.",
        "prompt": f"How do I begin with {TOPICS[i % 6]} when I bake loaf number {i + 1}?",
        "completion": None if i % 9 == 8 else "Mix the flour with water, and wait for an hour. " * (1 + i % 4),
        "model_name": "SmolLM2-135M-Instruct-Q4_1",
        "distilabel_metadata": {"raw_output_answer": "Mix it.", "statistics_answer": {"output_tokens": 3 * i % 40}},
    }
    for i in range(64)
]
ROWS[1]["completion"] = "<img src=x onerror='window.hacked = 2'><script>window.hacked = 1</script> And <b>water</b>."
TALK = [{"role": "user", "content": "Why does bread need salt?"}, {"role": "assistant", "content": "For taste. " * 40}]
""",
    """\
splits = DatasetDict({"train": Dataset.from_list(ROWS), "test": Dataset.from_list([{"conversation": TALK * 3}] * 3)})
widget = DatasetBrowser(Distiset({"default": splits}))
widget""",
]


def rows(widget: Locator) -> list[str]:
    """The numbers of the rows on the page, as text."""
    return widget.locator("tbody th").all_inner_texts()


def by_mouse(widget: Locator, kernel: Kernel) -> None:
    assert rows(widget) == [str(n) for n in range(1, 11)]
    widget.locator("[data-act=pick]").nth(2).click()
    widget.locator("[data-act=page]").last.click()
    until(lambda: rows(widget)[0] == "11")
    widget.locator("[data-act=pick]").nth(0).click()
    until(lambda: len(kernel("widget.picked")) == 2)

    widget.locator("[data-input=search]").fill("NUMBER 6")
    until(lambda: rows(widget) == ["6", "60", "61", "62", "63", "64"])
    assert widget.locator("mark").first.inner_text() == "number 6"
    widget.locator("[data-act=sort]").nth(1).click()
    until(lambda: widget.locator("th[aria-sort=ascending]").count() == 1 and rows(widget)[0] == "63")

    widget.locator("summary").first.click()
    widget.locator("[data-input=filter_column]").select_option(label="completion")
    widget.locator("[data-input=filter_condition]").select_option(index=2)  # is missing
    widget.locator("[data-act=filter]").click()
    until(lambda: rows(widget) == ["63"])
    assert widget.locator("[data-input=filter_value]").is_visible()  # what was unfolded stays so
    widget.locator("[data-act=pick]").first.click()
    until(lambda: len(kernel("widget.picked")) == 3)
    widget.locator("[data-act=show_all]").click()
    until(lambda: len(rows(widget)) == 10 and widget.locator("[data-input=search]").input_value() == "")

    widget.locator("[data-act=read]").nth(1).click()
    widget.locator("[data-act=back]").wait_for()
    reading = widget.locator("[data-part=rows]")
    assert "onerror=" in reading.inner_text() and widget.page.evaluate("window.hacked") is None
    assert reading.locator(".p2d-turn strong").count() == 2
    widget.locator("[data-act=neighbour]").last.click()
    until(lambda: widget.locator("[data-part=rows] [data-act=pick]").is_checked())
    widget.locator("[data-act=back]").click()

    widget.locator("[data-act=export]").click()
    until(lambda: "datasets/picked.jsonl" in widget.locator("[data-part=status]").inner_text())
    assert kernel("[json.loads(line)['prompt'] for line in open('datasets/picked.jsonl', encoding='utf-8')]") == kernel(
        "[ROWS[i]['prompt'] for i in (2, 10, 62)]"
    )
    kernel("__import__('shutil').rmtree('datasets')")


def by_keyboard(widget: Locator, kernel: Kernel) -> None:
    keyboard = widget.page.keyboard
    reach(widget, widget.locator("[data-input=search]"))
    keyboard.type("number 6")
    until(lambda: len(rows(widget)) == 6)
    reach(widget, widget.locator("[data-act=sort]").nth(1))
    keyboard.press("Enter")
    until(lambda: rows(widget)[0] == "63")
    keyboard.press("Enter")  # the focus has stayed
    until(lambda: rows(widget)[0] == "6")
    reach(widget, widget.locator("[data-act=pick]").first)
    keyboard.press("Space")
    until(lambda: kernel("[row['prompt'] for row in widget.picked]") == kernel("[ROWS[5]['prompt']]"))
    keyboard.press("Tab")
    keyboard.press("Enter")  # reads the row
    back = widget.locator("[data-act=back]")
    until(lambda: back.count() == 1 and back.evaluate("(one) => one === document.activeElement"))
    keyboard.press("Enter")  # and back, to its number
    until(
        lambda: (
            widget.page.evaluate("document.activeElement.dataset.act + document.activeElement.textContent") == "read6"
        )
    )
    reach(widget, widget.locator("[data-input=name]"))
    keyboard.press("ControlOrMeta+A")
    keyboard.type("../by key")
    keyboard.press("Tab")
    keyboard.press("Enter")
    until(lambda: "datasets/by key.jsonl" in widget.locator("[data-part=status]").inner_text())
    assert kernel("[json.loads(line)['prompt'] for line in open('datasets/by key.jsonl', encoding='utf-8')]") == kernel(
        "[ROWS[5]['prompt']]"
    )
    kernel("__import__('shutil').rmtree('datasets')")

    reach(widget, widget.locator("[data-input=source]"))
    keyboard.press("ArrowDown")
    until(lambda: rows(widget) == ["1", "2", "3"] and kernel("len(widget.rows)") == 3)
    reach(widget, widget.locator("[data-act=read]").first)
    keyboard.press("Enter")
    until(lambda: widget.locator(".p2d-turn").count() == 6)
