"""Stored outputs: what is taken out of them, and what makes the build refuse them."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

MAX_OUTPUT = 100_000  # bytes of one output
MAX_NOTEBOOK = 1_000_000  # bytes of one notebook
WIDGETS = "application/vnd.jupyter.widget"
# A picture within HTML, as prompt2data.display.pictures shows it.
PICTURE = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")
_EMBEDDED = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]+")

NOISE = {
    "a warning": re.compile(r"\b[A-Z][A-Za-z]*Warning:|\bis deprecated\b"),
    "a log block": re.compile(
        r"\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)(:[\w.]+:|\s+\[)|^\s*\[\d\d/\d\d/\d\d \d\d:\d\d:\d\d\]",
        re.MULTILINE,
    ),
    "terminal colours": re.compile(r"\x1b\["),
    "a progress bar": re.compile(r"\r(?!\n)|\d+%\|.{0,80}\||\d(it/s|s/it)\b"),
    "a memory address": re.compile(r"\bat 0x[0-9a-f]{6,}"),
    "a path of this machine": re.compile(
        r"(?<![\w.])/(?:tmp|home|root|Users|private/var|var/folders)/|site-packages|\b[A-Z]:\\+Users\b"
    ),
}


def tidy(notebook: Any) -> None:
    """Drop what must not be stored: widget state and views, time stamps. Pictures get smaller."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            data = output.get("data", {})
            views = [kind for kind in data if kind.startswith(WIDGETS)]
            for kind in views:
                del data[kind]
            if views and set(data) <= {"text/plain"}:
                data.clear()  # what is left is the widget's repr, as in VBox(children=...)
            if "image/png" in data:
                data["image/png"] = _smaller(data["image/png"])
            if "text/html" in data:
                data["text/html"] = PICTURE.sub(lambda match: _smaller(match[0]), _text(data["text/html"]))
        # An output that was a widget and nothing else has nothing left to show.
        cell.outputs = [output for output in cell.outputs if "data" not in output or output.data]


def _smaller(png: str) -> str:
    """The same picture, base64-encoded PNG, without text chunks and packed as well as Pillow can."""
    before = base64.b64decode(png)
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(before)) as image:
        if image.mode == "RGBA" and image.getextrema()[3] == (255, 255):
            image = image.convert("RGB")
        image.save(buffer, format="PNG", optimize=True)
    after = buffer.getvalue()
    return base64.b64encode(after if len(after) < len(before) else before).decode("ascii")


def faults(notebook: dict[str, Any], private: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(cell id, what is wrong) for all that a learner should not see. `private`: more paths to look for."""
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        for output in cell["outputs"]:
            size = len(json.dumps(output, ensure_ascii=False).encode())
            if size > MAX_OUTPUT:
                yield cell["id"], f"an output of {size:,} bytes; at most {MAX_OUTPUT:,} are stored"
            if output["output_type"] == "error":
                yield cell["id"], f"the error {output.get('ename')}: {output.get('evalue')}"
                continue
            if output.get("name") == "stderr":
                yield cell["id"], f"text on stderr: {_short(_text(output['text']))}"
            kinds = output.get("data", {})
            if any(kind.startswith(WIDGETS) for kind in kinds):
                yield cell["id"], "a widget without its state"
            if any(kind.startswith("image/") for kind in kinds):
                yield cell["id"], "a picture that JupyterLab shows without alternative text: use plots.show()"
            for text in _texts(output):
                for what, pattern in NOISE.items():
                    if match := pattern.search(text):
                        yield cell["id"], f"{what}: {_short(text[max(0, match.start() - 30) :])}"
                for path in private:
                    if re.search(rf"(?<![\w.]){re.escape(path)}(?![\w-])", text):
                        yield cell["id"], f"a path of this machine: {path}"


def private_paths(*more: Path) -> tuple[str, ...]:
    """Folders of this machine that no output may name."""
    paths = {Path.home(), Path(sys.prefix), Path(tempfile.gettempdir()), Path.cwd(), *more}
    paths |= {path.resolve() for path in paths}
    return tuple(sorted(str(path) for path in paths if len(path.parts) > 1))


def _texts(output: dict[str, Any]) -> Iterator[str]:
    if "text" in output:
        yield _text(output["text"])
    for kind, value in output.get("data", {}).items():
        if kind.startswith(WIDGETS):
            continue
        if not kind.startswith("image/"):
            text = _text(value) if isinstance(value, str | list) else json.dumps(value)
            yield _EMBEDDED.sub("", text)  # what a picture is coded as is no text


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _short(text: str) -> str:
    return " ".join(text.split())[:120]
