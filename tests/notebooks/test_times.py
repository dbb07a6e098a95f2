"""What a run tells of its notebooks: the seconds of their cells, what they share, and what takes too long."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest

from builder.course import load
from prompt2data.cache import GenerationCache
from tests.notebooks import tables
from tests.notebooks.running import Ran
from tests.notebooks.timing import Pass, main, measure


def ran(name: str, seconds: float, passed: int = 3, **cells: float) -> Ran:
    return Ran(Path(name), 3, passed, 1, "the report", seconds, cells)


def with_code(path: Path, cell_id: str, source: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.id == cell_id)
    cell.source = f"{source}\n{cell.source}"
    nbformat.write(notebook, path)


@pytest.fixture
def small(small_executed: Path, tmp_path: Path) -> Path:
    """A copy of the small course, to write into."""
    return Path(shutil.copytree(small_executed, tmp_path / "small"))


def test_each_cell_has_its_seconds(small: Path, nbval):
    """Cells without code do not shift them, and a wait is told for the cell that waited."""
    solution = small / "solutions" / "01_counting.ipynb"
    with_code(solution, "ex-words-code", "import time; time.sleep(1.5)")
    found = nbval(solution, strict=True, root=small, count=False)
    assert found.ok, found.report
    code = [cell for cell in nbformat.read(solution, as_version=4).cells if cell.cell_type == "code"]
    assert list(found.cells) == [cell.id for cell in code]
    first, *others = found.cells
    assert max(others, key=found.cells.get) == "ex-words-code" and found.cells["ex-words-code"] >= 1.5
    assert sum(found.cells.values()) < found.seconds
    assert json.loads(json.dumps(found.summary())) == found.summary()


def test_notebooks_share_the_folder_of_the_run(small: Path, nbval, generations: str):
    """What one notebook leaves in the generation cache, the next one finds; no other test sees that folder."""
    assert os.environ["PROMPT2DATA_CACHE"] == "off"
    note = "import os, pathlib; _note = pathlib.Path(os.environ['PROMPT2DATA_CACHE']) / 'a-note'\n"
    with_code(small / "solutions" / "01_counting.ipynb", "given", f"{note}_note.write_text('by the solution')")
    with_code(
        small / "notebooks" / "01_counting.ipynb", "given", f"{note}assert _note.read_text() == 'by the solution'"
    )
    try:
        for half in ("solutions", "notebooks"):
            found = nbval(small / half / "01_counting.ipynb", root=small, count=False)
            assert found.ok, found.report
        assert (Path(generations) / "a-note").is_file()
    finally:
        (Path(generations) / "a-note").unlink(missing_ok=True)


def test_what_the_cache_is_at_the_start(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("PROMPT2DATA_CACHE")
    assert tables.kept_cache() is None and "cold, a folder of this run" in tables.cache_line(None)
    for word in ("off", ""):
        monkeypatch.setenv("PROMPT2DATA_CACHE", word)
        assert tables.kept_cache() == "off" and "everything is generated" in tables.cache_line("off")
    monkeypatch.setenv("PROMPT2DATA_CACHE", "kept")
    monkeypatch.chdir(tmp_path)
    folder = str(tmp_path / "kept")
    assert tables.kept_cache() == folder, "notebooks run in other folders"
    assert "cold, nothing is kept" in tables.cache_line(folder) and not (tmp_path / "kept").exists()
    cache = GenerationCache(folder)
    cache.put("a", "text", b"")
    cache.close()
    assert f"warm, 1 texts kept in {folder}" in tables.cache_line(folder)


def test_the_tables():
    found = [
        ran("solutions/01_a.ipynb", 91, setup=2.5, slow=80.25, quick=0.5).summary(),
        ran("solutions/05_e.ipynb", 149, setup=3.5, ray=60.0).summary(),
        ran("notebooks/05_e.ipynb", 200.04, setup=1.5).summary(),
    ]
    assert tables.notebooks(found) == [
        "notebook        cells  compared  seconds    at most",
        "notebooks/05_e      3         1    200.0",
        "solutions/05_e      3         1    149.0        150",
        "solutions/01_a      3         1     91.0  90 (over)",
        "3 notebooks run under nbval: 9 cells, 3 outputs compared with the stored ones, 440 s one after another",
    ]
    assert tables.slowest_cells(found, top=3) == [
        "notebook        slowest cells  seconds",
        "solutions/01_a  slow              80.2",
        "solutions/05_e  ray               60.0",
        "solutions/05_e  setup              3.5",
    ]
    assert "quick" not in "".join(tables.slowest_cells(found))
    assert tables.slowest_cells([ran("solutions/01_a.ipynb", 2, quick=0.9).summary()]) == []


@pytest.mark.parametrize(
    "warm, name, most",
    [
        (False, "solutions/01_a", 90),
        (False, "solutions/05_e", 150),
        (True, "solutions/01_a", 20),
        (True, "solutions/05_e", 45),
    ],
)
def test_a_bound_passed_is_a_fault(warm: bool, name: str, most: int):
    path = f"{name}.ipynb"
    assert Pass(warm, [ran(path, most)], most).faults(None) == []
    (fault,) = Pass(warm, [ran(path, most + 1)], most).faults(None)
    assert name in fault and f"more than {most} s" in fault
    assert Pass(warm, [ran(path.replace("solutions", "notebooks"), most + 1)], most).faults(None) == []


def test_notebooks_in_other_languages_find_what_the_english_ones_generated():
    for half in ("solutions", "notebooks"):
        localized = ran(f"translations/ja/{half}/01_a.ipynb", 21)
        assert localized.language == "ja" and tables.label(localized.summary()) == f"ja/{half}/01_a"
        (fault,) = Pass(True, [localized], 21).faults(None)
        assert f"ja/{half}/01_a" in fault and "more than 20 s" in fault
    assert Pass(True, [ran("translations/ja/notebooks/01_a.ipynb", 20)], 20).faults(None) == []
    assert ran("solutions/01_a.ipynb", 1).language == "en"


def test_all_together_have_a_bound():
    assert (tables.ALL_COLD, tables.ALL_WARM) == (720, 300)
    several = [ran("solutions/01_a.ipynb", 80), ran("solutions/02_b.ipynb", 80)]
    assert Pass(False, several, 720).faults(720) == []
    assert Pass(False, several, 721).faults(720) == ["cold, all notebooks: 721 s are more than 720 s"]


def test_a_notebook_that_fails_is_a_fault():
    (fault,) = Pass(False, [ran("notebooks/01_a.ipynb", 5, passed=2)], 5).faults(720)
    assert "2 of 3 cells passed" in fault and "the report" in fault


def test_measuring_a_course(small: Path):
    """Both halves, cold and warm, with one cache for all; told as it goes."""
    note = "import os, pathlib; _folder = pathlib.Path(os.environ['PROMPT2DATA_CACHE'])\n"
    log = "_folder.mkdir(exist_ok=True); _ = open(_folder / 'log', 'a').write('HALF\\n')"
    for half in ("solutions", "notebooks"):
        with_code(small / half / "01_counting.ipynb", "given", note + log.replace("HALF", half))
    keep = f"import shutil; shutil.copy(_folder / 'log', {str(small / 'log')!r})"
    with_code(small / "notebooks" / "01_counting.ipynb", "split", keep)
    said: list[str] = []
    text = "from prompt2data.cache import GenerationCache; GenerationCache(_folder).put('a', 'text', b'')"
    with_code(small / "notebooks" / "01_counting.ipynb", "split", text)
    passes, wrong = measure(load(small), ["01_counting"], jobs=1, top=3, say=said.append)
    assert wrong == [] and [each.warm for each in passes] == [False, True]
    assert (small / "log").read_text().split() == ["solutions", "notebooks"] * 2
    assert [[each.made for each in one.ran] for one in passes] == [[0, 1], [0, 0]]
    text = "\n".join(said)
    assert text.index("cold, 1 at a time") < text.index("warm, 1 at a time")
    assert text.count("2 notebooks run under nbval: 21 cells") == 2


def test_an_unknown_lesson_is_said(capsys):
    assert main(["no-such-lesson"]) == 2
    assert "choose one of" in capsys.readouterr().err
