"""Executing a notebook with the interpreter that runs the builder, cell by cell, with progress."""

from __future__ import annotations

import ast
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

from builder import results
from builder.outputs import MAX_NOTEBOOK, faults, private_paths, tidy
from builder.problems import ExecutionFailed
from builder.record import KEY, METADATA, code_hash
from builder.shell import Client
from prompt2data.display.progress import progress_bar

CELL_TIMEOUT = 600  # seconds
PACKAGES = ("distilabel", "transformers", "torch", "datasets")  # recorded beside the outputs


class _ThisInterpreter(KernelSpecManager):
    """Every kernel name means the running interpreter: an installed kernelspec may belong to another one."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class _Manager(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _spec_manager(self) -> KernelSpecManager:
        return _ThisInterpreter(parent=self)


def environment(root: Path, output: Path, cache: Path | None = None) -> dict[str, str]:
    """Environment of a kernel that runs a solution: strict checks, no progress bars, files into `output`.

    `cache`: the folder of its generation cache, where that is not to be the one of this process's environment.
    """
    found = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    chosen = {"PROMPT2DATA_CACHE": str(cache)} if cache else {}
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(found),
        "PROMPT2DATA_STRICT": "1",
        "PROMPT2DATA_PROGRESS": "0",
        "PROMPT2DATA_OUTPUT": str(output),
        **chosen,
    }


@contextmanager
def kernel(
    notebook: nbformat.NotebookNode, root: Path, folder: Path, allow_errors: bool = False, cache: Path | None = None
) -> Iterator[NotebookClient]:
    """A client with a running kernel for `notebook`: strict checks, working in `folder`. `cache`: see `environment`."""
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_manager_class=_Manager,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            coalesce_streams=True,
            record_timing=False,
            allow_errors=allow_errors,
        )
        client.create_kernel_manager()
        client.km.client_factory = Client
        if os.name != "nt":  # sockets in the file system, not TCP: quiet, and at home without any network
            client.km.transport = "ipc"
            client.km.connection_file = str(Path(sockets) / "kernel.json")
        with client.setup_kernel(env=environment(root, folder, cache), cwd=str(folder)):
            yield client


def execute(
    notebook: nbformat.NotebookNode,
    root: Path,
    package: str,
    folder: Path,
    say: Callable[[str], None],
    cache: Path | None = None,
) -> nbformat.NotebookNode:
    """Run all cells of `notebook` in `folder` and keep their outputs in it, tidied.

    `cache`: see `environment`. The notebook also gets its record (code hash, model, package versions, results), and its
    readings their results. Raises ExecutionFailed, also where a reading claims what does not hold; the outputs made so
    far are then in `notebook` all the same, for whoever wants to look at them.
    """
    probe = nbformat.v4.new_code_cell(f"import {package} as _package\nstr(getattr(_package, 'MODEL', ''))")
    notebook.cells.append(probe)
    found: dict[str, dict[str, str]] = {}
    began = time.monotonic()
    count = sum(cell.cell_type == "code" for cell in notebook.cells) - 1
    try:
        with kernel(notebook, root, folder, cache=cache) as client:
            done = 0
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                start = time.monotonic()
                with progress_bar(None, f"  [{done + 1:2}/{count}] {cell.id}") if cell is not probe else nullcontext():
                    _run(client, cell, index)
                if cell is not probe:
                    found |= _results(client, notebook.cells[index + 1 :], index)
                done += 1
                if cell is not probe:
                    say(f"  [{done:2}/{count}] {cell.id:<32} {time.monotonic() - start:6.1f} s")
        model = ast.literal_eval(probe.outputs[-1]["data"]["text/plain"])
    finally:
        notebook.cells.remove(probe)
        tidy(notebook)
        notebook.metadata = nbformat.from_dict(METADATA)
    say(f"  {count} cells in {time.monotonic() - began:.1f} s")
    record = {"code_hash": code_hash(notebook), "model": model, "versions": versions()}
    notebook.metadata[KEY] = nbformat.from_dict(record | ({"results": found} if found else {}))
    results.fill(notebook, found)
    return notebook


def execute_to_store(
    notebook: nbformat.NotebookNode,
    root: Path,
    package: str,
    say: Callable[[str], None],
    cache: Path,
) -> nbformat.NotebookNode:
    """`execute` in a temporary folder, with the generation cache in `cache`.

    Raises ExecutionFailed also for outputs that must not be stored.
    """
    with tempfile.TemporaryDirectory(prefix="lesson-") as temporary:
        folder = Path(temporary)
        execute(notebook, root, package, folder, say, cache)
        private = private_paths(root, folder, cache)
    wrong = [f"cell {cell_id!r}: {text}" for cell_id, text in faults(notebook, private)]
    size = len(nbformat.writes(notebook).encode())
    if size > MAX_NOTEBOOK:
        wrong.append(f"{size:,} bytes with its outputs; at most {MAX_NOTEBOOK:,} are stored")
    if wrong:
        raise ExecutionFailed("\n".join(wrong))
    return notebook


def _run(client: NotebookClient, cell: nbformat.NotebookNode, index: int, store_history: bool = True) -> None:
    try:
        client.execute_cell(cell, index, store_history=store_history)
    except CellExecutionError as error:
        raise ExecutionFailed(f"cell {cell.id!r} raised {error.ename}: {error.evalue}\n{_trace(cell)}") from None
    except CellTimeoutError:
        raise ExecutionFailed(f"cell {cell.id!r} took longer than {CELL_TIMEOUT} s") from None
    except DeadKernelError:
        raise ExecutionFailed(f"the kernel died in cell {cell.id!r}") from None


def _results(client: NotebookClient, rest: list[nbformat.NotebookNode], index: int) -> dict[str, dict[str, str]]:
    """What the readings right after a code cell ask for: cell → expression → value."""
    found = {}
    for cell in itertools.takewhile(lambda cell: cell.cell_type == "markdown", rest):
        if not (expressions := results.asked(cell)):
            continue
        probe, place = nbformat.v4.new_code_cell(results.code(expressions)), client.nb.cells[index]
        try:
            _run(client, probe, index, store_history=False)
        except ExecutionFailed as failed:
            raise ExecutionFailed(str(failed).replace(repr(probe.id), repr(cell.id))) from None
        finally:
            client.nb.cells[index] = place  # nbclient puts what it runs there
        holds, *values = results.values(probe.outputs[-1]["data"]["text/plain"])
        found[cell.id] = dict(zip(expressions[1:], values, strict=True))
        if holds != "True":
            told = ", ".join(f"{expression} = {value}" for expression, value in found[cell.id].items())
            raise ExecutionFailed(f"cell {cell.id!r} claims what does not hold: {expressions[0]} ({told})")
    return found


def _trace(cell: nbformat.NotebookNode) -> str:
    lines = [line for output in cell.outputs for line in output.get("traceback", [])]
    return "\n".join(lines)


def versions() -> dict[str, str]:
    """Versions of the packages that decide what a solution shows, as far as they are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
