"""Figures: the course's look, alternative text, the same bytes twice."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

from prompt2data import plots


def drawn():
    fig, ax = plots.figure()
    ax.plot([1, 2], [3, 4], label="a")
    ax.plot([1, 2], [4, 3], label="b")
    plots.finish(ax, title="One rises, one falls", x="time (s)", y="rows", legend=True)
    return fig, ax


def test_lines_differ_in_colour_and_marker_and_axes_are_labelled():
    _fig, ax = drawn()
    first, second = ax.get_lines()
    assert first.get_color() != second.get_color() and first.get_marker() != second.get_marker()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("time (s)", "rows", "One rises, one falls")


def test_colours_differ_in_lightness():
    # Luminance of neighbours in the cycle: a greyscale print must keep the first four apart.
    def luminance(color):
        r, g, b = (int(color[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    values = [luminance(color) for color in plots.COLORS[:2]]
    assert abs(values[0] - values[1]) > 40
    assert len(set(plots.COLORS)) == len(plots.COLORS) == len(plots.MARKERS)


def test_a_figure_is_shown_as_a_picture_with_its_alternative_text(monkeypatch):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda data, raw, metadata: shown.append((data, metadata)))
    for _time in range(2):
        plots.show(drawn()[0], alt="Two lines that cross.")
    (data, metadata), again = shown
    assert data["text/plain"] == metadata["image/png"]["alt"] == "Two lines that cross."
    assert (data, metadata) == again


def test_stacked_bars_add_up():
    fig, ax = plots.figure()
    plots.stacked_bars(ax, {"a": {"x": 1, "y": 2}, "b": {"y": 3}}, order=["x", "y"])
    assert sum(patch.get_width() for patch in ax.patches) == 6
