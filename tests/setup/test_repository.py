"""What the repository says of its machines: CI files, ignored files, no address of a registry, no path of a machine."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from builder.course import load
from tests.models.support import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# Written in pieces, so that this file does not contain what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        (
            r"pypi\." + "org", "files.python" + "hosted", r"registry\." + "npmjs", r"download\." + "pytorch",
            r"deb\." + "debian", r"(?<![\w.~:])/(work|opt|root)" + r"/[\w.]",
        )
    )
)  # fmt: skip


def tracked() -> list[Path]:
    """Every file that is, or would be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = {ROOT / name for name in listed.split("\0") if name}
    assert len(paths) > 20
    return sorted(path for path in paths if path.is_file())


def mentions(path: Path) -> list[str]:
    """Lines of the text file that name a registry or a path of the machine they were written on."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return []
    return [line.strip()[:120] for line in text.splitlines() if FORBIDDEN.search(line)]


def test_no_registry_and_no_machine_path() -> None:
    found = {str(path.relative_to(ROOT)): lines for path in tracked() if (lines := mentions(path))}
    assert not found


def test_guard_fires(tmp_path: Path) -> None:
    faults = ("https://pypi." + "org/simple", 'folder = "/work' + '/main/x"', "  /root" + "/.cache/x")
    fine = ("notebooks/work/main", "see ./root/x and ~/opt/x", "a path such as C:/work", "PyPI", "network/opt/x")
    (tmp_path / "file").write_text("\n".join((*faults, *fine)))
    assert len(mentions(tmp_path / "file")) == len(faults)


def test_ignored_and_not() -> None:
    def ignored(name: str) -> bool:
        return subprocess.run(["git", "check-ignore", "-q", "--no-index", name], cwd=ROOT).returncode == 0

    for name in (".venv/x", "runs/01/x", "notebooks/datasets/x.jsonl", "classroom/x", "lessons/__pycache__/x.pyc"):
        assert ignored(name), name
    for name in ("notebooks/01.ipynb", "solutions/01.ipynb", "translations/vi/notebooks/01.ipynb",
                 "tests/classroom/test_x.py", "constraints.txt"):  # fmt: skip
        assert not ignored(name), name


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestWorkflows:
    def test_actions_are_pinned_by_commit(self, path: Path) -> None:
        lines = [line for line in path.read_text("utf-8").splitlines() if re.match(r"\s*(- )?uses:", line)]
        assert lines
        for line in lines:
            assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line

    def test_they_end_and_may_little(self, path: Path) -> None:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        assert workflow["concurrency"]["group"]
        assert all(job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())
        checkouts = [step for step in steps(workflow) if "actions/checkout@" in step.get("uses", "")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_ci_lints_then_tests_every_folder() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert {True, "on"} & workflow.keys(), "YAML reads the key `on` as true"
    lint, *others = workflow["jobs"].values()
    assert lint["steps"][-1]["run"] == ".ci/run lint"
    assert all(job["needs"] == "lint" for job in others)
    job = workflow["jobs"]["test"]
    (step,) = (step for step in job["steps"] if step.get("run") == ".ci/run test")
    assert step["env"]["TESTS"] == "${{ matrix.tests }}"
    run = {entry["name"]: shlex.split(entry["tests"]) for entry in job["strategy"]["matrix"]["include"]}
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert set(options["testpaths"]) <= {word for words in run.values() for word in words}
    for language in load(ROOT).built_languages[1:]:
        assert run[f"notebooks ({language.code})"] == ["tests/notebooks/test_notebooks.py", "-k", f"{language.code}/"]
    assert run["notebooks (en)"] == ["tests/notebooks", "tests/classroom", "-k", "not test_localized"]


@pytest.mark.parametrize(
    "words, called",
    [([], "lint test"), (["lint"], "lint"), (["test"], "test")],
)
def test_ci_script_calls_make(tmp_path: Path, words: list[str], called: str) -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    (tmp_path / "make").write_text('#!/bin/sh\necho "make $* CI=$CI TESTS=$TESTS"\n')
    for name in ("make", "apt-get", "sudo"):  # nothing is installed by a test
        if name != "make":
            (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TESTS": "some"}
    done = subprocess.run([script, *words], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == f"make {called} CI=true TESTS=some\n"


def test_gpu_runs_the_notebooks_with_the_larger_model() -> None:
    from prompt2data.models import LARGE

    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "gpu.yml").read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    assert "self-hosted" in job["runs-on"]
    assert job["env"]["PROMPT2DATA_MODEL"] == LARGE
    assert any("make test TESTS=tests/notebooks" == step.get("run") for step in job["steps"])
    triggers = workflow.get("on") or workflow[True]
    assert set(triggers) == {"schedule", "workflow_dispatch"}


def test_the_readme_starts_with_what_it_is_and_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.startswith("# From Prompt to Data\n\n<!-- begin:languages -->\nEnglish · [Tiếng Việt](")
    parts = (
        "\nA notebook course about synthetic data",
        "make lab",
        "make test",
        "<!-- begin:lessons -->",
        "## What you need",
        "### On Windows",
        "## Contribute",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_every_setting_is_in_the_readme() -> None:
    used = set()
    for path in [*ROOT.glob("prompt2data/**/*.py"), *ROOT.glob("builder/*.py"), *ROOT.glob("tests/**/*.py")]:
        used |= set(re.findall(r"\bPROMPT2DATA_[A-Z]+(?:_[A-Z]+)*\b", path.read_text("utf-8")))
    inner = {"PROMPT2DATA_MODEL_FOLDERS"}  # set by the course itself, for its worker processes
    documented = set(re.findall(r"PROMPT2DATA_[A-Z_]+", (ROOT / "README.md").read_text("utf-8")))
    assert used - inner <= documented, sorted(used - inner - documented)


def test_tests_run_in_an_order_that_tells_early() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    folders = {f"tests/{path.relative_to(ROOT / 'tests').parts[0]}" for path in ROOT.glob("tests/*/**/test_*.py")}
    missing = {folder for folder in folders if folder not in options["testpaths"]}
    assert not missing, f"not in pyproject's testpaths: {missing}"
    assert options["testpaths"].index("tests/gates") == 0
    assert options["testpaths"][-1] == "tests/notebooks"
