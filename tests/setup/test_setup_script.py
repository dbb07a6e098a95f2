"""scripts/setup.py and the Makefile: what a call does, and what it says when it cannot go on."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.models.support import ROOT, pip_from


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("course_setup", ROOT / "scripts" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of what the set-up reads."""
    root = tmp_path / "course"
    root.mkdir()
    lists = [path.name for path in ROOT.glob("requirements*.txt")]
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE", "constraints.txt", *lists):
        shutil.copy(ROOT / name, root)
    for name in ("scripts", "prompt2data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_a_second_call_installs_and_fetches_nothing() -> None:
    command = ["make", "-s", f"PYTHON={sys.executable}", "help"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    call = [sys.executable, "scripts/setup.py", "python", "dev", "-c", "pass"]
    subprocess.run(call, cwd=ROOT, check=True, capture_output=True)
    # An index out of reach: whoever wanted to install or fetch would fail.
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, env=pip_from(url="http://127.0.0.1:9"))
    assert done.returncode == 0, done.stderr
    assert "Installing" not in done.stdout
    assert "Fetching" not in done.stdout


def test_what_counts_as_installed(script: ModuleType, course: Path) -> None:
    python = script.venv_python(course)
    python.parent.mkdir(parents=True)
    python.touch()
    stamp = course / ".venv" / "installed-learner"
    assert not script.installed(course, "learner")
    stamp.write_text(script.fingerprint(course, "learner"))
    assert script.installed(course, "learner")
    assert not script.installed(course, "dev")
    with open(course / "requirements-dev.txt", "a") as file:
        file.write("another>=1\n")
    assert script.installed(course, "learner"), "learners do not wait for a change in what builds the course"
    with open(course / "requirements.txt", "a") as file:
        file.write("another>=1\n")
    assert not script.installed(course, "learner")


def test_a_moved_course_is_installed_again(script: ModuleType, course: Path) -> None:
    (course / ".venv").mkdir()
    before = script.fingerprint(course, "learner")
    moved = course.rename(course.parent / "elsewhere")
    assert script.fingerprint(moved, "learner") != before


def run_make(
    goal: str, root: Path, environment: dict[str, str], *prefix: str, **options: str
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*prefix, "make", goal, *(f"{key}={value}" for key, value in options.items())],
        cwd=root, env=environment, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def said(done: subprocess.CompletedProcess) -> str:
    """The one sentence on stderr; make's own line about the goal aside."""
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1 and lines[0].endswith("."), done.stderr
    return lines[0]


def test_no_network_before_set_up(course: Path, no_network: list[str]) -> None:
    """In a network of its own, without a way out."""
    sentence = said(run_make("lab", course, dict(os.environ), *no_network, PYTHON=sys.executable))
    assert sentence.startswith("The package index could not be reached")
    assert "connect to the network, then run the command again" in sentence
    assert (course / ".venv" / "setup.log").stat().st_size > 0
    assert not list((course / ".venv").glob("installed-*"))


def test_no_python(course: Path) -> None:
    sentence = said(run_make("lab", course, dict(os.environ), PYTHON="python-that-is-not-there"))
    assert "needs Python 3.11 or newer" in sentence


def test_python_too_old(script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(script.sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "")
    assert script.main(["lab"]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_an_old_python_can_read_the_script() -> None:
    for version in ((3, 7), (3, 9)):
        ast.parse((ROOT / "scripts" / "setup.py").read_text("utf-8"), feature_version=version)


def test_a_newer_python_is_found(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = tmp_path / "python3.12"
    newer.write_text("")
    newer.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.newer_python() == str(newer)


def test_nothing_fits_this_python(script: ModuleType, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "no-such-package-of-ours>=1"]
    with pytest.raises(script.CannotSetUp, match="No package for no-such-package-of-ours.* fits this machine"):
        script.run_pip(command, tmp_path / "setup.log", tmp_path)


def test_a_successful_pip_is_quiet(script: ModuleType, tmp_path: Path) -> None:
    script.run_pip([sys.executable, "-m", "pip", "--version"], tmp_path / "setup.log", tmp_path)
    assert "pip" in (tmp_path / "setup.log").read_text()


def test_full_disk_and_other_failures(script: ModuleType) -> None:
    text = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    assert "disk filled up" in script.explain_pip(text, Path(".venv/setup.log"))
    for text in ("Read timed out.", "Failed to establish a new connection: [Errno 111] Connection refused"):
        assert "could not be reached" in script.explain_pip(text, Path(".venv/setup.log"))
    text = "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies."
    assert "conflicting dependencies" in script.explain_pip(text, Path(".venv/setup.log"))


RETRY = """WARNING: Retrying (Retry(total=1, connect=None, read=None, status=None)) after connection broken by \
'{}': /simple/{}/
"""
NONE_FOUND = """ERROR: Could not find a version that satisfies the requirement {0}>=4 (from versions: none)
ERROR: No matching distribution found for {0}>=4
"""
TIMED_OUT = RETRY.format(
    "ReadTimeoutError(\"HTTPSConnectionPool(host='index.example', port=443): Read timed out.\")", "numpy"
)
UNTRUSTED = RETRY.format(
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
    "certificate in certificate chain (_ssl.c:1006)'))",
    "distilabel",
)
ASKED = RETRY.format(
    "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication Required'))",
    "distilabel",
)
NO_PROXY = RETRY.format("ProxyError('Cannot connect to proxy.', NewConnectionError('refused'))", "distilabel")
CONFLICT = """ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/
"""
INTEL = """ERROR: Could not find a version that satisfies the requirement torch>=2.9 (from versions: {})
ERROR: No matching distribution found for torch>=2.9
"""
OS_ERROR = "ERROR: Could not install packages due to an OSError: {}\n"
TRACEBACK = """ERROR: Exception:
Traceback (most recent call last):
  File "/x/pip/_internal/cli/base_command.py", line 105, in _run_wrapper
    status = _inner_run()
  File "/x/pip/_vendor/msgpack/fallback.py", line 1, in pack
    return self._buffer.getvalue()
{}
"""
FAILURES = {
    "inspection": (UNTRUSTED * 3 + NONE_FOUND.format("distilabel"), "name that file in PIP_CERT"),
    "inspection, fetching": (
        "Collecting a\n"
        + OS_ERROR.format(
            "HTTPSConnectionPool(host='f', port=443): Max retries exceeded with url: /a "
            "(Caused by SSLError(SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer')))"
        ),
        "certificate of the package index was refused",
    ),
    "proxy login": (ASKED * 3 + NONE_FOUND.format("distilabel"), "set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT"),
    "proxy": (NO_PROXY * 3 + NONE_FOUND.format("distilabel"), "correct HTTPS_PROXY"),
    "unreachable": (
        RETRY.format(
            "NewConnectionError('<x>: Failed to establish a new connection: [Errno -3] Temporary failure in "
            "name resolution')",
            "distilabel",
        )
        * 3
        + NONE_FOUND.format("distilabel"),
        "could not be reached for distilabel>=4",
    ),
    "after what was fetched": ("Collecting a\n" + TIMED_OUT * 3 + NONE_FOUND.format("numpy"), "could not be reached"),
    "unreachable beside a local folder": (
        TIMED_OUT + TIMED_OUT.replace("total=1", "total=0") + CONFLICT,
        "could not be reached",
    ),
    "conflict after a retry": (TIMED_OUT + "Collecting numpy\n" + CONFLICT, "(Cannot install a==1 and b==2"),
    "conflict right after a retry": (TIMED_OUT + CONFLICT, "do not fit each other"),
    "refused after a retry": (TIMED_OUT + INTEL.format("1.0, 2.9.1"), "No package for torch>=2.9 fits this machine"),
    "not there after a retry": (
        TIMED_OUT + "Collecting numpy\n" + NONE_FOUND.format("nothing"),
        "No package for nothing>=4 fits this machine",
    ),
    "build after a retry": (
        TIMED_OUT + "Collecting a\n  Preparing metadata (pyproject.toml): finished with status 'error'\n"
        "ERROR: Failed to build 'a' when getting requirements to build wheel\n",
        "(Failed to build 'a' when getting requirements to build wheel)",
    ),
    "Intel Mac": (INTEL.format("2.2.0, 2.2.1, 2.2.2"), "open the course in Colab"),
    "Intel Mac, older Python": (INTEL.format("1.13.0, 2.0.0, 2.1.2, 2.2.0, 2.2.1, 2.2.2"), "Intel processor"),
    "quota": (
        OS_ERROR.format("[Errno 122] Disk quota exceeded: '/home/x/.venv/lib/torch.so'"),
        "disk quota is used up",
    ),
    "quota of macOS": (OS_ERROR.format("[Errno 69] Disc quota exceeded"), "disk quota is used up"),
    "long paths": (
        OS_ERROR.format("[Errno 2] No such file or directory: 'C:\\\\Users\\\\x'")
        + "HINT: This error might have occurred "
        "since this system does not have Windows Long Path support enabled. You can find information on how to enable "
        "this at https://pip.pypa.io/warnings/enable-long-paths\n",
        "short folder such as C:\\p2d",
    ),
    "long file name": (OS_ERROR.format("[WinError 206] The filename or extension is too long"), "short folder"),
    "memory": (TRACEBACK.format("MemoryError"), "close other programs"),
    "memory of the system": (OS_ERROR.format("[Errno 12] Cannot allocate memory"), "close other programs"),
    "full": (OS_ERROR.format("[Errno 28] No space left on device"), "disk filled up"),
    "another exception": (TRACEBACK.format("ValueError: too many values"), "(ValueError: too many values)"),
    "nothing": ("", "pip ended without a reason"),
}


@pytest.mark.parametrize(("text", "said"), FAILURES.values(), ids=FAILURES)
def test_each_failure_is_one_sentence_with_its_way_out(script: ModuleType, text: str, said: str) -> None:
    sentence = script.explain_pip(text, Path(".venv/setup.log"))
    assert said in sentence and "setup.log" in sentence
    assert (
        "\n" not in sentence
        and sentence.endswith(".")
        and "connect to the network" not in sentence
        or "reached" in said
    )


def test_an_intel_mac_is_known_without_any_torch(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    text = INTEL.format("none")
    assert "another Python" in script.explain_pip(text, Path(".venv/setup.log"))
    monkeypatch.setattr(script, "is_intel_mac", lambda: True)
    assert "Colab" in script.explain_pip(text, Path(".venv/setup.log"))
    assert "another Python" in script.explain_pip(NONE_FOUND.format("a"), Path(".venv/setup.log"))


def test_a_pip_that_was_killed_ran_out_of_memory(script: ModuleType, tmp_path: Path) -> None:
    killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    with pytest.raises(script.CannotSetUp, match="memory ran out"):
        script.run_pip(killed, tmp_path / "setup.log", tmp_path)


def test_root_only_where_it_is_root(script: ModuleType, course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_ARGS", "--no-browser --port 1234")
    for uid, expected in ((0, True), (1000, False)):
        monkeypatch.setattr(script.os, "geteuid", lambda uid=uid: uid)
        command, environment = script.lab_command(course)
        assert ("--allow-root" in command) is expected
        assert command[-3:] == ["--no-browser", "--port", "1234"]
        settings = Path(environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
        assert (settings / "jupyter_lab_config.json").read_bytes() == (
            course / "scripts" / "jupyter" / "jupyter_lab_config.json"
        ).read_bytes()


def test_lab_opens_at_the_first_lesson(script: ModuleType, course: Path) -> None:
    assert "--LabApp.default_url=/lab" in script.lab_command(course)[0]
    (course / "notebooks").mkdir()
    for name in ("02_b.ipynb", "01_a.ipynb"):
        (course / "notebooks" / name).touch()
    assert "--LabApp.default_url=/lab/tree/notebooks/01_a.ipynb" in script.lab_command(course)[0]


def test_lab_in_another_language(script: ModuleType, course: Path) -> None:
    (course / "translations" / "ja" / "notebooks").mkdir(parents=True)
    (course / "translations" / "ja" / "notebooks" / "01_a.ipynb").touch()
    command, environment = script.lab_command(course, "ja")
    assert "--LabApp.default_url=/lab/tree/translations/ja/notebooks/01_a.ipynb" in command
    folder = Path(environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    overrides = json.loads((folder / "labconfig" / "default_setting_overrides.json").read_text("utf-8"))
    assert overrides["@jupyterlab/translation-extension:plugin"] == {"locale": "ja_JP"}
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_a_language_that_the_course_does_not_have(course: Path) -> None:
    """Told before anything is installed; what gettext keeps in the environment under that name is not meant."""
    sentence = said(run_make("lab", course, dict(os.environ), PYTHON=sys.executable, LANGUAGE="fr"))
    assert sentence == "The course has no language 'fr': choose one of en, vi, zh, ja, ko."
    assert not (course / ".venv").exists()
    shown = ["make", "-n", "-C", str(course), "lab"]
    done = subprocess.run(shown, capture_output=True, text=True, env={**os.environ, "LANGUAGE": "de_DE:en"})
    assert 'lab "en"' in done.stdout


def test_half_made_environment_is_made_anew(script: ModuleType, course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dangling interpreter, as an upgrade of the system leaves it."""
    python = script.venv_python(course)
    python.parent.mkdir(parents=True)
    python.symlink_to("/nowhere/python3")
    monkeypatch.setattr(script, "run_pip", lambda *arguments: None)
    script.install(course, "learner")
    assert subprocess.run([python, "-c", "pass"]).returncode == 0
