"""The README's pictures of widgets, from a running JupyterLab: `.venv/bin/python -m tests.browser.pictures`.

Writes docs/pictures/LANGUAGE/NAME.png, for every language and each of `SHOWN`; look at them before you commit them.
"""

from __future__ import annotations

import importlib
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from builder.course import load
from tests.browser import plays, stage
from tests.browser.lab import browser, copy_of_the_course, make_lab

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
SHOWN = ("playground", "evolution", "pipeline")
WINDOW = {"width": 1050, "height": 1000}
HIGHEST = 620  # points of a widget that are shown
COLOURS = 64


def main(languages: list[str]) -> None:
    """Write the pictures of these languages, or of all."""
    languages = languages or [language.code for language in load(ROOT).built_languages]
    with tempfile.TemporaryDirectory() as temporary:
        folder = copy_of_the_course(Path(temporary) / "course")
        for language in languages:
            for name in SHOWN:
                cells = list(importlib.import_module(f"{plays.__name__}.{name}").CELLS)
                cells.insert(0, f"from prompt2data import setup\nsetup(language={language!r})")
                stage.write_notebook(folder, f"{language}-{name}.ipynb", [_plain(cell) for cell in cells])
        with make_lab(folder) as lab, browser() as chromium:
            for language in languages:
                for name in SHOWN:
                    page = chromium.new_page(viewport=WINDOW, device_scale_factor=1.5)
                    stage.open_notebook(lab, page, f"{language}-{name}.ipynb")
                    stage.run_all(page)
                    widget = page.locator(".jp-NotebookPanel .jp-OutputArea-output .p2d").last
                    widget.wait_for()
                    widget.scroll_into_view_if_needed()
                    page.mouse.move(0, 0)
                    path = FOLDER / language / f"{name}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(_small(widget.screenshot(animations="disabled")))
                    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB", flush=True)
                    page.close()


def _plain(cell: str) -> str:
    """A cell of a play without a set-up of its own, and without the tags that it holds to see them escaped."""
    return cell.replace("setup()", "").replace("<b>", "").replace("</b>", "")


def _small(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as picture:
        shown = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, int(1.5 * HIGHEST))))
    buffer = io.BytesIO()
    shown.quantize(COLOURS).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
