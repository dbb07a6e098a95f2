"""Plain scripts: guarded or not, killed, two at once, and on the start method of macOS and Windows."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from tests.pipelines.support import HANG_SECONDS, STEPS, script, wait_for, wait_until_gone

SETUP = "from prompt2data import pipelines\npipelines.install()\n" + STEPS
RESULT = "Pipeline finished: 3 steps, 3 rows.\n[10, 20, 30]\n"


@pytest.mark.parametrize(
    ("method", "guard"), [("forkserver", ""), ("spawn", ""), ("forkserver", 'if __name__ == "__main__":\n    ')]
)
def test_a_script_runs_with_and_without_a_guard(tmp_path: Path, method: str, guard: str) -> None:
    code = SETUP + "print('once')\n" + guard + "print(rows(three_steps([1, 2, 3]).run()))\n"
    process = script(tmp_path, code, PROMPT2DATA_START_METHOD=method)
    output, errors = process.communicate(timeout=HANG_SECONDS)
    assert (output, errors) == ("once\n" + RESULT, "")


def test_what_was_imported_first_does_not_matter(tmp_path: Path) -> None:
    first = "import multiprocessing, torch, transformers\nfrom distilabel.pipeline import Pipeline\n"
    code = first + SETUP + (
        "print(rows(three_steps([1, 2, 3]).run()))\n"
        "print(multiprocessing.get_start_method(), len(multiprocessing.Pool(1).map(abs, [1])))\n"
    )  # fmt: skip
    output, _errors = script(tmp_path, code).communicate(timeout=HANG_SECONDS)
    assert output == RESULT + "fork 1\n"  # others' multiprocessing is as it was


def test_a_worker_of_another_library_that_imports_the_script_is_told(tmp_path: Path) -> None:
    code = SETUP + (
        "import multiprocessing\n"
        "process = multiprocessing.get_context('spawn').Process(target=print)\n"
        "if __name__ == '__main__':\n    process.start()\n"
        "print(rows(three_steps([1, 2, 3]).run()))\n"
    )
    output, errors = script(tmp_path, code).communicate(timeout=HANG_SECONDS)
    assert output == RESULT
    assert "came to its pipeline.run() again: put the script's code under" in errors


def test_an_error_in_a_script_is_its_sentence(tmp_path: Path) -> None:
    process = script(tmp_path, SETUP + "three_steps([1], fault='kill process').run()\n")
    output, errors = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 1 and output == ""
    assert errors.startswith("WorkerDied: The process of step 'times' died (SIGKILL)") and errors.count("\n") == 1


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_everything_ends_with_a_killed_script(tmp_path: Path, method: str) -> None:
    marker = tmp_path / "at-work"
    code = SETUP + f"three_steps([1], fault='sleep process', marker={str(marker)!r}).run()\n"
    process = script(tmp_path, code, PROMPT2DATA_START_METHOD=method)
    wait_for(marker, psutil.Process(process.pid))
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 5  # tracker, fork server or not, manager, three steps
    process.kill()
    assert wait_until_gone(family) == []
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_two_runs_at_once_have_each_their_own_rows(tmp_path: Path) -> None:
    code = SETUP + (
        "import sys\n"
        "n = int(open(sys.argv[0]).readlines()[-1].removeprefix('# '))\n"
        "for _ in range(3):\n"
        "    print(rows(three_steps(range(n, n + 20)).run()) == [10 * k for k in range(n, n + 20)])\n"
    )
    both = [script(tmp_path, code + f"# {n}\n", f"same_{n}.py") for n in (0, 100)]
    for process in both:
        output, errors = process.communicate(timeout=HANG_SECONDS)
        assert (output, errors) == ("Pipeline finished: 3 steps, 20 rows.\nTrue\n" * 3, "")


def test_a_cache_folder_asked_for_is_used_by_one_run_at_a_time(tmp_path: Path) -> None:
    marker = tmp_path / "at-work"
    folder = f"cache_dir={str(tmp_path / 'cache')!r}, name='same'"
    slow = script(
        tmp_path,
        SETUP + f"three_steps([1], {folder}, fault='sleep process', marker={str(marker)!r}).run()\n",
        "slow.py",
    )
    wait_for(marker, psutil.Process(slow.pid))
    second = SETUP + f"print(rows(three_steps([1, 2, 3], {folder}).run(use_cache=False)))\n"
    _output, errors = script(tmp_path, second, "second.py").communicate(timeout=HANG_SECONDS)
    assert errors.startswith("CacheInUse: The cache folder of pipeline 'same' is in use by another run")
    slow.kill()
    slow.communicate()
    output, _errors = script(tmp_path, second, "third.py").communicate(timeout=HANG_SECONDS)
    assert output == RESULT  # a killed run does not keep the folder


def test_a_run_needs_no_network_and_leaves_no_folder(tmp_path: Path, no_network: list[str]) -> None:
    code = SETUP + (
        "distiset = three_steps([1, 2, 3]).run()\nprint(rows(distiset))\ndistiset.save_to_disk('saved')\n"
        "from prompt2data.pipelines import folders\nprint(folders._session.exists())\n"
    )
    process = script(tmp_path, code, prefix=no_network, TMPDIR=str(tmp_path))
    output, errors = process.communicate(timeout=HANG_SECONDS)
    assert (output, errors) == (RESULT + "True\n", "")
    assert list(tmp_path.glob("prompt2data-runs-*")) == []
