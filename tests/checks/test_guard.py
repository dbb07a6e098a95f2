"""Whatever an answer does ends in a card, and everything around it is as before."""

from __future__ import annotations

import contextvars
import os
import random
import sys
import threading
import time
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from prompt2data.checks import guard
from prompt2data.checks.core import Wrong, call, exercise, plain, texts
from prompt2data.checks.guard import Stopped, TookTooLong, alive, guarded
from tests.pipelines.support import Kernel

NO_END = "✘ Your code did not finish, so it was stopped."


@exercise()
def calls(answer):
    """A check that calls what it is given, and passes whatever that returns."""
    call(answer, ["one", "two"], 2)


@exercise()
def reads(answer):
    """A check that reads a value that is no function."""
    texts(answer)


@pytest.fixture
def impatient(monkeypatch):
    """Waits until what never ends is stopped are short."""
    monkeypatch.setattr(guard, "_PATIENCE", 0.2)
    monkeypatch.setattr(guard, "_LONGEST", 1.0)
    monkeypatch.setattr(guard, "_FAREWELL", 0.2)


# -- endless ------------------------------------------------------------------------------------------------------


def spins(words, n):
    while True:
        pass


def spins_and_catches_everything(words, n):
    while True:
        try:
            n = n + 1 - 1
        except:  # noqa: E722
            pass


def sleeps(words, n):
    time.sleep(10)


def sleeps_and_catches_everything(words, n):
    for _round in range(50):
        try:
            time.sleep(0.2)
        except:  # noqa: E722
            pass


def waits(words, n):
    threading.Event().wait(10)


def grows_while_it_reads(words, n):
    for word in words:
        words.append(word)


def yields_slowly(words, n):
    while True:
        yield n
        time.sleep(0.05)


def cleans_up_without_end(words, n):
    try:
        spins(words, n)
    finally:
        spins(words, n)


def turns_it_into_another_error(words, n):
    try:
        spins(words, n)
    except BaseException as error:
        raise ValueError("no") from error


def gives_something_in_the_end(words, n):
    try:
        spins(words, n)
    except BaseException:
        return words


@pytest.mark.parametrize(
    "answer",
    [
        spins, spins_and_catches_everything, sleeps, sleeps_and_catches_everything, waits, grows_while_it_reads,
        yields_slowly, cleans_up_without_end, turns_it_into_another_error, gives_something_in_the_end,
    ],
)  # fmt: skip
def test_what_does_not_end_ends_in_a_card(card, impatient, monkeypatch, answer):
    reported = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    text = card(calls, answer)
    assert text.startswith(NO_END) and f"called like this: {answer.__name__}(['one', 'two'], 2)" in text
    assert "hint: Is there a loop that never ends?" in text and "your line: " in text
    assert not reported, "no thread tells of its end"


def test_the_card_has_the_line_that_the_answer_was_at(card, impatient):
    assert "your line: time.sleep(10)" in card(calls, sleeps)
    assert "your line: threading.Event().wait(10)" in card(calls, waits)


@pytest.mark.parametrize("answer", [spins, spins_and_catches_everything, cleans_up_without_end])
def test_a_loop_that_was_stopped_does_not_go_on(impatient, monkeypatch, answer):
    monkeypatch.setattr(guard, "_FAREWELL", 600.0)
    threads = []

    def noted():
        threads.append(threading.current_thread())
        answer([], 1)

    with pytest.raises(TookTooLong):
        guarded(noted)
    threads[0].join()


@pytest.mark.parametrize(
    "answer", [lambda words, n: count(), lambda words, n: iter(int, 1), lambda words, n: [{"rows": count()}]]
)
def test_what_gives_items_without_end_is_told_so(card, answer):
    text = card(calls, answer)
    assert text.startswith("✘ The answer has no end.") and "called like this: <lambda>(['one', 'two'], 2)" in text


def test_a_value_without_end_is_told_so(card):
    assert card(reads, count()).startswith("✘ The answer has no end.")
    assert card(reads, (str(n) for n in count())).startswith("✘ The answer has no end.")


def test_a_value_that_never_comes_ends_in_a_card(card, impatient):
    assert card(reads, yields_slowly([], "text")).startswith(NO_END)


def test_each_call_may_take_its_time(monkeypatch):
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], thread_time=lambda: now[0])
    monkeypatch.setattr(guard, "time", clock)
    monkeypatch.setattr(guard._here, "signs", guard._Signs(), raising=False)
    for seconds in (4.0, 8.0, 12.0):
        alive("f(1)")
        assert not guard._here.signs.missing()
        now[0] = seconds
        assert not guard._here.signs.missing() and guard._here.signs.doing == "f(1)"
    now[0] += 2.0
    assert guard._here.signs.missing()


def test_waiting_for_a_busy_machine_is_no_work(monkeypatch):
    if not hasattr(time, "pthread_getcpuclockid"):
        pytest.skip("no clock of a thread's work")
    monkeypatch.setattr(guard, "_PATIENCE", 0.4)
    monkeypatch.setattr(guard, "_LONGEST", 1e9)
    assert guarded(lambda: time.sleep(1) or "done") == "done"


def test_what_only_waits_ends_before_what_may_only_be_slow(monkeypatch):
    now, worked = [0.0], [0.0]
    clock = SimpleNamespace(
        monotonic=lambda: now[0], thread_time=lambda: worked[0], clock_gettime=lambda clock: worked[0]
    )
    monkeypatch.setattr(guard, "time", clock)
    monkeypatch.setattr(guard._here, "signs", signs := guard._Signs(clock=1), raising=False)

    def seconds_until_missed(work_in_a_step: float, most: int) -> float:
        alive()
        began = now[0]
        while now[0] - began < most and not signs.missing():
            now[0] += guard._STEP
            worked[0] += work_in_a_step
        return now[0] - began

    assert 7 < seconds_until_missed(0.0, 99) < 9, "it sleeps, and a card has to come within 10 seconds"
    assert 7 < seconds_until_missed(0.0001, 99) < 9, "it sleeps, and wakes for a moment"
    assert seconds_until_missed(0.001, 18) > 18, "it works, on a machine that is busy with something else"


# -- errors -------------------------------------------------------------------------------------------------------


def raises(error):
    def answer(words, n):
        raise error

    return answer


def raises_late(words, n):
    yield words
    raise KeyError("late")


def raises_at_depth(words, n):
    return raises_at_depth(words, n)


class Rude(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "answer, told",
    [
        (raises(SystemExit("bye")), "✘ answer raised SystemExit: bye"),
        (raises(KeyboardInterrupt()), "✘ answer raised KeyboardInterrupt"),
        (raises(GeneratorExit()), "✘ answer raised GeneratorExit"),
        (raises(BaseException("base")), "✘ answer raised BaseException: base"),
        (raises(Rude()), "✘ answer raised Rude: "),
        (raises_late, "✘ raises_late raised KeyError: 'late'"),
        (raises_at_depth, "✘ raises_at_depth raised RecursionError"),
        (raises(NotImplementedError()), "… Not attempted yet."),
    ],
)
def test_every_error_ends_in_a_card(card, answer, told):
    text = card(calls, answer)
    assert text.startswith(told)
    if told.startswith("✘"):
        assert "called like this: " in text and "your line: " in text


def test_the_line_is_the_last_one_of_the_learners_own(card):
    assert 'your line: raise KeyError("late")' in card(calls, raises_late)
    assert "your line: return int(words[0])" in card(calls, in_the_library)
    assert "your line: return int(words[0])" in card(calls, Callable())
    assert "your line: return int(words[0])" in card(
        calls, lambda words, n: sorted(words, key=lambda _: reads_int(words))
    )


def in_the_library(words, n):
    return reads_int(words)


def reads_int(words):
    return int(words[0])


class Callable:
    def __call__(self, words, n):
        return reads_int(words)


def test_a_value_that_raises_when_it_is_read_ends_in_a_card(card):
    assert card(reads, raises_late([], 1)).startswith("✘ Reading your answer raised KeyError: 'late'")
    assert card(reads, (sys.exit("bye") for _ in "a")).startswith("✘ Reading your answer raised SystemExit: bye")


class Hostile:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise KeyError(name)

    def __eq__(self, other):
        raise KeyError("eq")

    def __bool__(self):
        raise KeyError("bool")

    def __repr__(self):
        raise SystemExit("repr")

    __hash__ = None


def test_a_value_that_raises_whatever_is_asked_of_it_ends_in_a_card(card):
    assert card(reads, Hostile()).startswith("✘ ")
    assert card(calls, Hostile()).startswith("✘ ")
    assert card(calls, lambda words, n: Hostile()).startswith(("✘ ", "✔ "))


def test_an_interruption_by_the_learner_ends_the_check(monkeypatch):
    began, ended = threading.Event(), threading.Event()

    def works():
        try:
            began.set()
            spins([], 1)
        finally:
            ended.set()

    def interrupted(signs):
        if began.is_set():
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(guard, "_FAREWELL", 600.0)
    monkeypatch.setattr(guard._Signs, "missing", interrupted)
    with pytest.raises(KeyboardInterrupt):
        guarded(works)
    assert ended.is_set()


# -- as before ----------------------------------------------------------------------------------------------------


def test_everything_is_as_before(tmp_path, card):
    variable = contextvars.ContextVar("variable", default="before")

    def disturbs(words, n):
        random.seed(1)
        np.random.seed(1)
        os.chdir(tmp_path)
        os.environ["A_NEW_VARIABLE"] = "1"
        os.environ["PATH"] = "nowhere"
        del os.environ["AN_OLD_VARIABLE"]
        sys.modules["json"] = sys.modules["os"]
        del sys.modules["random"]
        variable.set("after")
        sys.stdout = sys.stderr = None

    os.environ["AN_OLD_VARIABLE"] = "old"
    try:
        before = _surroundings(), variable.get()
        text = card(calls, disturbs)
        assert (_surroundings(), variable.get()) == before
    finally:
        del os.environ["AN_OLD_VARIABLE"]
    assert text == "✔ Passed."


def _surroundings():
    import json

    numpy = [np.asarray(part).tolist() for part in np.random.get_state()]
    return (
        random.getstate(), numpy, os.getcwd(), dict(os.environ), json, sys.modules["random"], sys.stdout, sys.stderr
    )  # fmt: skip


def test_what_was_imported_stays(card, monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)
    monkeypatch.delitem(sys.modules, "antigravity", raising=False)

    def imports(words, n):
        import colorsys

        return colorsys.__name__

    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    card(calls, imports)
    assert "colorsys" in sys.modules


def test_a_working_folder_that_is_gone_does_not_matter(tmp_path, monkeypatch, card):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert card(calls, lambda words, n: 1) == "✔ Passed."


def test_everything_is_as_before_where_it_did_not_end(card, impatient, tmp_path):
    def disturbs(words, n):
        os.chdir(tmp_path)
        random.seed(1)
        spins(words, n)

    before = random.getstate(), os.getcwd()
    assert card(calls, disturbs).startswith(NO_END)
    assert (random.getstate(), os.getcwd()) == before


def test_an_answer_may_have_threads_of_its_own(card):
    def with_threads(words, n):
        found = []
        threads = [threading.Thread(target=found.append, args=(word,)) for word in words]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    assert card(calls, with_threads) == "✔ Passed."


def test_what_it_returns_and_raises_comes_out():
    assert guarded(lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 / 0)
    with pytest.raises(Wrong, match="no end"):
        guarded(lambda: plain(count()))
    assert guarded(lambda: guarded(lambda: 42)) == 42
    assert issubclass(Stopped, BaseException) and not issubclass(TookTooLong, Stopped)


@pytest.mark.parametrize("waited", [True, False])
def test_an_interruption_while_the_thread_starts_ends_it(monkeypatch, waited):
    """The stop button may be pressed, on a busy machine, before `Thread.start` has returned."""
    start, threads = threading.Thread.start, []

    def interrupted(thread):
        if thread.name != "check":
            return start(thread)
        threads.append(thread)
        start(thread) if waited else threading.Timer(0.05, start, [thread]).start()
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    monkeypatch.setattr(guard, "_FAREWELL", 600.0)
    with pytest.raises(KeyboardInterrupt):
        guarded(lambda: spins([], 1))
    [thread] = threads
    thread.join(600)
    assert not thread.is_alive()


# -- in a notebook ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    kernel = Kernel(tmp_path_factory.mktemp("kernel"), PROMPT2DATA_STRICT="")
    assert kernel.run("from prompt2data.checks import guard, lesson_01 as check\nimport time, threading").status == "ok"
    yield kernel
    kernel.shutdown()


def test_what_an_answer_prints_is_below_its_cell(kernel):
    cell = kernel.run("def share(texts, n):\n    print('hello', n)\n    return 7\ncheck.distinct_share(share)")
    assert cell.status == "ok" and "hello 2\n" in cell.text and cell.mime == [{"text/plain", "text/html"}]
    assert kernel.run("print('next')").text == "next\n"


def test_an_exit_and_an_endless_loop_leave_the_kernel_usable(kernel):
    cell = kernel.run("def share(texts, n):\n    raise SystemExit\ncheck.distinct_share(share)")
    assert (cell.status, cell.stderr) == ("ok", "") and cell.mime == [{"text/plain", "text/html"}]
    kernel.run("guard._PATIENCE, guard._LONGEST = 0.2, 1.0")
    cell = kernel.run("def share(texts, n):\n    while True: pass\ncheck.distinct_share(share)")
    assert (cell.status, cell.stderr) == ("ok", "") and cell.mime == [{"text/plain", "text/html"}]
    kernel.run("guard._PATIENCE, guard._LONGEST = 5.0, 20.0")
    assert kernel.run("print('next')").text == "next\n"


def test_the_stop_button_ends_a_check(kernel, tmp_path):
    began = tmp_path / "began"

    def stop():
        while not began.exists():
            time.sleep(0.02)
        kernel.manager.interrupt_kernel()

    kernel.run("guard._PATIENCE, guard._LONGEST, guard._FAREWELL = 1e9, 1e9, 600.0")
    button = threading.Thread(target=stop)
    button.start()
    code = f"def share(texts, n):\n    open({str(began)!r}, 'w').close()\n    while True: pass\n"
    cell = kernel.run(code + "check.distinct_share(share)")
    button.join()
    assert (cell.status, cell.error) == ("error", "KeyboardInterrupt: ")
    gone = "while any(thread.name == 'check' for thread in threading.enumerate()): time.sleep(0.02)"
    assert kernel.run(gone).status == "ok"
