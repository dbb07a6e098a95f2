"""Links inside the course lead somewhere: to a file that is there, and to a heading that this file has."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from builder.catalogues.blocks import parser

_HTML = re.compile(r"<a [^>]*href=[\"']([^\"']+)[\"']|<img [^>]*src=[\"']([^\"']+)[\"']")


def faults(path: Path, root: Path) -> Iterator[str]:
    """Links of a notebook or Markdown file whose target is not in the folder `root`, or has no such heading."""
    for link in _links("\n\n".join(_markdown(path))):
        if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / unquote(file)).resolve() if file else path.resolve()
        if not target.is_relative_to(root.resolve()) or not target.exists():
            yield f"the link {link} leads nowhere"
        elif anchor and target.suffix in (".md", ".ipynb") and unquote(anchor) not in anchors(target):
            yield f"the link {link} leads to a heading that {target.name} does not have"


def anchors(path: Path) -> set[str]:
    """The names by which the headings of a file can be linked to, on GitHub and in JupyterLab."""
    found: set[str] = set()
    for text in _markdown(path):
        tokens = parser().parse(text)
        for number, token in enumerate(tokens):
            if token.type == "heading_open":
                words = "".join(
                    child.content
                    for child in tokens[number + 1].children or ()
                    if child.type in ("text", "code_inline")
                )
                found.add(words.strip().replace(" ", "-"))  # JupyterLab
                kept = (one for one in words.strip().lower() if one in " -_" or unicodedata.category(one)[0] in "LNM")
                slug, times = "".join(kept).replace(" ", "-"), 0
                while (name := f"{slug}-{times}" if times else slug) in found:
                    times += 1
                found.add(name)
    return found


def _markdown(path: Path) -> list[str]:
    if path.suffix != ".ipynb":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def _links(markdown: str) -> Iterator[str]:
    for token in parser().parse(markdown):
        for one in (token, *(token.children or ())):
            if one.type == "link_open":
                yield str(one.attrs["href"])
            elif one.type == "image":
                yield str(one.attrs["src"])
            elif one.type in ("html_inline", "html_block"):
                for match in _HTML.finditer(one.content):
                    yield match[1] or match[2]
