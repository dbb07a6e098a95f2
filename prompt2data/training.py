"""`train`: teach a model by examples, as a LoRA adapter, and nothing twice.

TRL's `SFTTrainer` does the work. What was trained once lies beside the generation cache and is found by the model, the
rows and all else that decides the result; then nothing is loaded.
"""

from __future__ import annotations

import atexit
import copy
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from safetensors import SafetensorError

from prompt2data import cache, models
from prompt2data.display.progress import progress_bar
from prompt2data.engine.identity import DECIDING, expected_device, fingerprint
from prompt2data.engine.side_by_side import side_by_side
from prompt2data.engine.tuning import ON_CPU, tuned
from prompt2data.ground.machine import available_cores
from prompt2data.ground.rows import as_list, records
from prompt2data.ground.whole import NotWritten, remove_leftovers, whole_folder
from prompt2data.i18n import _
from prompt2data.models import adapters

if TYPE_CHECKING:
    from peft import LoraConfig
    from trl import SFTConfig

_RECORD = "training.json"  # beside the adapter's files: their digest, the losses, the seconds
_TRAINING = 2  # raised when a change here gives other adapters
_FOR_A_PROCESS = 3 << 30  # bytes of memory that a process takes, with the model of the course
_SOFTWARE = ("torch", "transformers", "peft", "trl")
# Arguments of SFTConfig that say what is told and kept of a training; nothing of the result hangs on them.
_INDIFFERENT = re.compile(
    r"(eval|hub|log|logging|push_to_hub|save|trackio)_.*|do_(train|eval|predict)|load_best_model_at_end"
    r"|disable_tqdm|output_dir|project|push_to_hub|report_to|run_name"
)


@dataclass(frozen=True)
class Trained:
    """A trained LoRA adapter: `BatchedTransformersLLM(adapter=...)` takes it.

    Attributes:
        folder: its files, as peft saves them. With `PROMPT2DATA_CACHE=off` they last as long as this process.
        losses: (step, loss) for each step; the loss is the mean cross-entropy, in nats, of the completions' tokens.
        found: whether it had been trained before.
        seconds: how long the training took when it was done.
    """

    folder: Path = field(repr=False)  # means nothing on another machine
    losses: list[tuple[int, float]] = field(repr=False)
    found: bool
    seconds: float

    @property
    def name(self) -> str:
        """What rows call the adapter, after the name of the model."""
        return self.folder.name

    def __fspath__(self) -> str:
        return str(self.folder)


def train(
    rows: Any,
    args: SFTConfig | Mapping[str, Any],
    peft_config: LoraConfig | Mapping[str, Any],
    model: str | None = None,
    name: str = "adapter",
    on_loss: Callable[[int, float], object] | None = None,
) -> Trained:
    """Train a LoRA adapter on the completions of `rows`, or find the one that was trained on the same before.

    Whatever `args` says of it, each step's loss is noted, nothing is reported, saved or uploaded on the way, and a CPU
    computes in float32. Random numbers, logging and threads are afterwards as they were.

    Args:
        rows: conversations in two columns, `prompt` and `completion`, each a list of messages with `role` and
            `content`. Other columns are not read.
        args: TRL's `SFTConfig`, or its arguments by name: then an adapter that is found needs no import of TRL.
        peft_config: peft's `LoraConfig`, or its arguments by name.
        model: public name or folder of the model to train. Defaults to the one that was chosen for this machine.
        name: what rows call the adapter: letters, digits, "_", "-" and ".".
        on_loss: called with (step, loss) after each step; for an adapter that is found, at once with all of them.

    Raises:
        TypeError, ValueError: if `rows` is no table or empty, a row is no such conversation, or `name` cannot be one.
        ModelUnavailable: if the model is not there.
        ModelNotLoaded: if it cannot be loaded.
        MemoryError: if the memory does not suffice for a batch.
        NotWritten: if the adapter cannot be kept.
    """
    trained = _trained(_run(rows, args, peft_config, models.choose() if model is None else model, name), on_loss)
    if trained.found and on_loss is not None:
        for step, loss in trained.losses:
            on_loss(step, loss)
    return trained


def train_all(
    runs: Mapping[str, tuple[Any, SFTConfig | Mapping[str, Any]]],
    peft_config: LoraConfig | Mapping[str, Any],
    model: str | None = None,
    processes: int | None = None,
) -> dict[str, Trained]:
    """Train several adapters as `train` does: on a CPU side by side, on a GPU or without a cache one after another.

    Small models leave cores idle, so two processes with a core each train two adapters sooner than one process with
    two cores. Each process loads the model for itself. A script calls this under `if __name__ == "__main__":`, as
    everything that starts processes.

    Args:
        runs: rows and arguments of each training, by the adapter's name.
        peft_config: as for `train`, the same for all.
        model: as for `train`.
        processes: at most so many at once. Defaults to as many as there are cores, and free memory for.

    Returns:
        The adapters by their names, in the order of `runs`.

    Raises:
        What `train` raises, before the first training where rows, arguments or names are at fault; MemoryError also
        if a process was killed. Adapters that were finished until then are kept.
    """
    model = models.choose() if model is None else model
    asked = {name: _run(rows, args, peft_config, model, name) for name, (rows, args) in runs.items()}
    missing = [name for name, run in asked.items() if not _known(run.folder)]
    if processes is None:
        processes = max(1, min(available_cores(), psutil.virtual_memory().available // _FOR_A_PROCESS))
    processes = min(processes, len(missing))
    if processes > 1 and cache.opened() is not None and all("use_cpu" in run.arguments for run in asked.values()):
        side_by_side(train, {name: (*runs[name], peft_config, model, name) for name in missing}, processes)
    return {name: _trained(run) for name, run in asked.items()}


def _trained(run: _Run, on_loss: Callable[[int, float], object] | None = None) -> Trained:
    return _known(run.folder) or _made_alone(run, on_loss)


@dataclass(frozen=True)
class _Run:
    """One training: what it is made of, and the folder where its adapter is or will be."""

    conversations: list[dict[str, list[dict[str, str]]]]
    arguments: dict[str, Any]
    peft_config: LoraConfig | Mapping[str, Any]
    model: str
    base: Path
    folder: Path

    def make(self, on_loss: Callable[[int, float], object] | None) -> None:
        """Train, and write the adapter to the folder."""
        started, home = time.monotonic(), self.folder.parent
        arguments = self.arguments | {"output_dir": str(home)}
        with tuned(self.base, self.conversations, arguments, self.peft_config, on_loss) as (adapted, losses):
            with _writing(home), whole_folder(self.folder) as made:
                adapted.save_pretrained(str(made))
                _tidy(made, self.model)
                seconds = round(time.monotonic() - started, 1)
                record = {"digest": adapters.digest(made), "losses": losses, "seconds": seconds}
                (made / _RECORD).write_text(json.dumps(record), "utf-8")


def _run(
    rows: Any,
    args: SFTConfig | Mapping[str, Any],
    peft_config: LoraConfig | Mapping[str, Any],
    model: str,
    name: str,
) -> _Run:
    """What `train` is asked for. Raises what it raises before anything is trained."""
    conversations = _conversations(rows)
    if not re.fullmatch(r"\w[\w.-]*", name):
        message = _("{name!r} is no name for an adapter: use letters, digits, '_', '-' and '.'.")
        raise ValueError(message.format(name=name))
    model = models.public_name(model)
    base = _folder_of(model)
    # Not `args.to_dict()`, which takes `eos_token` for a secret.
    named = args if isinstance(args, Mapping) else {one.name: vars(args)[one.name] for one in fields(args) if one.init}
    arguments = {key: copy.deepcopy(value) for key, value in named.items() if not _INDIFFERENT.fullmatch(key)}
    device = expected_device(-1 if arguments.get("use_cpu") else None)
    if device == "cpu":
        arguments |= ON_CPU
    if (store := cache.opened()) is None:
        home = Path(tempfile.mkdtemp(prefix="prompt2data-"))
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    else:
        key = cache.entry_key(
            adapter=_plain(peft_config if isinstance(peft_config, Mapping) else peft_config.to_dict()),
            args=_plain(arguments),
            device=device,
            model=fingerprint(base, store.digest_of_file),
            rows=conversations,
            software=[f"{package} {version(package)}" for package in _SOFTWARE],
            training=_TRAINING,
        )
        home = store.folder / cache.ADAPTERS / key[:32]
    return _Run(conversations, arguments, peft_config, model, base, home / name)


def _made_alone(run: _Run, on_loss: Callable[[int, float], object] | None) -> Trained:
    """The adapter of a run, trained unless another process has done so."""
    folder, home = run.folder, run.folder.parent
    with _alone(home):
        if known := _known(folder):
            return known
        remove_leftovers(home)
        same = next(filter(None, map(_known, sorted(home.iterdir()))), None)
        if same:
            with _writing(home), whole_folder(folder) as made:
                shutil.copytree(same.folder, made, dirs_exist_ok=True)
        else:
            run.make(on_loss)
        if not (trained := _known(folder)):
            raise _not_kept(home, _("what was written is not what is there"))
        return replace(trained, found=bool(same))


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Create the folder `home` and let nobody else train for it during a `with` block."""
    from filelock import FileLock, Timeout

    with _writing(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / ".lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            with progress_bar(None, _("waiting for the same training in another program")):
                lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _known(folder: Path) -> Trained | None:
    """The adapter that was kept in `folder`, whole and unchanged."""
    try:
        record = json.loads((folder / _RECORD).read_text("utf-8"))
        losses = [(int(step), float(loss)) for step, loss in record["losses"]]
        return Trained(folder, losses, True, record["seconds"]) if record["digest"] == adapters.digest(folder) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _tidy(folder: Path, model: str) -> None:
    """Make what peft saved the same on every machine: the model's public name, and sets in order."""
    (folder / "README.md").unlink(missing_ok=True)  # an empty model card that names the model's folder
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["base_model_name_or_path"] = model
    for key in ("target_modules", "exclude_modules"):
        if isinstance(config.get(key), list):
            config[key] = sorted(config[key])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")


@contextmanager
def _writing(home: Path) -> Iterator[None]:
    """Tell in one sentence what the disk refuses during a `with` block."""
    try:
        yield
    except (OSError, SafetensorError) as error:  # safetensors tells of a full disk in its own way
        raise _not_kept(home, getattr(error, "strerror", None) or str(error)) from error


def _not_kept(home: Path, reason: str) -> NotWritten:
    message = _(
        "The trained adapter cannot be kept in {folder} ({reason}): make room there, or set PROMPT2DATA_CACHE to "
        "another folder."
    )
    return NotWritten(message.format(folder=home.parent, reason=reason))


def _folder_of(model: str) -> Path:
    """The folder of a model's files, fetched if the hub alone has them. Raises `ModelUnavailable`."""
    resolved = models.resolve(model)
    if (folder := models.local_folder(resolved)) is not None:
        return folder
    from huggingface_hub import snapshot_download

    with models.fetching(resolved):
        return Path(snapshot_download(resolved, allow_patterns=list(DECIDING)))


def _conversations(rows: Any) -> list[dict[str, list[dict[str, str]]]]:
    """The two columns of `rows` that are read. Raises `TypeError` or `ValueError`, one sentence."""
    columns = ("prompt", "completion")
    found = [
        {column: _messages(row[column], place, column) for column in columns}
        for place, row in enumerate(records(rows, columns))
    ]
    if not found:
        raise ValueError(_("There are no rows to train on: give at least one with a `prompt` and a `completion`."))
    return found


def _messages(value: Any, place: int, column: str) -> list[dict[str, str]]:
    try:
        messages = [{key: message[key] for key in ("role", "content")} for message in as_list(value) or []]
    except (TypeError, KeyError):  # no dictionaries, or without one of the two
        messages = []
    if not messages or not all(isinstance(text, str) for message in messages for text in message.values()):
        sentence = _(
            "The {column} of row {place} is no conversation: give a list of messages, such as "
            '[{{"role": "user", "content": "Hi!"}}].'
        )
        raise ValueError(sentence.format(column=column, place=place))
    return messages


def _plain(value: Any) -> Any:
    """A configuration as JSON values; sets in order."""
    return json.loads(json.dumps(value, default=lambda one: sorted(one) if isinstance(one, set) else str(one)))
