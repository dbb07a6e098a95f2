"""The requirement files, the constraints and pyproject.toml say the same."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.models.support import ROOT

FILES = ("requirements.txt", "requirements-lab.txt", "requirements-ray.txt", "requirements-dev.txt")

# Come with a platform or a newer Python only, or with torch's CUDA build; nothing to pin for the rest.
UNPINNED = re.compile(r"pip|prompt2data|wheel|nvidia-.*|cuda-.*|triton|appnope|pywin.*|colorama|.*-(macos|darwin).*")


def requirements(path: Path) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def pins(path: Path = ROOT / "constraints.txt") -> dict[str, Version]:
    """Package (canonical name) to its one version."""
    found = {}
    for requirement in requirements(path):
        (clause,) = requirement.specifier
        assert clause.operator == "==", requirement
        name = canonicalize_name(requirement.name)
        assert name not in found, f"{name} is pinned twice"
        found[name] = Version(clause.version)
    return found


def problems(listed: list[Requirement], pinned: dict[str, Version]) -> list[str]:
    """What is wrong with `listed` under `pinned`, a line for each fault."""
    wrong = []
    for requirement in listed:
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None:
            wrong.append(f"{requirement.name} is not pinned in constraints.txt")
        elif version not in requirement.specifier:
            wrong.append(f"{requirement} does not admit the pinned {version}")
        if not any(clause.operator in (">=", "==", "~=") for clause in requirement.specifier):
            wrong.append(f"{requirement.name} has no lower bound")
    return wrong


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_bounded_and_pinned(name: str) -> None:
    assert not problems(requirements(ROOT / name), pins())


def test_guard_fires() -> None:
    listed = [Requirement(text) for text in ("alpha>=2", "beta", "gamma>=1", "delta>=1,<3")]
    pinned = {name: Version("1.5") for name in ("alpha", "beta", "delta")}
    assert problems(listed, pinned) == [
        "alpha>=2 does not admit the pinned 1.5",
        "beta has no lower bound",
        "gamma is not pinned in constraints.txt",
    ]


def test_files_are_sorted_and_name_a_package_once() -> None:
    for name in FILES:
        names = [canonicalize_name(requirement.name) for requirement in requirements(ROOT / name)]
        assert names == sorted(set(names)), name
    learner, dev = ({r.name for r in requirements(ROOT / name)} for name in (FILES[0], FILES[3]))
    assert not learner & dev, "requirements-dev.txt only adds"


def test_learners_get_neither_jupyterlab_in_colab_nor_nbgrader() -> None:
    names = {canonicalize_name(requirement.name) for requirement in requirements(ROOT / "requirements.txt")}
    assert not names & {"jupyterlab", "notebook", "nbclient", "nbgrader", "pytest", "ray", "setuptools"}


def test_constraints_are_the_versions_installed_here() -> None:
    pinned = pins()
    # Where packages are installed, not all of sys.path: setuptools adds a folder of its own copies when imported.
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    installed = {canonicalize_name(found.name): Version(found.version) for found in distributions(path=folders)}
    wrong = {
        name: (str(version), str(pinned.get(name)))
        for name, version in installed.items()
        if not UNPINNED.fullmatch(name) and pinned.get(name) != Version(version.public)
    }
    assert not wrong, f"installed, pinned: {wrong}"


def test_the_pins_admit_the_first_python_3_11() -> None:
    """Debian 12 has 3.11.2; a pin that asks for a later 3.11 breaks `make lab` there."""
    refused = {
        found.name: found.metadata["Requires-Python"]
        for found in distributions()
        if canonicalize_name(found.name) in pins()
        and "3.11.0" not in SpecifierSet(found.metadata["Requires-Python"] or "")
    }
    assert not refused


def test_torch_is_pinned_without_a_local_part() -> None:
    assert pins()["torch"].local is None, "torch==2.13.0+cpu would name a file that only some indexes have"


def test_package_metadata(tmp_path: Path) -> None:
    """What pip reads from the package (in Colab, by git) is what the files say."""
    for name in ("pyproject.toml", "README.md", "LICENSE", *FILES):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "prompt2data", tmp_path / "prompt2data", ignore=shutil.ignore_patterns("__pycache__"))
    script = "from setuptools.build_meta import *; print(prepare_metadata_for_build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    metadata = next(tmp_path.glob("*.dist-info/METADATA")).read_text("utf-8")
    fields = [line.split(": ", 1) for line in metadata.split("\n\n")[0].splitlines() if ": " in line]
    needed = [Requirement(value) for key, value in fields if key == "Requires-Dist"]
    plain = {(canonicalize_name(r.name), r.specifier) for r in needed if not r.marker}
    extra = {(canonicalize_name(r.name), r.specifier) for r in needed if r.marker}
    assert plain == {(canonicalize_name(r.name), r.specifier) for r in requirements(ROOT / "requirements.txt")}
    assert extra == {(canonicalize_name(r.name), r.specifier) for r in requirements(ROOT / "requirements-ray.txt")}
    assert dict(fields)["Requires-Python"] == ">=3.11"
    assert dict(fields)["License-Expression"] == "Apache-2.0"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "dependencies" not in project, "said once, in requirements.txt"


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that the file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"prompt2data", "__future__"}


def undeclared(paths: list[Path], declared: set[str]) -> dict[str, set[str]]:
    """For each file, the packages it imports that are not in `declared` (canonical names)."""
    owners = packages_distributions()
    wrong = {}
    for path in paths:
        for module in imported(path):
            packages = {canonicalize_name(name) for name in owners.get(module, [module])}
            if not packages & declared:
                wrong.setdefault(path.name, set()).add(module)
    return wrong


def test_what_the_course_imports_is_required() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in requirements(ROOT / "requirements.txt")}
    optional = {"ray", "google"}  # an extra; Colab's own helpers
    paths = [*ROOT.glob("prompt2data/**/*.py"), *ROOT.glob("lessons/*.py")]
    assert paths
    assert not undeclared(paths, declared | optional)


def test_an_undeclared_import_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("import os\ndef late():\n    from yaml import safe_load\n")
    assert undeclared([tmp_path / "module.py"], {"numpy"}) == {"module.py": {"yaml"}}
    assert undeclared([tmp_path / "module.py"], {"pyyaml"}) == {}
