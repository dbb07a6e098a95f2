"""Figures: the course's look, alternative text, the same bytes twice, room for long texts; and those of the lessons."""

from __future__ import annotations

import ast
import base64
import os
from pathlib import Path

import matplotlib
import pytest
from bs4 import BeautifulSoup

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.text import Text

from prompt2data import i18n, plots

LESSONS = Path(__file__).parents[2] / "lessons"


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
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    for _time in range(2):
        plots.show(drawn()[0], alt='Two lines: "x" < "y" & <script>alert(1)</script>.')
    data, again = shown
    assert data == again
    assert data["text/plain"] == 'Two lines: "x" < "y" & <script>alert(1)</script>.'
    (picture,) = BeautifulSoup(data["text/html"], "html.parser")
    assert picture["alt"] == data["text/plain"] and not picture.contents
    assert base64.b64decode(picture["src"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")


def test_stacked_bars_add_up():
    fig, ax = plots.figure()
    plots.stacked_bars(ax, {"a": {"x": 1, "y": 2}, "b": {"y": 3}}, order=["x", "y"])
    assert sum(patch.get_width() for patch in ax.patches) == 6


# Nothing leaves the canvas ------------------------------------------------------------------------------------------

LONG = {
    "en": ("default: “Instructions” leads, and the second word is far behind it (n = 32)", "probability (0 to 1)"),
    "vi": ("mặc định: từ “Instructions” dẫn đầu, còn từ đứng thứ hai thì kém rất xa", "xác suất của từ (từ 0 đến 1)"),
    "zh": (
        "默认提示词（default）：“Instructions”领先，第二个词远远落后，其余的词几乎没有概率。",
        "首个词元的概率（0 到 1）",
    ),
    "ja": ("既定のプロンプト：「Instructions」が先頭で、二番目の単語は大きく離されています。", "最初のトークンの確率"),
    "ko": ("기본 프롬프트: Instructions가 앞서고, 두 번째 단어는 한참 뒤에 있습니다", "첫 토큰의 확률 (0에서 1까지)"),
}


@pytest.fixture
def language(request):
    """The language of one test, with its font."""
    i18n.set_language(request.param)
    yield request.param
    i18n.set_language("en")
    os.environ.pop("PROMPT2DATA_LANGUAGE")
    matplotlib.rcdefaults()


def three(title, label, words=("Write", "recommendations", "What"), figure=plots.figure):
    fig, axes = figure(3, figsize=(9, 3.2))
    for ax in axes:
        ax.barh(words, [0.5, 0.3, 0.2], label=label)
        plots.finish(ax, title=title, x=label, y=label, legend=True)
    return fig, axes


def outside(fig):
    """What leaves the canvas of a figure as it is drawn, and the titles that run into each other."""
    fig.canvas.draw()
    titles = [text for text in fig.findobj(Text) if text.get_text() in {ax.get_title(loc="left") for ax in fig.axes}]
    drawn = {"the figure": fig.get_tightbbox().transformed(fig.dpi_scale_trans)}  # texts, legends, tick labels
    drawn |= {text.get_text(): text.get_window_extent() for text in [*titles, *(ax.xaxis.label for ax in fig.axes)]}
    canvas = fig.bbox.padded(1)
    left = [name for name, box in drawn.items() if not (canvas.x0 <= box.x0 <= box.x1 <= canvas.x1)]
    left += [name for name, box in drawn.items() if not (canvas.y0 <= box.y0 <= box.y1 <= canvas.y1)]
    boxes = [title.get_window_extent() for title in titles if title.get_text()]
    return left + ["titles meet" for place, box in enumerate(boxes) if box.count_overlaps(boxes[place + 1 :])]


@pytest.mark.filterwarnings("error")  # as matplotlib warns when it finds no room for the axes
@pytest.mark.parametrize("language", LONG, indirect=True)
def test_long_titles_and_labels_stay_on_the_canvas(language):
    title, label = LONG[language]
    fig, axes = three(title, label)
    assert outside(fig) == []
    lines = axes[0].get_title(loc="left").split("\n")
    assert len(lines) > 1 and not any(line[0] in "。，、）：」”!,.)" for line in lines)
    assert "".join(lines).replace(" ", "") == title.replace(" ", "")
    plt.close(fig)


@pytest.mark.filterwarnings("ignore:Glyph", "ignore:constrained_layout")
@pytest.mark.parametrize("language", LONG, indirect=True)
def test_the_guard_sees_a_title_that_leaves_the_canvas(language):
    fig, _axes = three(*LONG[language], figure=lambda n, **options: plt.subplots(1, n, layout="constrained", **options))
    assert outside(fig)
    plt.close(fig)


def test_a_word_wider_than_its_room_is_cut():
    fig, axes = three("HuggingFaceTB/SmolLM2-1.7B-Instruct-with-a-name-that-goes-on-and-on-and-on", "x")
    assert outside(fig) == [] and "\n" in axes[0].get_title(loc="left")
    plt.close(fig)


def test_lines_follow_the_size_of_the_figure_and_a_new_title():
    fig, ax = plots.figure()
    plots.finish(ax, title=LONG["en"][0] + LONG["en"][0], x="x", y="y")
    fig.canvas.draw()
    assert ax.get_title(loc="left").count("\n") == 1
    fig.set_size_inches(14, 3)
    fig.canvas.draw()
    assert "\n" not in ax.get_title(loc="left")
    fig.set_size_inches(3, 3)
    fig.canvas.draw()
    assert ax.get_title(loc="left").count("\n") > 2 and outside(fig) == []
    ax.set_title("another", loc="left")
    fig.canvas.draw()
    assert ax.get_title(loc="left") == "another"
    plt.close(fig)


def test_pictures_with_a_colorbar_and_a_legend_beside_the_axes_find_room():
    fig, axes = plots.figure(3, figsize=(9, 3.2))
    for ax in axes:
        picture = ax.imshow([[0, 1], [1, 0]])
        plots.finish(ax, title=LONG["en"][0], x="instruction", y="instruction")
    fig.colorbar(picture, ax=axes, label="ROUGE-L (0 to 1)")
    assert outside(fig) == []
    plt.close(fig)
    fig, ax = drawn()
    ax.legend(["a long name of the first line", "a long name of the second line"], bbox_to_anchor=(1, 0.5))
    assert outside(fig) == []
    plt.close(fig)


def test_dollars_in_a_title_are_dollars():
    fig, ax = plots.figure()
    plots.finish(ax, title="$$ leads, not $x^{2$", x="$$", y="$$")
    fig.canvas.draw()
    plt.close(fig)


# Every figure of the lessons ----------------------------------------------------------------------------------------


def unfinished(code):
    """What is missing at the figures of a lesson: (line of the figure, what)."""
    tree = ast.parse(code)
    calls = [(name_of(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and called(node.value) == "figure"]
    loops = {}
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For)):
        over = {node.id for node in ast.walk(loop.iter) if isinstance(node, ast.Name)}
        loops.update({target.id: over for target in ast.walk(loop.target) if isinstance(target, ast.Name)})
    for node in sorted(made, key=lambda node: node.lineno):
        after = sorted(other.lineno for other in made if other.lineno > node.lineno)
        end = after[0] if after else float("inf")
        here = [(name, call) for name, call in calls if node.lineno < call.lineno < end]
        fig, axes = node.targets[0].elts
        for ax in axes.elts if isinstance(axes, ast.Tuple) else [axes]:
            finished = [call for name, call in here if name == "finish" and refers(call.args[0], ax.id, loops)]
            if not finished:
                yield node.lineno, f"finish({ax.id})"
            given = {keyword.arg for call in finished for keyword in call.keywords if not empty(keyword.value)}
            missing = [part for part in ("title", "x", "y") if finished and part not in given]
            yield from ((node.lineno, f"{part} of {ax.id}") for part in missing)
        shown = [call for name, call in here if name == "show" and refers(call.args[0], fig.id, {})]
        alts = [alt for call in shown for alt in (*call.args[1:], *(k.value for k in call.keywords if k.arg == "alt"))]
        if not alts or any(map(empty, alts)):
            yield node.lineno, f"show({fig.id}, alt)"


def name_of(func):
    """The function of `plots` that is called, as `plots.figure` or as `figure`."""
    if isinstance(func, ast.Attribute):
        return func.attr if getattr(func.value, "id", "") == "plots" else ""
    return getattr(func, "id", "")


def called(node):
    return name_of(node.func) if isinstance(node, ast.Call) else ""


def refers(argument, name, loops):
    found = getattr(argument, "id", "")
    return found == name or name in loops.get(found, ())


def empty(node):
    return isinstance(node, ast.Constant) and not node.value


@pytest.mark.parametrize("lesson", sorted(LESSONS.glob("0*.py")), ids=lambda path: path.stem)
def test_every_figure_of_a_lesson_is_finished_and_described(lesson):
    code = lesson.read_text("utf-8")
    assert list(unfinished(code)) == []
    assert "plt.show" not in code and "plt.figure" not in code and "plt.subplots" not in code


def test_the_guard_names_what_a_figure_lacks():
    good = "fig, axes = plots.figure(2)\nfor ax in axes:\n    plots.finish(ax, title=t, x=x, y=y)\n"
    good += "plots.show(fig, alt=a)\n"
    assert list(unfinished(good)) == []
    assert list(unfinished(good.replace("title=t", "title=''"))) == [(1, "title of axes")]
    assert list(unfinished(good.replace(", y=y", ""))) == [(1, "y of axes")]
    assert list(unfinished(good.replace(", alt=a", ""))) == [(1, "show(fig, alt)")]
    two = "fig, (a, b) = figure(2)\nfinish(a, title=t, x=x, y=y)\nshow(fig, t)\n"
    assert list(unfinished(two)) == [(1, "finish(b)")]
    assert list(unfinished(two + "fig, a = figure()\nfinish(a, title=t, x=x, y=y)")) == [
        (1, "finish(b)"), (4, "show(fig, alt)"),
    ]  # fmt: skip


def test_shares_are_points_with_their_intervals():
    from prompt2data.metrics import share

    _fig, ax = plots.figure()
    valid = {"untouched": [share(0, 48)], "trained": [share(47, 48), share(48, 48)]}
    plots.shares(ax, valid, "valid")
    plots.shares(ax, {name: [share(3, 48) for _one in some] for name, some in valid.items()}, "exact")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["untouched", "trained"]
    first, second = (container[0] for container in ax.containers)
    assert first.get_xdata().tolist() == pytest.approx([0, 100 * 47 / 48, 100])
    assert second.get_xdata().tolist() == pytest.approx([6.25] * 3)
    heights = sorted([*first.get_ydata(), *second.get_ydata()])
    assert heights == sorted(set(heights))  # none hides another
    assert ax.yaxis_inverted()
    ends = ax.containers[0][2][0].get_segments()[1][:, 0]
    assert ends.tolist() == pytest.approx([100 * share(47, 48).low, 100 * share(47, 48).high])
