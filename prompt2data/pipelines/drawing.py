"""`pipeline.draw()` without a network: Mermaid rendered in this process, to PNG or SVG, and shown in a notebook.

distilabel writes the pipeline as a Mermaid graph, with the names of steps as they are, and sends it to a web service,
which takes ASCII only. What is on the picture stays distilabel's; who writes and draws it changes.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import warnings
from pathlib import Path
from typing import Any

from prompt2data.display import fonts, pictures
from prompt2data.ground.errors import PipelineError
from prompt2data.i18n import _

_SCALE = 2  # pixels per unit: sharp on high-density screens
# What Mermaid, or HTML, would not show as it stands.
_ENTITIES = str.maketrans({character: f"#{ord(character)};" for character in '"#%&<>`{}'})


class DrawingError(PipelineError):
    """The picture could not be made or written."""


def draw(
    self: Any, path: str | Path = "pipeline.png", top_to_bottom: bool = False, show_edge_labels: bool = True
) -> str | Path:
    """Draw the pipeline to a file, and show it in a notebook.

    Args:
        path: where to; its suffix, `.png` or `.svg`, names the format.
        top_to_bottom: draw downwards instead of to the right.
        show_edge_labels: write the columns on the arrows.

    Returns:
        The path.

    Raises:
        DrawingError: for another suffix, or a file that cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".png", ".svg"):
        message = _("A pipeline is drawn to a file ending in .png or .svg, not to '{path}'.")
        raise DrawingError(message.format(path=path))
    graph = graph_of(self, top_to_bottom=top_to_bottom, show_edge_labels=show_edge_labels)
    picture = to_png(graph) if suffix == ".png" else to_svg(graph).encode()
    try:
        Path(path).write_bytes(picture)
    except OSError as error:
        message = _("The picture cannot be written to '{path}' ({reason}): give draw() a path in a folder of yours.")
        raise DrawingError(message.format(path=path, reason=error.strerror)) from error
    pictures.show(picture, " → ".join(self.dag), kind="image/png" if suffix == ".png" else "image/svg+xml")
    return path


def graph_of(pipeline: Any, top_to_bottom: bool = False, show_edge_labels: bool = True) -> str:
    """The pipeline as Mermaid text, the same text each time.

    A step is a node with its class as the label. The node's id is ours: a step may have a name such as `end`, which is
    a word of Mermaid's.
    """
    _steps, classes, connections, outputs, output_mappings, input_mappings = pipeline.dag._get_graph_info_for_draw()
    # distilabel has its steps in sets, whose order changes from process to process. What is no step follows, in the
    # order of the steps that lead there.
    order = {name: position for position, name in enumerate(pipeline.dag)}
    for connection in sorted(connections, key=lambda connection: order[connection["from"]]):
        for name in connection["to"]:
            order.setdefault(name, len(order))
    ids = {name: f"n{position}" for position, name in enumerate(order)}
    arrows: set[tuple[str, str, str]] = set()
    for connection in connections:
        start = connection["from"]
        mapping = output_mappings[start]
        columns = [column for column in {**outputs[start], **mapping} if column in mapping] if show_edge_labels else []
        for end in connection["to"]:
            labels = [
                _label(column, mapping[column], input_mappings.get(end, {}), start in pipeline.dag.leaf_steps)
                for column in columns
            ]
            arrows.update((start, end, label) for label in labels or [""])
    lines = [f"flowchart {'TD' if top_to_bottom else 'LR'}"]
    lines += [f'    {ids[name]}["{classes[name]}"]' for name in ids]
    for start, end, label in sorted(arrows, key=lambda arrow: "{0} {2} {1}".format(*arrow)):
        lines.append(f"    {ids[start]} --> " + (f'|"{label}"| ' if label.strip() else "") + ids[end])
    return "\n".join(lines)


def _label(column: str, written: str, read: dict[str, str], at_end: bool) -> str:
    """What stands on an arrow: what the step calls the column, its name in the rows, what the next step makes of it."""
    names = [column, written]
    names.append(read.get(written, written))
    if names[-1] not in read and not at_end:
        names.append("pass")
    label = ":".join(dict.fromkeys(names))
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in label).translate(_ENTITIES)


def to_svg(graph: str) -> str:
    """The graph as SVG on white. The viewer brings the fonts."""
    return _render(graph).svg().replace("background-color: transparent", "background-color: white")


def to_png(graph: str) -> bytes:
    """The graph as PNG on white, in a font that has its characters; with a warning where no installed font has."""
    family = _register_font(graph)
    settings = f'%%{{init: {{"themeVariables": {{"fontFamily": "{family}"}}}}}}%%\n'
    return _render(settings + graph).png(scale=_SCALE, background="#ffffff")


def _render(graph: str) -> Any:
    import mermaidx

    try:
        diagram = mermaidx.render(graph)
        diagram.svg()  # it draws when it is asked, and only then finds faults; it keeps the drawing
        return diagram
    except Exception as error:
        raise DrawingError(_("The pipeline cannot be drawn: {error}").format(error=error)) from error


def _register_font(text: str) -> str:
    """The name of a font face, known to the renderer, that covers the text. It takes one font, without fallback."""
    font = _covering_font(frozenset(character for character in text if not character.isspace()))
    if font is None:
        warnings.warn(
            _("No installed font has all characters of this picture: some appear as boxes. Draw to an .svg file."),
            stacklevel=4,
        )
        font = _default_font()
    import novasvg.fonts

    family = "course " + re.sub(r"[^A-Za-z0-9]+", " ", Path(font).stem)  # Mermaid ignores a name with a hyphen
    for bold in (False, True):
        novasvg.fonts.add_font_face_from_file(family, bold, False, font)
    return family


def _default_font() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@functools.lru_cache
def _covering_font(characters: frozenset[str]) -> str | None:
    """A font file with all these characters: DejaVu Sans, one of the course, or the first installed one with them."""
    from matplotlib import font_manager

    for path in [_default_font(), *map(str, fonts.files())]:
        if _has(path, characters):
            return path
    for path in sorted(font_manager.findSystemFonts(), key=_upright_sans_first):
        if _has(path, characters):
            return path
    return None


def _upright_sans_first(path: str) -> tuple[bool, bool, str]:
    name = Path(path).name.lower()
    return "sans" not in name and "gothic" not in name, "bold" in name or "italic" in name, name


def _has(path: str, characters: frozenset[str]) -> bool:
    from matplotlib.ft2font import FT2Font

    try:
        known = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):  # a font file that FreeType does not read
        return False
    return all(ord(character) in known for character in characters)


def describe(self: Any) -> str:
    """The pipeline's class, name and steps in one line."""
    return f"<{type(self).__name__} {self.name}: {' → '.join(self.dag)}>"
