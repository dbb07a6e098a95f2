"""Execution in a real kernel: whose interpreter, which environment, and what stops it."""

from __future__ import annotations

import sys

import pytest

from builder.execute import ExecutionFailed
from builder.outputs import private_paths
from builder.run import run


def with_cell(small, source: str) -> None:
    small.edit('print(words("four words are here"))', source)


def test_interpreter_and_environment(small):
    with_cell(
        small,
        "import os\nimport sys\n"
        f"assert sys.executable == {sys.executable!r}\n"
        "assert os.environ['PROMPT2DATA_STRICT'] == '1' and os.environ['PROMPT2DATA_PROGRESS'] == '0'\n"
        "assert os.path.samefile(os.environ['PROMPT2DATA_OUTPUT'], os.getcwd())\n"
        "assert 'IPython' in sys.modules\nprint('fine')",
    )
    said = small.build(execute=True)
    assert any("answer" in line and " s" in line for line in said), "progress names each cell"


def test_what_is_stored_comes_from_an_empty_cache(small, tmp_path, monkeypatch):
    """A text that an earlier version of the code generated cannot get into the stored outputs."""
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "kept"))
    folder = "__import__('pathlib').Path(__import__('os').environ['PROMPT2DATA_CACHE'])"
    with_cell(small, f"print(str({folder}) != {str(tmp_path / 'kept')!r}, list({folder}.iterdir()))")
    small.build(execute=True)
    assert "True []" in small.solution.read_text()


def test_a_run_uses_the_cache_of_its_caller(built, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "kept"))
    same = f"__import__('os').environ['PROMPT2DATA_CACHE'] == {str(tmp_path / 'kept')!r}"
    built.edit("print(words(", f"print({same} or 1 / 0, words(", built.solution)
    assert run(built.course(), built.course().find("1"), lambda _: None)


@pytest.mark.parametrize(
    "source, says",
    [
        ("import warnings\nwarnings.warn('careful')", "cell 'answer': text on stderr"),
        ("import os\nprint(os.getcwd())", "cell 'answer': a path of this machine"),
        (f"print({private_paths()[0]!r})", "cell 'answer': a path of this machine"),
        ("print('line\\n' * 30_000)", "cell 'answer': an output of"),
        ("import os\nos._exit(1)", "the kernel died in cell 'answer'"),
        (
            "from tqdm import tqdm\nfor _ in tqdm(range(3), file=__import__('sys').stdout): pass",
            "a progress bar",
        ),
    ],
)
def test_refused(small, source, says):
    with_cell(small, source)
    with pytest.raises(ExecutionFailed, match=says):
        small.build(execute=True)
    assert not small.solution.exists()


def test_widgets_keep_their_static_form(small):
    with_cell(
        small,
        "import ipywidgets\nfrom IPython.display import HTML\n"
        "out = ipywidgets.Output()\ndisplay(ipywidgets.VBox([ipywidgets.IntSlider(), out]))\n"
        "with out:\n    print('inside')\ndisplay(HTML('<b>static</b>'))",
    )
    small.build(execute=True)
    text = small.solution.read_text()
    assert "<b>static</b>" in text and "widget-view" not in text and "VBox(children" not in text


def test_figures_are_stored_with_their_alternative_text(small):
    draw = "from prompt2data import plots\nfigure, ax = plots.figure()\nax.plot([1, 2])\n"
    with_cell(small, draw + "plots.show(figure, alt='A line')")
    small.build(execute=True)
    assert '<img alt=\\"A line\\" src=\\"data:image/png;base64,' in small.solution.read_text()


def test_a_figure_without_alternative_text_is_refused(small):
    with_cell(small, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    with pytest.raises(ExecutionFailed, match="alternative text"):
        small.build(execute=True)
