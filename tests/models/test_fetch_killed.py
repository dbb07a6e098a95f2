"""Real kills and full disks in the middle of the fetch and of the conversion."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from prompt2data.ground.whole import STAGING
from prompt2data.models.embedded import LANGUAGE_MODEL, fetch, is_whole, manifest
from tests.models.support import ROOT, models_command, nothing_kept, pip_from, slowly


def start(home: Path, environment: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        models_command(only="fetch"),
        env=environment | {"PROMPT2DATA_HOME": str(home)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(what: Callable[[], bool], process: subprocess.Popen) -> None:
    """Wait until it happens, for as long as the process lives that should bring it about."""
    while not what():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def staged(home: Path, pattern: str, at_least: int = 1) -> bool:
    """Whether a half-made model folder holds a file like `pattern` of `at_least` bytes."""
    for path in home.glob(f"models/{STAGING}*/{pattern}"):
        try:
            if path.stat().st_size >= at_least:
                return True
        except FileNotFoundError:
            continue
    return False


def kill(process: subprocess.Popen) -> None:
    """SIGKILL `process`; its children must follow."""
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGKILL)
    process.communicate()
    _gone, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


def test_killed_twice_then_two_at_once(serve: Callable, shelf: Path, tmp_path: Path) -> None:
    home, index = tmp_path / "home", serve(slowly)
    fetching = start(home, pip_from(url=index.url))
    wait_for(lambda: staged(home, "pip/**/*", at_least=1_000_000), fetching)
    kill(fetching)

    converting = start(home, pip_from(folder=shelf))
    wait_for(lambda: staged(home, f"{LANGUAGE_MODEL.name}/model.gguf", at_least=98_000_000), converting)
    assert not staged(home, "pip/**/*.whl"), "what the first one left is swept away"
    wait_for(lambda: len(psutil.Process(converting.pid).children()) == 1 and not staged(home, "*.whl"), converting)
    kill(converting)
    assert not (home / "models" / LANGUAGE_MODEL.name).exists()

    index = serve()
    both = [start(home, pip_from(url=index.url)) for _ in range(2)]
    for process in both:
        _out, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors
    assert index.sent == 1, "the second process waits for the first instead of fetching again"
    made = home / "models" / LANGUAGE_MODEL.name
    assert is_whole(made, LANGUAGE_MODEL)
    assert sorted(path.name for path in (home / "models").iterdir()) == [".lock", LANGUAGE_MODEL.name]
    assert manifest(made) == manifest(fetch()), "the same bytes as any other conversion by these versions"


def test_interrupt_from_the_keyboard(serve: Callable, tmp_path: Path) -> None:
    home, index = tmp_path / "home", serve(slowly)
    process = subprocess.Popen(
        models_command(),
        env=pip_from(url=index.url) | {"PROMPT2DATA_HOME": str(home)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: staged(home, "pip/**/*", at_least=1_000_000), process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the whole group gets it
    _out, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("Interrupted")
    assert errors.count("\n") == 1
    assert nothing_kept(home)


@pytest.mark.parametrize("moment", ["before", "while fetching", "while converting"])
def test_full_disk(moment: str, serve: Callable, shelf: Path, tmp_path: Path) -> None:
    """A small disk of its own, filled up at the worst moment."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = 300 if moment == "before" else 720
    environment = pip_from(url=serve(slowly).url) if moment == "while fetching" else pip_from(folder=shelf)
    environment |= {"PROMPT2DATA_HOME": str(disk / "home"), "DISK": str(disk)}
    fill = {
        "before": "true",
        "while fetching": 'until find "$DISK"/home -path "*/pip/*" -size +1M | grep -q .; do sleep 0.1; done',
        "while converting": 'until ls "$DISK"/home/models/.making-*/*/model.gguf; do sleep 0.1; done; sleep 2',
    }[moment]
    script = f"""
        mount -t tmpfs -o size={size}m tmpfs "$DISK" || exit 77
        python_says() {{ "$@" 2> "$DISK.err"; echo $? > "$DISK.code"; }}
        python_says "$@" &
        {{ {fill}; }} > /dev/null 2>&1
        [ "{moment}" = before ] || head -c {size}m /dev/zero > "$DISK/filler" 2> /dev/null
        wait
        rm -f "$DISK/filler"
        find "$DISK/home" -type f ! -name .lock > "$DISK.left"
    """
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    result = subprocess.run(
        [*unshare, "bash", "-c", script, "bash", *models_command(only="fetch")],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert result.returncode != 77, f"This machine lets nobody mount a small disk to fill up: {result.stderr}"
    said = Path(f"{disk}.err").read_text().strip()
    assert Path(f"{disk}.code").read_text().strip() == "1", said
    assert len(said.splitlines()) == 1, said
    assert "disk" in said
    assert "free some space" in said
    assert Path(f"{disk}.left").read_text() == ""
