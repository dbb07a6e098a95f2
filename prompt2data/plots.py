"""One style for all figures of the course.

Colours are those of Okabe and Ito (2008), distinguishable with any colour vision, in an order that also differs in
lightness. A figure's title states what it shows, and both axes are labelled with units.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from prompt2data.display import fonts, pictures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

    from prompt2data.metrics import Share

COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_STYLE: dict[RcKeyType, Any] = {
    "figure.dpi": 100,
    "figure.figsize": (7.0, 3.6),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "font.size": 10,
    "savefig.facecolor": "white",
}


def figure(columns: int = 1, **kwargs: Any) -> tuple[Figure, Axes | Sequence[Axes]]:
    """A new figure in the course's look: `fig, ax = figure()`, or `fig, (left, right) = figure(2)`."""
    import matplotlib.pyplot as plt
    from cycler import cycler

    from prompt2data.display.layout import WrappedLayout

    fonts.use()
    with plt.rc_context({**_STYLE, "axes.prop_cycle": cycler(color=COLORS, marker=MARKERS)}):
        return plt.subplots(1, columns, layout=WrappedLayout(), **kwargs)


def finish(ax: Axes, *, title: str, x: str, y: str, legend: bool = False) -> None:
    """Give an axes its finding as title, and its labels with units; all are broken into lines where they need to be.

    A dollar sign is shown as one, not as the start of a formula: a title may contain a word that a model wrote.
    """
    from prompt2data.display.layout import WrappedLayout  # imports matplotlib

    text = ax.set_title(title, loc="left", fontsize=_STYLE["axes.titlesize"], linespacing=1.3, parse_math=False)
    layout = ax.figure.get_layout_engine()
    if isinstance(layout, WrappedLayout):  # a figure that `figure()` made
        layout.break_title(ax, text)
    ax.set_xlabel(x, parse_math=False)
    ax.set_ylabel(y, parse_math=False)
    if legend:
        ax.legend(frameon=False)


def show(fig: Figure, alt: str) -> None:
    """Display a figure with its alternative text, and close it."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    # Without metadata the same figure gives the same bytes.
    fig.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(fig)
    pictures.show(buffer.getvalue(), alt)


def stacked_bars(ax: Axes, counts: Mapping[str, Mapping[str, int]], order: Sequence[str]) -> None:
    """Horizontal stacked bars: `counts[bar][part]`, parts in `order`, each with its own colour and hatch."""
    hatches = ("", "//", "..", "xx", "\\\\", "++", "oo", "--")
    left = [0] * len(counts)
    for part, color, hatch in zip(order, cycle(COLORS), cycle(hatches), strict=False):
        widths = [counts[bar].get(part, 0) for bar in counts]
        ax.barh(list(counts), widths, left=left, label=part, color=color, hatch=hatch, edgecolor="white")
        left = [start + width for start, width in zip(left, widths, strict=True)]
    ax.invert_yaxis()


def shares(ax: Axes, named: Mapping[str, Sequence[Share]], label: str) -> None:
    """Shares in percent with their intervals, a line for each name; call it again to put another kind below the first.

    Args:
        ax: where to draw.
        named: one or more shares for each name, such as one for each seed; the same names in each call.
        label: what the legend calls them.
    """
    kind = len(ax.containers)
    points = [
        (place + turn / 4 + kind / 8, one) for place, some in enumerate(named.values()) for turn, one in enumerate(some)
    ]
    values = [100 * one.value for _height, one in points]
    errors = [
        [100 * (one.value - one.low) for _height, one in points],
        [100 * (one.high - one.value) for _height, one in points],
    ]
    heights = [height for height, _one in points]
    ax.errorbar(values, heights, xerr=errors, label=label, fmt=MARKERS[kind], color=COLORS[2 * kind], capsize=3)
    ax.set_yticks(range(len(named)), list(named))
    if not kind:
        ax.invert_yaxis()
