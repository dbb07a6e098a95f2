"""Shared by all tests: their order, the generation cache and the home of the run, and the table at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests import network
from tests.notebooks import tables

CACHE = "PROMPT2DATA_CACHE"
KEPT = tables.kept_cache()  # before the tests turn it off
CACHE_LINE = tables.cache_line(KEPT)  # before the tests fill it

# In which order the tests run; within a stage, in that of pyproject's testpaths. What takes seconds comes first, and
# tells a slip at once; then the longest. Last is what finds again the texts that the solutions generated.
QUICK = tuple(
    f"tests/{name}/" for name in ("gates", "course", "quality", "ground", "display", "guards", "catalogues", "checks")
)
LONGEST = (
    "tests/browser/test_classic.py",
    "tests/browser/test_widgets.py",
    "tests/notebooks/test_notebooks.py::test_solution[",
)
LAST = (
    "tests/browser/test_languages.py",
    "tests/browser/test_lessons.py",
    "tests/classroom/test_classroom.py::test_marks[",
    "tests/notebooks/test_notebooks.py::test_exercise[",
    "tests/notebooks/test_notebooks.py::test_localized[",
)
# Several tests at a time: a file stays on one worker, since its tests may share a kernel or a browser. These share
# nothing dear.
INDEPENDENT = (
    "tests/browser/test_languages.py",
    "tests/classroom/test_classroom.py",
    "tests/notebooks/test_notebooks.py",
)

# A process that a test starts and that imports jsonschema, as nbformat does, would read grammars for two seconds, to
# check a format (IRIs) that no schema of notebooks, kernels or servers has. With this folder first, it does without.
_light = str(Path(__file__).parent / "light")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_light, os.environ.get("PYTHONPATH")]))

# No test fails because the machine is busy.
settings.register_profile("course", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("course")

# Several tests at a time share the cores: each process that one starts takes its part of them.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    _share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _share)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--approve", action="store_true", help="write tests/browser/approved anew from what is seen")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_no_browser: a test in tests/browser that opens no page")


def pytest_report_header() -> str:
    return CACHE_LINE


class InOrder(LoadScopeScheduling):
    """Hands out files, and independent tests, in the order of collection, the next one to whichever worker is free.

    xdist's own `--dist loadgroup` does so as well, but its groups get lost in the node ids of pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(INDEPENDENT) else nodeid.split("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> InOrder:
    config.option.loadscopereorder = False  # or it would start with the files that hold the most tests
    return InOrder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _stage(item.nodeid))


def _stage(test: str) -> int:
    if test.startswith(QUICK):
        return 0
    if test.startswith(LONGEST):
        return 1
    return 3 if test.startswith(LAST) else 2


@pytest.fixture(scope="session", autouse=True)
def no_cache_of_the_developer() -> Iterator[None]:
    """A test generates what it looks at; one that is about the cache names a folder itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE, "off")
        yield


@pytest.fixture(scope="session", autouse=True)
def no_progress_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Which exercises pass is noted in a folder of this run; what is dear to fetch stays where it is."""
    from prompt2data.ground.folders import home

    kept, own = home(), tmp_path_factory.mktemp("home")
    for name in ("models", "upstream"):
        (kept / name).mkdir(parents=True, exist_ok=True)
        _link(own / name, kept / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPT2DATA_HOME", str(own))
        yield


def _link(name: Path, folder: Path) -> None:
    if sys.platform == "win32":  # a symbolic link needs a right there that few have
        import _winapi

        _winapi.CreateJunction(str(folder), str(name))
    else:
        name.symlink_to(folder, target_is_directory=True)


@pytest.fixture(scope="session")
def generations(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `PROMPT2DATA_CACHE` is for the notebooks: one folder for all of them, on every worker.

    It starts empty, unless whoever started the run named one to keep.
    """
    if KEPT:
        return KEPT
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker has a folder in that of the run
    folder = base / "generations"
    folder.mkdir(exist_ok=True)
    return str(folder)


@pytest.fixture(scope="session")
def no_network() -> list[str]:
    """What to put before a command so that it has no network but loopback."""
    return network.without_network() or pytest.fail(network.NO_WAY)


def pytest_terminal_summary(terminalreporter) -> None:
    """The tables, from what the tests recorded (under xdist as well: the reports carry it)."""
    notebooks = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == "notebook"
    ]
    if notebooks:
        terminalreporter.section("notebooks")
        terminalreporter.write_line(CACHE_LINE)
        for line in tables.notebooks(notebooks) + tables.slowest_cells(notebooks):
            terminalreporter.write_line(line)


def _want_of_a_browser(config: pytest.Config) -> str:
    """The sentence of the browser tests that were skipped because no browser is here, if any were."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for report in reporter.stats.get("skipped", ()) if reporter else ():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if "tests/browser/" in report.nodeid and "hromium" in reason.lower():
            return reason.removeprefix("Skipped: ")
    return ""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tests that did not run for want of a browser are no success."""
    if _want_of_a_browser(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of the run."""
    sentence = _want_of_a_browser(config)
    if sentence:
        print(sentence)
