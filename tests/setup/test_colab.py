"""requirements.txt installs on Colab's image without moving a package that the image already has.

pip's own resolver decides, for Python 3.13, with the image's list as constraints. torch is held by a wheel that
consists of metadata only, so that nothing big is fetched.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.models.support import ROOT
from tests.setup.test_requirements import requirements

IMAGE = ROOT / "tests" / "data" / "colab-image.txt"
TORCH = "2.11.0+colab"

# What the course brings to the image, with what that brings along (seen; a new name here deserves a look).
# jedi belongs to the image's IPython, which comes without it; overrides counts for Python 3.11 only, where pip runs.
NEW = {
    "datasketch", "distilabel", "gguf", "jedi", "llguidance", "mermaidx", "novasvg", "overrides", "pathlib-abc",
    "portalocker", "py3langid", "quickjs-ng", "rouge-score", "termaid", "trl", "universal-pathlib",
}  # fmt: skip


def image() -> dict[str, Version]:
    """Package (canonical name) to version, as Colab's image has them."""
    found = {}
    for requirement in requirements(IMAGE):
        (clause,) = requirement.specifier
        found[canonicalize_name(requirement.name)] = Version(clause.version)
    return found


def torch_stand_in(folder: Path) -> None:
    info = f"torch-{TORCH}.dist-info"
    with zipfile.ZipFile(folder / f"torch-{TORCH}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {TORCH}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def resolve(folder: Path, *asked: str) -> tuple[dict[str, Version], str]:
    """What pip would install on the image for `asked`, and its words where it cannot."""
    torch_stand_in(folder)
    (folder / "constraints.txt").write_text(f"{IMAGE.read_text('utf-8')}\ntorch=={TORCH}\n", "utf-8")
    report = folder / "report.json"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--no-input"]
    command += ["--python-version", "3.13", "--only-binary=:all:", "--target", str(folder / "target")]
    command += ["--find-links", str(folder), "--constraint", str(folder / "constraints.txt")]
    command += ["--report", str(report), *asked]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=400)
    if done.returncode:
        return {}, done.stderr
    installed = json.loads(report.read_text("utf-8"))["install"]
    return {canonicalize_name(i["metadata"]["name"]): Version(i["metadata"]["version"]) for i in installed}, ""


def test_nothing_of_the_image_moves(tmp_path: Path) -> None:
    chosen, errors = resolve(tmp_path, "-r", str(ROOT / "requirements.txt"))
    assert chosen, errors
    there = image() | {"torch": Version(TORCH)}
    moved = {name: str(version) for name, version in chosen.items() if name in there and there[name] != version}
    assert not moved
    assert chosen["torch"] == Version(TORCH)
    new = set(chosen) - set(there)
    assert "distilabel" in new
    assert new <= NEW, f"new on Colab's image, and not in the list: {sorted(new - NEW)}"


def test_a_requirement_that_would_move_the_image_is_refused(tmp_path: Path) -> None:
    chosen, errors = resolve(tmp_path, "ipywidgets>=8.1")
    assert not chosen
    assert "ipywidgets" in errors


def test_the_ranges_admit_the_image() -> None:
    there = image()
    for requirement in requirements(ROOT / "requirements.txt"):
        assert isinstance(requirement, Requirement)
        version = there.get(canonicalize_name(requirement.name))
        assert version is None or version in requirement.specifier, f"{requirement}: Colab has {version}"
