"""A diagram as SVG and PNG: Mermaid lays it out, the course's look paints it.

Mermaid measures every text with a font that lacks Chinese, Japanese and Korean, and writes HTML into its SVG, with 8 kB
of style. So it gets stand-ins that are as wide as the real texts, and of its answer only the geometry is kept: boxes,
groups, arrows. The same diagram gives the same bytes.
"""

from __future__ import annotations

import functools
import io
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from builder.catalogues.code_text import pieces
from builder.diagrams.source import BREAK, Diagram, Label
from builder.problems import refuse

MAX_WIDTH = 900  # pixels: a wider drawing is scaled down
SCALE = 2  # pixels of the PNG for one of the SVG: sharp on high-density screens
CARD, FRAME = "#ffffff", "#d0d7de"
INK, SOFT_INK = "#1f2328", "#3d444d"  # headings; everything else
LINES = "#57606a"  # arrows
GROUP = "#f3f5f7"
# Kinds of boxes by position in the palette of the plots.
HUES = {"data": 4, "model": 1, "check": 2, "drop": 7, "step": 0, "result": 3}
_TINT, _EDGE = 0.2, 0.8  # shares of the palette's colour in a box and in its border
_HEADING, _TEXT = 14, 12.5  # font sizes
_LINE = 21  # height of a line, as Mermaid has it at 14 pixels
_MARGIN = 6  # around everything, beside the 8 pixels that Mermaid leaves
_COLOURS = 64  # of the PNG, the last one transparent: a quarter of the size, and nothing lost to the eye
# What a reader's system may have for a language, before the fonts for Latin letters.
FAMILIES = {
    "zh": ("Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei"),
    "ja": ("Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic"),
    "ko": ("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic"),
}
_DEFAULT = "DejaVu Sans"
_LATIN = ("Noto Sans", _DEFAULT, "Arial", "sans-serif")
_SETTINGS = (
    '%%{init: {"theme": "base", "themeVariables": {"fontSize": "14px"}, "flowchart": {"useMaxWidth": false,'
    ' "wrappingWidth": 2000, "nodeSpacing": 20, "rankSpacing": 30, "padding": 10,'
    ' "subGraphTitleMargin": {"top": 4, "bottom": 8}}}}%%\n'
)
_TOGETHER = re.compile("(?<=[ァ-ヺー])\0(?=[ァ-ヺ])")  # a Japanese word in katakana is not broken
_MOVE = re.compile(r"translate\((-?[\d.e-]+),\s*(-?[\d.e-]+)\)")
_POINT = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


@dataclass(frozen=True)
class _Text:
    """The lines of a label; the first `heads` of them are its heading."""

    lines: tuple[str, ...]
    heads: int

    def rows(self) -> Iterator[tuple[str, float, bool]]:
        """(text, font size, whether it is bold)."""
        for number, line in enumerate(self.lines):
            bold = number < self.heads
            yield line, _HEADING if bold else _TEXT, bold


def svg(diagram: Diagram, translated: Callable[[str], str], language: str) -> str:
    """The drawing in a language. Raises Refused where Mermaid cannot draw it, or no font of ours has a character."""
    texts = {key: _laid(diagram, label, translated, language) for label in diagram.labels for key in label.keys}
    root = ElementTree.fromstring(_mermaid(diagram, texts, language))
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    parts: dict[str, list[str]] = {"groups": [], "arrows": [], "boxes": [], "words": []}
    _collect(root, 0.0, 0.0, texts, parts)
    alt = translated(diagram.alt)
    size = (math.ceil(width + 2 * _MARGIN), math.ceil(height + 2 * _MARGIN))
    shown = min(1.0, MAX_WIDTH / size[0])
    families = ", ".join(f"'{name}'" if " " in name else name for name in (*FAMILIES.get(language, ()), *_LATIN))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" xml:lang="{language}"'
            f' width="{round(size[0] * shown)}" height="{round(size[1] * shown)}" viewBox="0 0 {size[0]} {size[1]}"'
            f' font-family="{families}" font-size="{_TEXT}" text-anchor="middle" fill="{SOFT_INK}">',
            f"<title>{escape(alt, quote=False)}</title>",
            f'<defs><marker id="tip" viewBox="0 0 10 10" refX="5" refY="5" markerUnits="userSpaceOnUse"'
            f' markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z" fill="{LINES}"/>',
            "</marker></defs>",
            f'<rect x=".5" y=".5" width="{size[0] - 1}" height="{size[1] - 1}" rx="12" fill="{CARD}"'
            f' stroke="{FRAME}"/>',
            f'<g transform="translate({_MARGIN} {_MARGIN})">',
            *parts["groups"],
            f'<g fill="none" stroke="{LINES}" stroke-width="1.3" marker-end="url(#tip)">',
            *parts["arrows"],
            "</g>",
            *parts["boxes"],
            *parts["words"],
            "</g>",
            "</svg>\n",
        ]
    )


def png(picture: str, language: str) -> bytes:
    """An SVG of `svg` as PNG, twice as large and of few colours, in a font that the course brings along."""
    from mermaidx.raster import render_png
    from PIL import Image

    family = _face(language)
    named = re.sub(r' font-family="[^"]*"', f' font-family="{family}"', picture, count=1)
    if family != _DEFAULT:  # our fonts have no bold
        named = named.replace(' font-weight="bold"', f' stroke="{INK}" stroke-width=".5"')
    full = Image.open(io.BytesIO(render_png(named, scale=SCALE)))
    solid = Image.alpha_composite(Image.new("RGBA", full.size, CARD), full).convert("RGB")
    few = solid.quantize(_COLOURS - 1, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    corners = full.getchannel("A").point(lambda alpha: 255 * (alpha < 128))
    few.putpalette([*few.getpalette()[: 3 * _COLOURS - 3], 255, 255, 255])
    few.paste(_COLOURS - 1, mask=corners)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True, transparency=_COLOURS - 1)
    return buffer.getvalue()


def colours() -> list[str]:
    """All colours of boxes and of their borders."""
    return [tint(kind, share) for kind in HUES for share in (_TINT, _EDGE)]


def tint(kind: str, share: float = _TINT) -> str:
    """The colour of a kind of boxes: a share below half is mixed with white, one above it with black."""
    from prompt2data.plots import COLORS

    other = 255 if share < 0.5 else 0
    hue = COLORS[HUES[kind]]
    mixed = (int(hue[at : at + 2], 16) * share + other * (1 - share) for at in (1, 3, 5))
    return "#" + "".join(f"{round(value):02x}" for value in mixed)


def _mermaid(diagram: Diagram, texts: dict[str, _Text], language: str) -> str:
    """Mermaid's SVG of the graph, with stand-ins for its texts."""
    from prompt2data.pipelines import drawing

    lines = diagram.text.split("\n")
    for label in diagram.labels:
        words = "<br>".join(_stand_in(row, language) for row in texts[label.keys[0]].rows())
        lines[label.line - 1] = re.sub(r'"[^"]+"', f'"{words}"', lines[label.line - 1])
    try:
        return drawing._render(_SETTINGS + "\n".join(lines)).svg()
    except drawing.DrawingError as error:
        raise refuse(diagram.path, 0, f"cannot be drawn: {error.__cause__}") from None


def _stand_in(row: tuple[str, float, bool], language: str) -> str:
    """A word that is as wide to Mermaid as this row will be."""
    return "i" * math.ceil(_measure(*row, language) / _measure("i", 14, False, "en"))


def _laid(diagram: Diagram, label: Label, translated: Callable[[str], str], language: str) -> _Text:
    """The label's text in a language, broken into lines of about the same length."""
    lines: list[str] = []
    heads = 0
    for number, part in enumerate(label.parts):
        rows = [" ".join(row.split()) for row in translated(part).split(BREAK)]
        unknown = sorted({one for row in rows for one in row if not _has(one, language)})
        if unknown:
            said = f"no font of the course has {' '.join(unknown)} ({language}): run scripts/fonts.py"
            raise refuse(diagram.path, label.line, said)
        bold = bool(label.name) and not number
        # The title of a group may be as wide as the group.
        width = MAX_WIDTH if label.group else diagram.wrap
        size = _HEADING if bold else _TEXT
        for row in rows:
            lines += _wrapped(row, width, lambda piece, size=size, bold=bold: _measure(piece, size, bold, language))
        heads = len(lines) if bold else heads
    return _Text(tuple(lines), heads)


def _wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """As few lines as fit, and then as even ones as these can be."""

    def broken(limit: float) -> list[str]:
        lines, line = [], ""
        for piece in _TOGETHER.sub("", "\0".join(pieces(text))).split("\0"):
            if line.strip() and measure((line + piece).strip()) > limit:
                lines.append(line.strip())
                line = ""
            line += piece
        return [*lines, line.strip()]

    fewest = broken(width)
    if len(fewest) == 1:
        return fewest
    limits = (broken(width * share / 20) for share in range(6, 21))
    return next(lines for lines in limits if len(lines) <= len(fewest))


def _collect(
    node: ElementTree.Element, x: float, y: float, texts: dict[str, _Text], parts: dict[str, list[str]]
) -> None:
    """Walk Mermaid's SVG, adding up the shifts on the way, and write what is kept into `parts`."""
    if move := _MOVE.match(node.get("transform", "")):
        x, y = x + float(move[1]), y + float(move[2])
    kinds = node.get("class", "").split()
    identity = node.get("id", "").removeprefix("my-svg-")
    if "flowchart-link" in kinds:
        dashes = ' stroke-dasharray="4 4"' if "edge-pattern-dotted" in kinds else ""
        parts["arrows"].append(f'<path d="{_shifted(node.get("d", ""), x, y)}"{dashes}/>')
    elif "cluster" in kinds:
        frame = next(one for one in node.iter() if one.tag.endswith("rect"))
        left, top, wide, high = (float(frame.get(name, 0)) for name in ("x", "y", "width", "height"))
        parts["groups"].append(
            f'<rect x="{_n(x + left)}" y="{_n(y + top)}" width="{_n(wide)}" height="{_n(high)}" rx="10"'
            f' fill="{GROUP}" stroke="{FRAME}"/>'
        )
        text = texts[identity]
        parts["words"] += _words(text, x + left + wide / 2, y + top + 6 + len(text.lines) * _LINE / 2)
    elif "node" in kinds:
        name = identity.removeprefix("flowchart-").rpartition("-")[0]
        frame = next(one for one in node.iter() if one.tag.endswith("rect"))
        left, top, wide, high = (float(frame.get(key, 0)) for key in ("x", "y", "width", "height"))
        kind = next(one for one in kinds if one in HUES)
        dashes = ' stroke-dasharray="4 4"' if kind == "drop" else ""
        parts["boxes"].append(
            f'<rect x="{_n(x + left)}" y="{_n(y + top)}" width="{_n(wide)}" height="{_n(high)}" rx="8"'
            f' fill="{tint(kind)}" stroke="{tint(kind, _EDGE)}" stroke-width="1.3"{dashes}/>'
        )
        parts["words"] += _words(texts[name], x, y)
    elif "edgeLabel" in kinds and node.get("transform"):
        key = next(one.get("data-id", "") for one in node.iter() if one.get("data-id"))
        text = texts[key.removeprefix("L_").rpartition("_")[0]]
        size = next(one for one in node.iter() if one.tag.endswith("foreignObject"))
        wide, high = float(size.get("width", 0)) + 6, float(size.get("height", 0)) - 2
        parts["boxes"].append(
            f'<rect x="{_n(x - wide / 2)}" y="{_n(y - high / 2)}" width="{_n(wide)}" height="{_n(high)}" rx="4"'
            f' fill="{CARD}"/>'
        )
        parts["words"] += _words(text, x, y)
    else:
        for child in node:
            _collect(child, x, y, texts, parts)


def _words(text: _Text, x: float, y: float) -> Iterator[str]:
    """The lines of a label around its middle."""
    for number, (line, size, bold) in enumerate(text.rows()):
        base = y + (number - (len(text.lines) - 1) / 2) * _LINE + size * 0.36
        look = f' font-size="{size}" font-weight="bold" fill="{INK}"' if bold else ""
        yield f'<text x="{_n(x)}" y="{_n(base)}"{look}>{escape(line, quote=False)}</text>'


def _shifted(path: str, x: float, y: float) -> str:
    return _POINT.sub(lambda point: f"{_n(float(point[1]) + x)},{_n(float(point[2]) + y)}", path)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _has(character: str, language: str) -> bool:
    """Whether the font of the language's PNG has this character."""
    return character.isspace() or ord(character) in _known(_face(language), False)


def _measure(text: str, size: float, bold: bool, language: str) -> float:
    """How wide a text is at most, in pixels, in the fonts that a reader's system may take for this language."""
    faces = {_DEFAULT, _face(language)}
    widths = 0.0
    for character in text:
        widths += max(
            (_advance(face, bold, character) for face in faces if ord(character) in _known(face, bold)), default=1.0
        )
    return widths * size


@functools.cache
def _face(language: str) -> str:
    """The name of a font face known to the renderer that has the characters of a language: DejaVu Sans, or ours."""
    import mermaidx.font_metrics  # noqa: F401  (makes DejaVu Sans known)
    import novasvg.fonts

    from prompt2data.display import fonts

    if language not in fonts.FILES:
        return _DEFAULT
    family = f"course {language}"
    for bold in (False, True):
        novasvg.fonts.add_font_face_from_file(family, bold, False, str(Path(fonts.files(language)[0])))
    return family


@functools.cache
def _known(face: str, bold: bool) -> frozenset[int]:
    import novasvg.fonts

    return frozenset(novasvg.fonts.get_font_face(face, bold, False).codepoints())


@functools.cache
def _advance(face: str, bold: bool, character: str) -> float:
    """In units of the font size."""
    import novasvg.fonts

    font = novasvg.fonts.get_font_face(face, bold, False)
    return font.advance_width_units(ord(character)) / font.units_per_em
