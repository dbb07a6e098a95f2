"""Stored outputs: what is dropped, what is refused, and what passes."""

from __future__ import annotations

import base64
import io

import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from builder.outputs import faults, private_paths, tidy


def stream(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data):
    return new_output("display_data", data={kind.replace("__", "/"): value for kind, value in data.items()})


def notebook(*outputs):
    return new_notebook(cells=[new_code_cell("1", id="cell", outputs=list(outputs))])


REFUSED = {
    "stderr": (stream("hello", "stderr"), "stderr"),
    "a warning": (stream("x.py:3: UserWarning: careful"), "a warning"),
    "a deprecation": (stream("DeprecationWarning: old"), "a warning"),
    "deprecated": (stream("`llms` is deprecated, use models"), "a warning"),
    "a log block": (stream("[11/21/26 09:00:00] INFO     ['distilabel.pipeline'] starting"), "a log block"),
    "a log line": (stream("WARNING:root:careful"), "a log block"),
    "a level": (stream("INFO     ['distilabel.step'] ready"), "a log block"),
    "colours": (stream("\x1b[31mred\x1b[0m"), "terminal colours"),
    "a bar": (stream("100%|██████████| 3/3 [00:01<00:00]"), "a progress bar"),
    "a returning bar": (stream("1 of 3\r2 of 3"), "a progress bar"),
    "a speed": (stream("3 rows, 2.31it/s"), "a progress bar"),
    "a picture": (shown(image__png="AAAA"), "alternative text"),
    "a drawing": (shown(**{"image/svg+xml": "<svg></svg>"}), "alternative text"),
    "an address": (shown(text__plain="<object Thing at 0x7f12ab34cd>"), "a memory address"),
    "a home": (stream("saved to /home/ada/data.jsonl"), "a path of this machine"),
    "a temporary folder": (shown(text__html="<code>/tmp/abc/x</code>"), "a path of this machine"),
    "a Mac's home": (stream("/Users/ada/x"), "a path of this machine"),
    "site-packages": (stream("lib/python3.11/site-packages/x.py"), "a path of this machine"),
    "the interpreter's folder": (stream(f"found {private_paths()[0]}/x"), "a path of this machine"),
    "an error": (new_output("error", ename="ValueError", evalue="no", traceback=[]), "ValueError: no"),
    "a widget": (
        new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}),
        "widget",
    ),
    "too much": (stream("x" * 100_001), "at most 100,000"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    output, says = REFUSED[name]
    found = list(faults(notebook(output), private_paths()))
    assert any(cell == "cell" and says in text for cell, text in found), found


QUIET = {
    "plain text": stream("51 of 64 (80 %, 68–88 %)\n"),
    "percent and bar in a table": stream("share | 80% | 12\n"),
    "the words warning and error": stream("Warning: the model may be wrong. An error of 3 %. INFO desk\n"),
    "a date": stream("[21/11/26] a day"),
    "slashes": stream("and/or, 3/4, /temporary, https://example.org/home/page"),
    "a path within a word": stream("and/rooted, up/homes"),
    "a template token": stream("<|im_start|>user\n"),
    "html": shown(text__html="<table><tr><td>1</td></tr></table>"),
    "hexadecimal": stream("0x7f is 127"),
    "windows line end": stream("a\r\nb"),
    "a large number of rows": stream("x" * 90_000),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name):
    assert list(faults(notebook(QUIET[name]), private_paths())) == []


def test_pictures_are_not_read_as_text():
    code = "AAAA+/tmp/AAAA+/home/AA=="
    within = {"text/html": f'<img alt="a" src="data:image/png;base64,{code}">'}
    assert list(faults(notebook(new_output("display_data", data=within)), private_paths())) == []
    beside = {"text/html": f'<img alt="/tmp/x" src="data:image/png;base64,{code}">'}
    assert len(list(faults(notebook(new_output("display_data", data=beside))))) == 1


def test_tidy():
    buffer = io.BytesIO()
    Image.new("RGBA", (200, 200), (10, 20, 30, 255)).save(buffer, format="PNG", compress_level=0)
    big = base64.b64encode(buffer.getvalue()).decode()
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    book = notebook(
        new_output("display_data", data={**view, "text/html": "<b>kept</b>"}),
        new_output("display_data", data=dict(view)),
        new_output("display_data", data={"image/png": big}),
        new_output("display_data", data={"text/html": f'<img alt="a" src="data:image/png;base64,{big}"><p>b</p>'}),
    )
    book.metadata.widgets = from_dict({"state": {}})
    book.cells[0].metadata.execution = from_dict({"iopub.execute_input": "2026-01-01"})
    tidy(book)
    assert "widgets" not in book.metadata and "execution" not in book.cells[0].metadata
    html, picture, within = book.cells[0].outputs
    assert html.data == {"text/html": "<b>kept</b>"}
    assert within.data["text/html"] == f'<img alt="a" src="data:image/png;base64,{picture.data["image/png"]}"><p>b</p>'
    small = base64.b64decode(picture.data["image/png"])
    assert len(small) < len(buffer.getvalue()) / 10
    assert Image.open(io.BytesIO(small)).convert("RGB").getpixel((5, 5)) == (10, 20, 30)
