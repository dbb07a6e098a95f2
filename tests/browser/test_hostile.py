"""Twenty hostile texts through every place that shows what a model wrote: none acts, none breaks the layout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import stage
from tests.browser.lab import ROOT, browser, copy_of_the_course, make_lab, screenshot

SET_UP = f"""
import json, runpy
TEXTS = runpy.run_path({str(ROOT / "tests" / "hostile.py")!r})["TEXTS"]
# As a tokenizer gives them, which never gives half a character: Python itself can neither print nor store one.
PLAIN = [text.encode("utf-8", "replace").decode()[:5000] for text in TEXTS]
from prompt2data import BatchedTransformersLLM, setup
setup()
llm = BatchedTransformersLLM()
"""
# Where texts come up: a name, and a cell that shows TEXTS there.
PLACES = {
    "printed": "for text in PLAIN: print(text)",
    "last value": "PLAIN",
    "json": "print(json.dumps({'generation': PLAIN[:16]}, ensure_ascii=False))",
    "pandas": "import pandas as pd\npd.DataFrame({'generation': PLAIN})",
    "dataset": "from datasets import Dataset\nDataset.from_list([{'generation': text} for text in PLAIN])[:3]",
    "card": "from prompt2data.checks.core import Wrong, exercise\n"
    "@exercise('one', 'two')\n"
    "def check(expected, actual): raise Wrong(actual[:300], expected=expected, actual=actual, hint=actual[:300])\n"
    "for one, two in zip(TEXTS, TEXTS[1:] + TEXTS[:1]): check(one, two)",
    "exception": "from prompt2data.checks.core import call, exercise\n"
    "def learner(text): raise ValueError(text)\n"
    "@exercise()\n"
    "def check_call(text): call(learner, text)\n"
    "for text in TEXTS: check_call(text)",
    "figure": "from prompt2data import plots\n"
    "for text in PLAIN[:16:3]:\n"
    "    fig, ax = plots.figure(figsize=(3, 1.5))\n"
    "    ax.plot([0, 1], [0, 1], label='x')\n"
    "    plots.finish(ax, title='hostile alternative text', x='x (1)', y='y (1)')\n"
    "    plots.show(fig, alt=text)",
    "playground": "from prompt2data.widgets.playground import SamplingPlayground\n"
    "for text in TEXTS[:2]:\n"
    "    widget = SamplingPlayground(llm, text, max_new_tokens=1)\n"
    "    widget.texts = list(TEXTS)\n"
    "    widget.redraw()\n"
    "    display(widget)",
    "pool": "from prompt2data.widgets.pool import PoolExplorer\n"
    "PoolExplorer(list(TEXTS[:10]), [{'round': 1, 'instruction': one, 'most similar in the pool': two,\n"
    "    'ROUGE-L': 0.7, 'exact': False, 'verdict': 'novel'} for one, two in zip(TEXTS, TEXTS[::-1])])",
    "evolution": "from prompt2data.widgets.evolution import EvolutionTree\n"
    "EvolutionTree([{'parent': one, 'child': two, 'operator': three, 'reason': three[:200]}\n"
    "    for one, two, three in zip(TEXTS, TEXTS[1:], TEXTS[2:])], similarity=lambda root, text: 0.5)",
    "stepper": "from prompt2data.widgets.stepper import MagpieStepper\n"
    "for text in PLAIN[1:16:4]: display(MagpieStepper(llm, system=text))",
    "kitchen": "from prompt2data import kitchen\n"
    "from prompt2data.widgets.kitchen import Kitchen\n"
    "class Says:\n"
    "    load = mark = lambda self: None\n"
    "    rewind = lambda self, mark: None\n"
    "    generate = lambda self, inputs, **settings: [{'generations': [inputs[0][1]['content']]}]\n"
    "call = {'tool': 'timer', 'minutes': 75, 'for': TEXTS[1]}\n"
    "exam = kitchen.exam([*TEXTS, json.dumps(call)] * 2, [call] * 2 * (len(TEXTS) + 1))\n"
    "for text in [*TEXTS[::3], json.dumps(call)]:\n"
    "    display(Kitchen(Says(), Says(), exam, [{'sentence': one, 'call': call} for one in TEXTS], text))",
    "browser": "from prompt2data.widgets.browser import DatasetBrowser\n"
    "rows = [{'instruction': one, 'generation': two, 'messages': [{'role': 'user', 'content': one},\n"
    "    {'role': two[:50], 'content': two}]} for one, two in zip(TEXTS, TEXTS[::-1])]\n"
    "DatasetBrowser(rows, page_size=25)",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = copy_of_the_course(tmp_path_factory.mktemp("course"))
    stage.write_notebook(folder, "hostile.ipynb", [SET_UP, *PLACES.values()])
    with make_lab(folder) as lab, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1100, "height": 1000})
        stage.open_notebook(lab, page, "hostile.ipynb")
        stage.run_all(page, seconds=200)
        lab.wait_until_idle()
        yield page


def outputs(page: Page, place: str) -> int:
    """How many outputs the cell of this place has, none of them an error."""
    number = 1 + list(PLACES).index(place)
    return page.evaluate(
        """(number) => {
            const outputs = window.jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON();
            const error = outputs.find((one) => one.output_type === 'error');
            if (error) throw new Error(error.ename + ': ' + error.evalue);
            return outputs.length;
        }""",
        number,
    )


@pytest.mark.parametrize("place", PLACES)
def test_nothing_acts_and_nothing_breaks(page: Page, place: str, tmp_path: Path) -> None:
    assert outputs(page, place) >= 1
    cell = page.locator(".jp-Notebook .jp-Cell").nth(1 + list(PLACES).index(place))
    cell.scroll_into_view_if_needed()
    # Whatever waits for the pointer or the focus gets it.
    for one in cell.locator(".p2d [data-act], .p2d summary, .p2d img, .p2d a, .p2d [tabindex]").all()[:12]:
        if one.is_visible():
            one.hover(timeout=5000)
            one.evaluate("(element) => element.focus()")
    screenshot(page, f"hostile-{place.replace(' ', '-')}", tmp_path)
    assert page.evaluate("() => window.hacked") is None
    bad = cell.evaluate(
        """(cell) => [...cell.querySelectorAll('.jp-OutputArea-output *')].filter((one) =>
            ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED'].includes(one.tagName)
            || [...one.attributes].some((a) => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))
        ).map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert bad == []
    assert page.locator(".jp-Notebook .jp-Cell").first.is_visible(), "the page is still there"
    # An output that is wider scrolls within its own area.
    right = page.locator(".jp-NotebookPanel").bounding_box()
    area = cell.locator(".jp-OutputArea").first.bounding_box()
    assert area["x"] + area["width"] <= right["x"] + right["width"] + 1
    for widget in cell.locator(".p2d").all():
        assert stage.outside(widget) == []
        assert widget.bounding_box()["height"] < 12_000


def test_the_check_above_fires(page: Page) -> None:
    page.evaluate(
        "() => { const s = document.createElement('script'); s.text = 'window.hacked = 99'; document.body.append(s); }"
    )
    assert page.evaluate("() => window.hacked") == 99
    page.evaluate("() => { delete window.hacked; }")
