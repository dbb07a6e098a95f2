"""Progress bars as readers see them: in a real kernel, in a real terminal, and where there is nobody to look."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from huggingface_hub import constants

from prompt2data import models
from prompt2data.display import progress
from prompt2data.display.progress import GenerationProgress, Progress, as_html, duration, megabytes, rows
from tests.pipelines.support import ROOT, STEPS, Kernel, environment

COUNTING = """
import time
from prompt2data.display.progress import generation_progress, progress_bar
def generate(seconds, fail_after=1e9):
    with generation_progress(40) as bar:
        bar.update(0, 8)
        for number in range(32):
            time.sleep(seconds / 32)
            bar.update(30, 1)
            if number > fail_after:
                raise ValueError("no more")
"""

# Whatever runs now is quick: it ends before its bar would appear.
QUICK = "from prompt2data.display import progress\nprogress._DELAY_SECONDS = 1e6\n"


# What a bar says ----------------------------------------------------------------------------------------------------


def test_a_generation_in_words(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    counted = GenerationProgress(40)
    counted.update(0, 8)  # found in the cache
    assert counted.state().text == "8 of 40 rows"
    clock[0] += 10
    counted.update(1400, 16)
    assert counted.state() == (24, 40, "24 of 40 rows · 140 tokens/s · 10 s left")  # 8 cost nothing, 16 took 10 s
    counted.update(10, 10)
    counted.rows = 24  # the last ten failed and will be repeated
    assert counted.state() == (24, 40, "24 of 40 rows · 141 tokens/s · 10 s left")


def test_bytes_steps_and_work_of_unknown_length_in_words(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    fetched = Progress(93_000_000, megabytes, look=lambda: 31_000_000)
    steps, loading = Progress(4), Progress(None)
    clock[0] += 15
    steps.update()
    assert fetched.state() == (31_000_000, 93_000_000, "31 of 93 MB · 30 s left")
    assert steps.state().text == "1 of 4 steps · 15 s"
    assert loading.state() == (0, None, "15 s")


def test_durations_and_more_than_was_expected():
    assert [duration(seconds) for seconds in (0.9, 119, 200)] == ["0 s", "119 s", "3 min 20 s"]
    done = Progress(10, rows)
    done.update(12)
    assert done.state()[:2] == (10, 10)
    assert rows(0, 1) == "0 of 1 row"


def test_names_are_escaped_and_an_unknown_length_has_no_value():
    assert '<progress aria-label="&lt;b&gt;&quot;" value="1" max="2"' in as_html('<b>"', progress.State(1, 2, "x"))
    unknown = as_html("loading", progress.State(0, None, "4 s"))
    assert "value" not in unknown and "max=" not in unknown and ">loading · 4 s<" in unknown


# In a notebook ------------------------------------------------------------------------------------------------------


class Bar(HTMLParser):
    """The attributes of the bar in a piece of HTML, and the text beside it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "progress":
            self.attributes = dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Shown:
    """What a cell showed: its displays, when it began and drew each, its printed text and its error."""

    began: datetime | None = None  # by the kernel's clock, as are the times of the displays
    displays: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    kinds: list[str] = field(default_factory=list)
    text: str = ""
    error: str = ""

    @property
    def bars(self) -> list[Bar]:
        return [Bar(data["text/html"]) for _time, data in self.displays if data]

    def assert_came_and_went(self, name: str) -> None:
        """One bar with this name, after two seconds, redrawn five times a second at most, with nothing left of it."""
        assert self.kinds[0] == "display_data" and set(self.kinds[1:]) == {"update_display_data"} and len(self.ids) == 1
        assert {bar.attributes["aria-label"] for bar in self.bars} == {name}
        times = [self.began, *(time for time, _data in self.displays[:-1])]
        pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
        assert pauses[0] > 1.9 and all(pause > 0.19 for pause in pauses)
        assert all(set(data) == {"text/html", "text/plain"} for _time, data in self.displays[:-1])
        assert self.displays[-1][1] == {}


def look(kernel: Kernel, code: str, interrupt: bool = False, timeout: float = 600) -> Shown:
    """Run `code`; with `interrupt`, only until it shows its bar."""
    shown = Shown()

    def hear(message: dict) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "execute_input":
            shown.began = message["header"]["date"]
        elif kind in ("display_data", "update_display_data"):
            shown.displays.append((message["header"]["date"], content["data"]))
            shown.ids.add(content["transient"]["display_id"])
            shown.kinds.append(kind)
            if interrupt and len(shown.kinds) == 1:
                kernel.manager.interrupt_kernel()
        elif kind == "stream":
            shown.text += content["text"]
        elif kind == "error":
            shown.error = content["ename"]

    kernel.client.execute_interactive(code, timeout=timeout, output_hook=hear)
    return shown


def is_silent(shown: Shown) -> bool:
    return not (shown.displays or shown.text or shown.error)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("progress"), PROMPT2DATA_PROGRESS="1")
    assert kernel.run(COUNTING + "import threading").status == "ok"
    yield kernel
    assert kernel.run("print([t for t in threading.enumerate() if t.name == 'progress'])").text == "[]\n"
    kernel.shutdown()


def test_a_generation_shows_a_bar_that_counts_and_goes(kernel: Kernel) -> None:
    shown = look(kernel, "generate(4)")
    shown.assert_came_and_went("generating")
    values = [float(bar.attributes["value"]) for bar in shown.bars]
    assert (
        values == sorted(values) and values[0] < values[-1] and {bar.attributes["max"] for bar in shown.bars} == {"40"}
    )
    assert re.fullmatch(r"\d+ of 40 rows · \d+ tokens/s · \d+ s left", shown.bars[0].text)
    assert shown.displays[0][1]["text/plain"] == f"generating · {shown.bars[0].text}"
    assert shown.text == shown.error == ""


def test_nothing_is_shown_of_what_is_quick(kernel: Kernel) -> None:
    later = "\ntry:\n    generate(0.5)\nfinally:\n    progress._DELAY_SECONDS = 2.0"
    assert is_silent(look(kernel, QUICK + later))


def test_nothing_is_shown_where_nobody_looks(kernel: Kernel) -> None:
    off = "import os; os.environ['PROMPT2DATA_PROGRESS'] = '0'\ntry:\n    generate(3)\nfinally:\n    "
    assert is_silent(look(kernel, off + "os.environ['PROMPT2DATA_PROGRESS'] = '1'"))


def test_work_that_blocks_shows_how_long_it_takes(kernel: Kernel) -> None:
    shown = look(kernel, "with progress_bar(None, 'loading the model'):\n    time.sleep(4.5)")
    shown.assert_came_and_went("loading the model")
    seconds = [int(re.fullmatch(r"loading the model · (\d+) s", bar.text)[1]) for bar in shown.bars]
    assert seconds[0] >= 2 and seconds == sorted(set(seconds)), "drawn where it changes"


@pytest.mark.parametrize("blocking", ["generate(60)", "with progress_bar(None, 'x'):\n    time.sleep(60)"])
def test_it_goes_after_an_interrupt(kernel: Kernel, blocking: str) -> None:
    shown = look(kernel, blocking, interrupt=True)
    assert shown.error == "KeyboardInterrupt"
    assert shown.bars and shown.displays[-1][1] == {}


def test_it_goes_after_a_failure(kernel: Kernel) -> None:
    shown = look(kernel, "generate(4, fail_after=20)")
    assert shown.error == "ValueError" and shown.bars and shown.displays[-1][1] == {}


@pytest.mark.parametrize("broken", ["DisplayHandle.display", "DisplayHandle.update"])
def test_a_display_that_fails_does_not_harm_the_work(kernel: Kernel, broken: str) -> None:
    code = (
        "from IPython.display import DisplayHandle\n"
        f"kept = {broken}\n"
        "def fail(*args, **kwargs):\n    raise RuntimeError('no display')\n"
        f"{broken} = fail\n"
        f"try:\n    generate(3)\n    print('generated')\nfinally:\n    {broken} = kept"
    )
    shown = look(kernel, code)
    assert (shown.text, shown.error) == ("generated\n", "")


def test_a_bar_speaks_the_readers_language(kernel: Kernel) -> None:
    code = "from prompt2data import i18n\ni18n.set_language('zh')\ntry:\n    generate(2.5)\nfinally:\n    "
    shown = look(kernel, code + "i18n.set_language('en')")
    assert {bar.attributes["aria-label"] for bar in shown.bars} == {"正在生成"}


def test_a_real_generation_shows_its_pace(kernel: Kernel) -> None:
    made = (
        "from prompt2data import setup, BatchedTransformersLLM\nsetup()\nllm = BatchedTransformersLLM(cache=False)\n"
        "llm.load()\nchats = [[{'role': 'user', 'content': f'Tell me {n} things about bread.'}] for n in range(8)]\n"
        "warm = llm.generate(chats[:1], max_new_tokens=1)"
    )
    assert kernel.run(made, timeout=300).status == "ok"
    shown = look(kernel, "outputs = llm.generate(chats, max_new_tokens=200, temperature=1.0)")
    shown.assert_came_and_went("generating")
    assert re.match(r"\d+ of 8 rows · 8 at once · [1-9]\d* tokens/s", shown.bars[-1].text)
    assert kernel.run("print(len(outputs))").text == "8\n"


# A model from the hub -----------------------------------------------------------------------------------------------


class Hub(BaseHTTPRequestHandler):
    """A model hub that knows how large the files of one model are."""

    def do_GET(self) -> None:
        sizes = {"model-1.safetensors": 6_000_000, "model-2.safetensors": 4_000_000, "readme.md": 5_000_000}
        files = [{"rfilename": name, "size": size} for name, size in sizes.items()]
        body = json.dumps({"id": "a/model", "modelId": "a/model", "siblings": files}).encode()
        self.send_response(200 if "/a/model" in self.path else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(("name", "text"), [("a/model", "3 of 10 MB · "), ("a/nother", "")])
def test_a_model_that_is_fetched_from_the_hub_shows_its_bytes(tmp_path, monkeypatch, name: str, text: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("PROMPT2DATA_PROGRESS", "1")
    blobs = tmp_path / f"models--{name.replace('/', '--')}" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "tokenizer").write_bytes(bytes(1_000_000))
    with models.fetching(name) as bar:
        (blobs / "weights.incomplete").write_bytes(bytes(3_000_000))
        assert bar.state().text.startswith(text) and (bar.state().total is None) == (text == "")
    server.shutdown()
    server.server_close()


# Pipelines ----------------------------------------------------------------------------------------------------------

SLOW = (
    STEPS
    + """
class Slow(Times):
    def process(self, inputs: StepInput):
        time.sleep(0.7)
        yield from super().process(inputs)


def slow(rows=12, fault=""):
    with Pipeline() as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"n": n} for n in range(rows)], batch_size=2)
        load >> Slow(name="ask", input_batch_size=2) >> Slow(name="answer", input_batch_size=2, fault=fault)
    return pipeline
"""
)


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("pipelines"), PROMPT2DATA_PROGRESS="1")
    assert kernel.run("from prompt2data import setup\nsetup()" + SLOW).status == "ok"
    # The first run also starts the process that workers are forked from.
    assert kernel.run("three_steps([1]).run()").status == "ok"
    yield kernel
    kernel.shutdown()


def test_a_run_shows_the_rows_of_each_step(pipelines: Kernel) -> None:
    shown = look(pipelines, "distiset = slow().run()")
    shown.assert_came_and_went("running the pipeline")
    last = shown.bars[-1]
    assert re.fullmatch(r"load 12 rows · ask 12 rows · answer \d+ rows · \d+ s", last.text)
    assert last.attributes["max"] == "24"  # two steps of twelve rows each; loading is no work
    values = [float(bar.attributes.get("value", 0)) for bar in shown.bars]
    assert values == sorted(values) and values[0] < values[-1] <= 24
    assert shown.text == "Pipeline finished: 3 steps, 12 rows.\n"


def test_a_run_that_is_quick_or_not_looked_at_shows_nothing(pipelines: Kernel) -> None:
    quick = QUICK + "try:\n    three_steps([1, 2]).run()\nfinally:\n    progress._DELAY_SECONDS = 2.0"
    assert look(pipelines, quick).displays == []
    off = "os.environ['PROMPT2DATA_PROGRESS'] = '0'\ntry:\n    slow(6).run()\nfinally:\n    "
    assert look(pipelines, off + "os.environ['PROMPT2DATA_PROGRESS'] = '1'").displays == []


def test_the_bar_of_a_run_goes_after_an_interrupt_and_after_a_failure(pipelines: Kernel) -> None:
    shown = look(pipelines, "slow(200).run()", interrupt=True)
    assert shown.error == "RunInterrupted" and shown.bars and shown.displays[-1][1] == {}
    shown = look(pipelines, "slow(12, fault='kill unload').run()")
    assert shown.error == "WorkerDied" and shown.bars and shown.displays[-1][1] == {}


# Without a notebook -------------------------------------------------------------------------------------------------


def in_terminal(code: str, **extra: str) -> str:
    """What a script writes to a terminal that is its stdout and its stderr."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(PROMPT2DATA_PROGRESS="1", **extra),
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not read:
            break
        written += read
    os.close(ours)
    assert process.wait() == 0, written.decode()
    return written.decode()


def after_all(written: str) -> str:
    """What is left on the line when every carriage return has been obeyed."""
    line = ""
    for part in written.replace("\x1b[A", "").split("\r"):
        line = part + line[len(part) :]
    return line.strip()


BLOCKING = (
    "import time\nfrom prompt2data.display.progress import progress_bar\n"
    "with progress_bar(None, 'loading'):\n    time.sleep(3)"
)


def test_a_terminal_gets_a_line_that_is_wiped() -> None:
    written = in_terminal(COUNTING + "generate(3)")
    assert re.search(r"generating · \d+ of 40 rows · \d+ tokens/s · \d+ s left \|", written)
    assert "\n" not in written and after_all(written) == ""
    assert re.search(r"loading · \d+ s", in_terminal(BLOCKING))
    assert in_terminal(QUICK + COUNTING + "generate(0.5)") == ""


def test_a_file_gets_nothing_of_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKING], cwd=ROOT, env=environment(PROMPT2DATA_PROGRESS="1"), capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_set_up_shows_its_clock_and_what_pip_does(tmp_path: Path) -> None:
    pip = "import time; print('Collecting torch', flush=True); time.sleep(4); print('ok')"
    code = (
        "import sys; sys.path.insert(0, 'scripts')\nfrom pathlib import Path\nimport setup\n"
        f"folder = Path({str(tmp_path)!r})\nsetup.run_pip([sys.executable, '-c', {pip!r}], folder / 'log', folder)"
    )
    written = in_terminal(code)
    seconds = [int(number) for number in re.findall(r"(\d+) s  Collecting torch", written)]
    assert seconds[0] >= 2 and seconds[-1] > seconds[0] and seconds == sorted(seconds)
    assert "\n" not in written and after_all(written) == ""
    assert (tmp_path / "log").read_text().splitlines() == ["Collecting torch", "ok"]
