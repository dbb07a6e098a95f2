"""Sets the course up and starts its commands; the Makefile only forwards to it.

    python3 scripts/setup.py lab [CODE]   set up, then open JupyterLab at the first lesson (CODE: en, vi, zh, ja, ko)
    python3 scripts/setup.py learner      only set up what the lessons need
    python3 scripts/setup.py dev          the same, with what builds and tests the course
    python3 scripts/setup.py python LEVEL ARGUMENTS…   set up for LEVEL, then run .venv's Python

Standard library only: it runs before anything is installed. What it installed is remembered in `.venv` by the hash
of the requirement files, so a second call installs nothing. Every failure is one sentence with a way out.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import runpy
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOWEST = (3, 11)
LEVELS = {
    "learner": ("requirements.txt", "requirements-lab.txt"),
    "dev": ("requirements.txt", "requirements-lab.txt", "requirements-ray.txt", "requirements-dev.txt"),
}
# Language of the course -> that of JupyterLab's menus
INTERFACE = {"en": "default", "vi": "vi_VN", "zh": "zh_CN", "ja": "ja_JP", "ko": "ko_KR"}

# Cause by `pip_errors.cause` -> the sentence, which ends with "then run the command again"
PIP_FAILURES = {
    "disk full": "The disk filled up during the installation: free about 5 GB, ",
    "quota": (
        "Your disk quota is used up: free about 5 GB of yours, or move the course to a disk without a quota (pip's own "
        "files go where TMPDIR and PIP_CACHE_DIR say), "
    ),
    "long path": (
        "A file's path is too long for this system: move the course to a short folder such as C:\\p2d, or switch on "
        "long paths in Windows (https://pip.pypa.io/warnings/enable-long-paths), "
    ),
    "memory": (
        "The memory ran out during the installation: close other programs, or set PIP_NO_CACHE_DIR=1, with which pip "
        "needs less, "
    ),
    "certificate": (
        "The certificate of the package index was refused: if your network inspects encrypted connections, ask who "
        "runs it for its certificate and name that file in PIP_CERT; if not, set this computer's clock right; "
    ),
    "proxy login": (
        "The proxy of your network asks for a name and a password: set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT, "
    ),
    "proxy": (
        "The proxy of your network lets nothing through: correct HTTPS_PROXY, unset it where there is no proxy, or ask "
        "who runs it to allow the package index, "
    ),
}


class CannotSetUp(Exception):
    """The text is one sentence with a way out."""


def venv_folder(root: Path) -> Path:
    return root / ".venv"


def venv_python(root: Path) -> Path:
    """The interpreter of the course's own environment."""
    return venv_folder(root) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(root: Path, level: str) -> str:
    """Hash of everything that decides what `level` installs."""
    # The editable installation names the folder that .venv was made in: a moved course is installed again.
    digest = hashlib.sha256(str(venv_folder(root).resolve().parent).encode())
    for name in (*LEVELS[level], "constraints.txt", "pyproject.toml"):
        digest.update(name.encode() + b"\0" + (root / name).read_bytes())
    return digest.hexdigest()


def installed(root: Path, level: str) -> bool:
    """Whether `.venv` holds what `level` needs, as the requirement files read now."""
    stamp = venv_folder(root) / f"installed-{level}"
    return venv_python(root).exists() and stamp.exists() and stamp.read_text() == fingerprint(root, level)


def install(root: Path, level: str) -> None:
    """Create `.venv` where it is missing and install `level` into it. Raises `CannotSetUp`."""
    if installed(root, level):
        return
    python, log = venv_python(root), venv_folder(root) / "setup.log"
    if not python.exists() or subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode:
        print("Creating .venv …", flush=True)
        with status_line():
            result = subprocess.run(
                [sys.executable, "-m", "venv", "--clear", str(venv_folder(root))], capture_output=True, text=True
            )
        if result.returncode:
            raise CannotSetUp(explain_venv(result.stdout + result.stderr))
    print("Installing packages into .venv (the first time takes some minutes) …", flush=True)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    command += ["--progress-bar", "off", "--constraint", str(root / "constraints.txt")]
    for name in LEVELS[level]:
        command += ["--requirement", str(root / name)]
    run_pip(command, log, root)
    run_pip([*command[: command.index("--constraint")], "--no-deps", "--editable", str(root)], log, root)
    for done in LEVELS:
        if set(LEVELS[done]) <= set(LEVELS[level]):
            (venv_folder(root) / f"installed-{done}").write_text(fingerprint(root, done))


@contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """Show a line with the elapsed seconds and what is being done on a terminal; it is wiped at the end.

    Yields the function to call with the words. The line appears after two seconds; a thread updates its clock, because
    pip prints nothing for minutes while it writes the packages it has fetched.
    """
    if not sys.stdout.isatty() or os.environ.get("PROMPT2DATA_PROGRESS") == "0":
        yield lambda words: None
        return
    start, words, done = time.monotonic(), [""], threading.Event()

    def write(text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]:<{width}}", end="", flush=True)

    def tick() -> None:
        pause = 2.0
        while not done.wait(pause):
            pause = 0.5
            write(f"{int(time.monotonic() - start)} s  {words[0]}")

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield lambda text: words.__setitem__(0, text)
    finally:
        done.set()
        thread.join()
        write("")
        print(end="\r", flush=True)


def run_pip(command: list[str], log: Path, root: Path) -> None:
    """Run pip with its output in `log` and, on a terminal, the package it is at. Raises `CannotSetUp`."""
    with status_line() as say, open(log, "w", encoding="utf-8") as sink:
        with subprocess.Popen(
            command, encoding="utf-8", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as child:
            for line in child.stdout or ():
                sink.write(line)
                if line.strip().startswith(("Collecting", "Downloading", "Installing", "Building")):
                    say(line.strip())
    if child.returncode:
        # SIGKILL without a word is how a system ends what asks for more memory than there is.
        text = log.read_text("utf-8") + ("\nMemoryError\n" if child.returncode == -9 else "")
        raise CannotSetUp(explain_pip(text, log.relative_to(root)))


def explain_venv(text: str) -> str:
    """One sentence for a failed `python -m venv`."""
    if "ensurepip" in text:
        return (
            "This Python cannot make virtual environments (it lacks ensurepip): install your system's venv package "
            "for it (on Debian and Ubuntu: python3-venv), then run the command again."
        )
    reason = (text.strip().splitlines() or ["no reason given"])[-1]
    return f"The folder .venv could not be made ({reason}): check that this folder is writable and the disk has room."


def explain_pip(text: str, log: Path) -> str:
    """One sentence for what pip printed before it failed; `log` holds the rest."""
    pip = runpy.run_path(str(ROOT / "prompt2data" / "models" / "pip_errors.py"))
    cause, wanted = pip["cause"](text), pip["wanted"](text)
    again = f"then run the command again (log: {log})."
    if wanted.startswith("torch") and (pip["for_intel_mac"](text) or is_intel_mac()):
        return (
            "PyTorch has no packages for Macs with an Intel processor any more: open the course in Colab (README.md), "
            f"or, if this Mac has an Apple processor, run it with an arm64 Python, after removing .venv (log: {log})."
        )
    if cause in PIP_FAILURES:
        return PIP_FAILURES[cause] + again
    if cause in ("interrupted", "unreachable"):
        what = f" for {wanted}" if wanted else ""
        return (
            f"The package index could not be reached{what}: connect to the network, then run the command again; "
            f"after that the course works offline (log: {log})."
        )
    if wanted:
        version = ".".join(map(str, sys.version_info[:2]))
        return (
            f"No package for {wanted} fits this machine and Python {version}: try another Python, for "
            f"instance `make lab PYTHON=python3.13`, after removing .venv (log: {log})."
        )
    reason = pip["last_error"](text, otherwise="pip ended without a reason")
    if cause == "conflict":
        return (
            f"Packages that the course needs do not fit each other ({reason}): restore requirements.txt and "
            f"constraints.txt as they came, remove .venv, {again}"
        )
    return f"The installation failed ({reason}): the full log is in {log}."


def is_intel_mac() -> bool:
    return sys.platform == "darwin" and platform.machine() == "x86_64"


def fetch_models(root: Path) -> None:
    """Fetch the two embedded models where they are missing. Raises `CannotSetUp` after the sentence was printed."""
    if subprocess.run([venv_python(root), "-m", "prompt2data.models"], cwd=root).returncode:
        raise CannotSetUp("")


def first_lesson(root: Path, language: str) -> str:
    """The exercise notebook that JupyterLab opens at, relative to `root`. Raises `CannotSetUp` for another language."""
    if language not in INTERFACE:
        raise CannotSetUp(f"The course has no language {language!r}: choose one of {', '.join(INTERFACE)}.")
    folder = root / "notebooks" if language == "en" else root / "translations" / language / "notebooks"
    notebooks = sorted(folder.glob("[0-9]*.ipynb"))
    return notebooks[0].relative_to(root).as_posix() if notebooks else ""


def lab_settings(root: Path, language: str) -> Path:
    """The folder of JupyterLab's settings for this language: the course's own, with the language of the menus."""
    own = root / "scripts" / "jupyter"
    folder = venv_folder(root) / "jupyter" / language
    shutil.copytree(own, folder, dirs_exist_ok=True)
    overrides = folder / "labconfig" / "default_setting_overrides.json"
    settings = json.loads(overrides.read_text("utf-8"))
    settings["@jupyterlab/translation-extension:plugin"] = {"locale": INTERFACE[language]}
    overrides.write_text(json.dumps(settings, indent=2), "utf-8")
    return folder


def lab_command(root: Path, language: str = "en") -> tuple[list[str], dict[str, str]]:
    """What `make lab` starts: command and environment. `LAB_ARGS` is appended. Raises `CannotSetUp`."""
    lesson = first_lesson(root, language)
    command = [str(venv_python(root)), "-m", "jupyter", "lab", f"--ServerApp.root_dir={root}"]
    command.append(f"--LabApp.default_url=/lab/tree/{lesson}" if lesson else "--LabApp.default_url=/lab")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # JupyterLab refuses root otherwise
        command.append("--allow-root")
    command += shlex.split(os.environ.get("LAB_ARGS", ""))
    # The course's settings for JupyterLab (no news pop-up) stand before the learner's own.
    paths = [str(lab_settings(root, language)), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return command, os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}


def hand_over(command: list[str], environment: dict[str, str]) -> int:
    """Become `command` (where the system can), so that signals and the exit code are its own."""
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    os.execve(command[0], command, environment)


def newer_python() -> str | None:
    """A Python on the PATH that is new enough, when this one is not."""
    for minor in (13, 12, 11, 14):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def main(arguments: list[str]) -> int:
    if sys.version_info < LOWEST:
        better = newer_python()
        if better:
            return hand_over([better, *sys.argv], dict(os.environ))
        print(
            f"The course needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}: install a newer "
            "Python, then run the command again (or name it: make lab PYTHON=/path/to/python).",
            file=sys.stderr,
        )
        return 1
    goal = arguments[0] if arguments else ""
    level = arguments[1] if goal == "python" and len(arguments) > 1 else "learner" if goal == "lab" else goal
    if level not in LEVELS:
        print(__doc__, file=sys.stderr)
        return 2
    language = arguments[1] if goal == "lab" and len(arguments) > 1 else "en"
    try:
        if goal == "lab":
            first_lesson(ROOT, language)  # a misspelt language is told before minutes of set-up
        install(ROOT, level)
        fetch_models(ROOT)
        command = lab_command(ROOT, language) if goal == "lab" else None
    except CannotSetUp as error:
        if str(error):
            print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The set-up could not write {error.filename} ({error.strerror}): check the folder's permissions and the "
              "disk's free space, then run the command again.", file=sys.stderr)  # fmt: skip
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: run the same command again to go on.", file=sys.stderr)
        return 1
    if command:
        return hand_over(*command)
    if goal == "python":
        return hand_over([str(venv_python(ROOT)), *arguments[2:]], dict(os.environ))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
