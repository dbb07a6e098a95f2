"""`Pipeline.run()` in one long-lived kernel: what it shows, and what it survives."""

from __future__ import annotations

import threading

import pytest

from tests.pipelines.support import STEPS, Kernel, wait_for, wait_until_gone


def assert_sound(kernel: Kernel) -> None:
    """The kernel runs a pipeline, and keeps no process of the run before."""
    assert wait_until_gone(kernel.workers()) == []
    cell = kernel.run("print(rows(three_steps([1, 2, 3]).run()))")
    assert (cell.status, cell.text, cell.stderr) == ("ok", "Pipeline finished: 3 steps, 3 rows.\n[10, 20, 30]\n", "")


def test_a_run_shows_one_line_and_puts_everything_back(kernel: Kernel) -> None:
    state = (
        "import logging, signal, threading\n"
        "def state():\n"
        "    log, mine = logging.getLogger(), logging.getLogger('distilabel')\n"
        "    return (list(log.handlers), log.level, list(mine.handlers), mine.level, mine.propagate,\n"
        "            signal.getsignal(signal.SIGINT))\n"
        "before = state()\n"
    )
    assert kernel.run(state).status == "ok"
    cell = kernel.run("distiset = three_steps(range(6)).run()")
    assert (cell.status, cell.text, cell.stderr, cell.mime) == ("ok", "Pipeline finished: 3 steps, 6 rows.\n", "", [])
    assert kernel.run("print(state() == before, rows(distiset))").text == "True [0, 10, 20, 30, 40, 50]\n"
    # The complete log is in the run's folder, and the card can be made without a network.
    log = kernel.run("distiset.save_to_disk('saved'); print(open('saved/distiset_configs/pipeline.log').read())").text
    assert "Step 'times' sending batch 2" in log
    assert kernel.run("print(open('saved/distiset_configs/pipeline.yaml').read())").text.startswith("distilabel:")


def test_the_level_of_the_log_can_be_asked_for(kernel: Kernel) -> None:
    cell = kernel.run("os.environ['DISTILABEL_LOG_LEVEL'] = 'INFO'\ntry:\n    three_steps([1]).run()\n"
                      "finally:\n    del os.environ['DISTILABEL_LOG_LEVEL']")  # fmt: skip
    assert "Processing batch 0 in 'times'" in cell.text
    assert_sound(kernel)


def test_a_step_in_a_cell_runs_with_what_it_refers_to(kernel: Kernel) -> None:
    cell = kernel.run(
        "OFFSET = 5\n"
        "@step(inputs=['n'], outputs=['m'])\n"
        "def Plus(inputs: StepInput):\n"
        "    print('rows:', len(inputs))\n"
        "    yield [{**row, 'm': row['n'] + OFFSET} for row in inputs]\n"
        "with Pipeline() as pipeline:\n"
        "    LoadDataFromDicts(name='load', data=[{'n': 1}, {'n': 2}]) >> Plus(name='plus')\n"
        "print(rows(pipeline.run()))"
    )
    assert (cell.status, cell.text) == ("ok", "rows: 2\nPipeline finished: 2 steps, 2 rows.\n[6, 7]\n")


def test_a_step_that_cannot_be_pickled_is_refused(kernel: Kernel) -> None:
    cell = kernel.run(
        "import threading\n"
        "pipeline = three_steps([1])\n"
        "object.__setattr__(pipeline.dag.get_step('times')['step'], 'marker', threading.Lock())\n"
        "pipeline.run()"
    )
    assert cell.error.startswith("NotPortable: Step 'times' cannot be sent to its own process")
    assert_sound(kernel)


def test_changed_data_gives_changed_rows(kernel: Kernel) -> None:
    for numbers in ([1, 2], [3, 4], [3, 4, 5]):
        cell = kernel.run(f"print(rows(three_steps({numbers}).run()))")
        assert cell.text.splitlines()[-1] == str([10 * number for number in numbers])


def test_a_dataset_can_be_given_to_run_again_and_again(kernel: Kernel) -> None:
    kernel.run("with Pipeline() as from_data:\n    Times(name='times')")
    for number in (1, 2):
        assert kernel.run(f"print(rows(from_data.run(dataset=[{{'n': {number}}}])))").text.endswith(f"[{number}0]\n")


def test_steps_one_after_the_other_with_several_batches(kernel: Kernel) -> None:
    # distilabel alone waits forever here: the loader is never asked for its second batch.
    cell = kernel.run("print(rows(three_steps(range(7)).run(load_groups='sequential_step_execution')))")
    assert cell.text.splitlines()[-1] == str([10 * number for number in range(7)])


def test_a_step_that_raises_leaves_none_and_one_line(kernel: Kernel) -> None:
    cell = kernel.run("print(rows(three_steps([1, 2], fault='raise process').run()))")
    assert cell.text == (
        "Step 'times' failed on batch 0, whose rows now hold None: ValueError: no process today\n"
        "Pipeline finished: 3 steps, 2 rows.\n[None, None]\n"
    )
    assert_sound(kernel)


def test_a_step_that_does_not_load_ends_the_run(kernel: Kernel) -> None:
    cell = kernel.run("three_steps([1, 2], fault='raise load').run()")
    assert cell.error == "StepFailed: Step 'times' could not load: ValueError: no load today"
    assert cell.traceback == [cell.error]  # the sentence, and no traceback
    cell = kernel.run("try:\n    three_steps([1], fault='raise load').run()\nexcept RuntimeError as error:\n"
                      "    print(error.details, type(error.__cause__))")  # fmt: skip
    assert "in act" in cell.text and "<class 'ValueError'>" in cell.text
    assert_sound(kernel)


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_global_step_that_raises_ends_the_run(kernel: Kernel, seconds: int) -> None:
    # distilabel sends the step's batch before the error, which may arrive when the run seems to have ended well.
    cell = kernel.run(
        "class Late(ValueError):\n"
        "    def __reduce__(self):\n"
        f"        time.sleep({seconds})\n"
        "        return ValueError, self.args\n"
        "class All(GlobalStep):\n"
        "    def process(self, inputs: StepInput):\n"
        "        raise Late('not all')\n"
        "with Pipeline() as pipeline:\n"
        "    LoadDataFromDicts(name='load', data=[{'n': 1}]) >> All(name='all')\n"
        "pipeline.run()"
    )
    assert cell.error == "StepFailed: Step 'all' failed, and the pipeline cannot go on without it: Late: not all"
    assert_sound(kernel)


@pytest.mark.parametrize("moment", ["load", "process", "unload"])
def test_a_killed_worker_ends_the_run_with_a_sentence(kernel: Kernel, moment: str) -> None:
    cell = kernel.run(f"three_steps([1, 2, 3], fault='kill {moment}').run()")
    assert cell.error.startswith("WorkerDied: The process of step 'times' died (SIGKILL)")
    assert "\n" not in cell.error and cell.traceback == [cell.error]
    assert_sound(kernel)


@pytest.mark.parametrize("victim", ["worker", "manager", "fork server"])
def test_a_process_killed_from_outside_ends_the_run(kernel: Kernel, tmp_path, victim: str) -> None:
    marker = tmp_path / "at-work"

    def kill() -> None:
        wait_for(marker, kernel.process)
        forked = kernel.workers()
        server = next(child for child in kernel.children() if child.pid == forked[0].ppid())
        # The fork server's children in the order of their start: the manager, then load, times, keep.
        forked.sort(key=lambda child: child.pid)
        {"worker": forked[2], "manager": forked[0], "fork server": server}[victim].kill()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    cell = kernel.run(f"three_steps([1], fault='sleep process', marker={str(marker)!r}).run()")
    assert marker.exists(), cell
    thread.join()
    assert cell.error.startswith("WorkerDied: The process")
    assert_sound(kernel)


def test_an_interrupt_ends_the_run_at_once(kernel: Kernel, tmp_path) -> None:
    marker = tmp_path / "at-work"

    def interrupt() -> None:
        wait_for(marker, kernel.process)
        kernel.manager.interrupt_kernel()

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    cell = kernel.run(f"three_steps([1], fault='sleep process', marker={str(marker)!r}).run()")
    assert marker.exists(), cell
    thread.join()
    assert cell.error.startswith("RunInterrupted: The run was interrupted")
    assert cell.stderr == "" and cell.traceback == [cell.error]
    assert kernel.run("print(isinstance(get_ipython(), object), signal.getsignal(signal.SIGINT).__name__)").text == (
        "True default_int_handler\n"
    )
    assert_sound(kernel)


def test_a_dry_run_that_failed_does_not_make_the_next_run_dry(kernel: Kernel) -> None:
    cell = kernel.run(
        "pipeline = three_steps([1, 2, 3], fault='kill process')\n"
        "try:\n    pipeline.dry_run()\nexcept RuntimeError:\n    pass\n"
        "pipeline.dag.get_step('times')['step'].fault = ''\n"
        "pipeline.dag.get_step('load')['step'].batch_size = 2\n"
        "print(rows(pipeline.run()))"
    )
    assert cell.text.endswith("[10, 20, 30]\n")


def test_the_cache_is_distilabels_own_where_it_is_asked_for(kernel: Kernel) -> None:
    kernel.run("import tempfile; folder = tempfile.mkdtemp()")
    for numbers in ([1, 2], [3, 4]):  # the trap that lesson 05 shows: changed data, old rows
        cell = kernel.run(f"print(rows(three_steps({numbers}, cache_dir=folder).run(use_cache=True)))")
        assert cell.text.splitlines()[-1] == "[10, 20]"
    cell = kernel.run("print(rows(three_steps([3, 4], cache_dir=folder).run(use_cache=False)))")
    assert cell.text.splitlines()[-1] == "[30, 40]"


@pytest.mark.parametrize("how", ["kill process", "raise load"])
def test_a_cached_run_that_did_not_end_can_be_run_again(kernel: Kernel, how: str) -> None:
    # distilabel resumes such a run without the batches under way, and waits for them forever.
    cell = kernel.run(
        "import tempfile; folder = tempfile.mkdtemp()\n"
        f"try:\n    three_steps([1, 2, 3], fault={how!r}, cache_dir=folder, name='again').run(use_cache=True)\n"
        "except RuntimeError:\n    print('failed')\n"
        "Times.act = lambda self, moment: None\n"
        f"for _ in range(2):\n"
        f"    print(rows(three_steps([1, 2, 3], fault={how!r}, cache_dir=folder, name='again').run(use_cache=True)))\n",
    )
    assert cell.text == (
        "failed\nThe previous run with this cache folder did not finish. Starting over.\n"
        "Pipeline finished: 3 steps, 3 rows.\n[10, 20, 30]\n"
        "Pipeline finished: 3 steps, 3 rows.\n[10, 20, 30]\n"
    )
    assert kernel.run(STEPS).status == "ok"


def test_draw_shows_the_picture(kernel: Kernel) -> None:
    cell = kernel.run("picture = three_steps([1]).draw('three.png')")
    assert cell.mime == [{"text/html", "text/plain"}]
    assert kernel.run("picture = three_steps([1]).draw('three.svg')").mime == [{"text/html", "text/plain"}]
    assert kernel.run("three_steps([1])").mime == [{"text/plain"}]


def test_errors_in_the_learners_code_look_as_usual(kernel: Kernel) -> None:
    # Importing distilabel has rich print them instead, with all local variables.
    cell = kernel.run("1 / 0")
    assert cell.error == "ZeroDivisionError: division by zero" and len(cell.traceback) > 1
    assert cell.text == cell.stderr == ""
