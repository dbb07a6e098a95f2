"""A layout for figures whose titles and labels fit in any language.

matplotlib's constrained layout makes room for the height of a title but not for its width, and `wrap=True` breaks lines
only at spaces, which Chinese and Japanese do not have.
"""

from __future__ import annotations

import functools
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from prompt2data.display.linebreaks import wrap

_MARGIN = 0.05  # inches between a text and the figure's edge, or the text beside it


class WrappedLayout(ConstrainedLayoutEngine):
    """Constrained layout that wraps the titles and labels of all axes to the room they have, at every draw."""

    def __init__(self) -> None:
        super().__init__()
        self._titles: WeakKeyDictionary[Axes, Text] = WeakKeyDictionary()
        # Text -> (original, wrapped): it is wrapped again when the figure's size changes.
        self._broken: WeakKeyDictionary[Text, tuple[str, str]] = WeakKeyDictionary()

    def break_title(self, ax: Axes, title: Text) -> None:
        """Wrap this title, too; it begins where `ax` does."""
        self._titles[ax] = title

    def execute(self, fig: Figure) -> None:
        """Lay `fig` out: first without titles, then with what fits above the axes."""
        for title in self._titles.values():
            self._broken[title] = self._given(title), ""
            title.set_text("")
        super().execute(fig)
        for _attempt in range(3):  # wrapped lines change the heights, and these the positions of the axes
            if not self._break_lines(fig):
                return
            super().execute(fig)

    def _given(self, text: Text) -> str:
        """The text as last set by anyone but this layout."""
        shown = text.get_text()
        given, broken = self._broken.get(text, (shown, shown))
        return given if shown == broken else shown

    def _break_lines(self, fig: Figure) -> bool:
        """Wrap all titles and labels to the current axes; return whether any changed."""
        for ax in fig.axes:
            ax.get_tightbbox()  # moves the labels beside the current axes
        return any([self._fit(ax, fig) for ax in fig.axes])

    def _fit(self, ax: Axes, fig: Figure) -> bool:
        """Wrap the title and the labels of one axes; return whether any changed.

        A title begins where the labels to the left of its axes do. A label of the x axis is moved aside where it would
        reach the next axes or the edge of the figure.
        """
        box, margin = ax.get_window_extent(), _MARGIN * fig.dpi
        to_the_right = [_start(other) for other in fig.axes if _beside(other, box) and _start(other) > box.x1]
        start = max(_start(ax), fig.bbox.x0 + margin)
        end = min(to_the_right, default=fig.bbox.x1) - margin
        changed = False
        if (title := self._titles.get(ax)) is not None:
            changed = self._break(title, end - start)
            title.set_x((start - box.x0) / box.width)
        label = ax.xaxis.label
        changed = self._break(label, end - start) or changed
        half = label.get_window_extent().width / 2
        label.set_x((min(max((box.x0 + box.x1) / 2, start + half), end - half) - box.x0) / box.width)
        middle = (box.y0 + box.y1) / 2
        height = 2 * (min(middle - fig.bbox.y0, fig.bbox.y1 - middle) - margin)
        return self._break(ax.yaxis.label, height) or changed

    def _break(self, text: Text, room: float) -> bool:
        """Wrap one text to lines of at most `room` pixels; return whether it changed."""
        before, given = text.get_text(), self._given(text)
        now = wrap(given, max(room, 1), functools.cache(functools.partial(_width, text)))
        text.set_text(now)
        self._broken[text] = given, now
        return now != before


def _beside(ax: Axes, box: Bbox) -> bool:
    """Whether an axes overlaps `box` vertically."""
    other = ax.get_window_extent()
    return other.y0 < box.y1 and other.y1 > box.y0


def _start(ax: Axes) -> float:
    """The left end of an axes in pixels, including the label of its y axis if it is there."""
    return min(ax.get_window_extent().x0, ax.yaxis.label.get_window_extent().x0)


def _width(like: Text, line: str) -> float:
    """The width of a line in pixels in the font of `like`."""
    if not line:
        return 0.0
    measured = Text(text=line, fontproperties=like.get_fontproperties(), parse_math=like.get_parse_math())
    measured.set_figure(like.figure)
    return measured.get_window_extent().width
