"""Run distilabel's own unit tests with the course's set-up active: none that passes without it may fail with it.

    python tests/upstream/run_upstream.py              with the set-up, compared to baseline.txt
    python tests/upstream/run_upstream.py --baseline   without it; writes baseline.txt anew

The tests come from distilabel's source distribution, fetched once and verified.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASELINE = HERE / "baseline.txt"
VERSION = "1.5.3"
SHA256 = "1c45cb8fede34339427923d463348867b78bddb4f8db9f9204f03398e8e8f3f0"
WAITING = "tests/unit/pipeline/test_ray.py"  # waits a fixed time for a server, which a busy machine may not keep
# What the course touches: pipelines, steps' life cycle, tasks, LLM mixins, the dataset that comes out.
SELECTION = (
    "tests/unit/pipeline",
    "tests/unit/mixins",
    "tests/unit/models/mixins",
    "tests/unit/steps/tasks",
    "tests/unit/test_distiset.py",
)


def source() -> Path:
    """The folder of the unpacked source distribution.

    Raises:
        SystemExit: in one sentence, when it cannot be fetched or is not the expected file.
    """
    from prompt2data.ground.folders import home

    folder = home() / "upstream"
    unpacked = folder / f"distilabel-{VERSION}"
    if unpacked.is_dir():
        return unpacked
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "distilabel"]
        done = subprocess.run([*pip, "--dest", scratch, f"distilabel=={VERSION}"], capture_output=True, text=True)
        archive = Path(scratch) / f"distilabel-{VERSION}.tar.gz"
        if done.returncode or not archive.exists():
            sys.exit(f"distilabel's source distribution cannot be fetched: {done.stderr.strip()[-300:]}")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            sys.exit(f"{archive.name} is not the file that the baseline was made with.")
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        (Path(scratch) / unpacked.name).rename(unpacked)
    return unpacked


def passing(with_setup: bool, selection: Sequence[str] = SELECTION) -> set[str]:
    """The ids of distilabel's tests that pass; `selection`: files, folders or ids."""
    from prompt2data.ground.folders import home

    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "passed.json"
        extra = {
            "UPSTREAM_SETUP": "1" if with_setup else "0",
            "UPSTREAM_REPORT": str(report),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)]),
            "HF_HUB_OFFLINE": "1",  # the same tests pass with and without a network
            "HOME": scratch,  # distilabel's default cache folder is in it
            "PROMPT2DATA_HOME": str(home()),
        }
        pytest = [sys.executable, "-m", "pytest", "-p", "upstream_plugin", "-p", "no:cacheprovider"]
        options = ["-q", "--no-header", "--tb=short", "--disable-warnings", "--continue-on-collection-errors"]
        done = subprocess.run(
            [*pytest, *options, *selection], cwd=source(), env={**os.environ, **extra}, capture_output=True, text=True
        )
        Path(tempfile.gettempdir(), "prompt2data-upstream.log").write_text(done.stdout + done.stderr)
        if not report.exists():
            sys.exit(f"distilabel's tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return set(json.loads(report.read_text()))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", action="store_true", help="run without the set-up and write baseline.txt")
    options = parser.parse_args(arguments)
    if options.baseline:
        passed = passing(with_setup=False)
        BASELINE.write_text("".join(f"{name}\n" for name in sorted(passed)))
        print(f"{len(passed)} of distilabel's tests pass without the set-up: written to {BASELINE.name}.")
        return 0
    expected = set(BASELINE.read_text().splitlines())
    passed = passing(with_setup=True)
    lost = sorted(expected - passed)
    again = [name for name in lost if name.startswith(WAITING)]
    if again:  # once more, alone
        print(f"tried again: {', '.join(again)}")
        passed |= passing(with_setup=True, selection=again)
        lost = sorted(expected - passed)
    print(f"{len(expected & passed)} of the {len(expected)} tests that pass without the set-up pass with it.")
    for name in lost:
        print(f"lost: {name}")
    return 1 if lost or not expected else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())
