"""Which model this machine uses, and where its files are.

`choose()` is the course's `MODEL`: a public name that may appear in rows, cards and plots. `resolve()` turns a public
name into what `from_pretrained` takes. Folders have a public name too, so that no row contains a path.

Nothing here runs code from a model repository, and only safetensors and GGUF files are read.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from prompt2data.display.progress import Progress, enabled, megabytes, progress_bar
from prompt2data.ground.folders import home
from prompt2data.i18n import _
from prompt2data.models import embedded
from prompt2data.models.download import ModelUnavailable, bytes_in
from prompt2data.models.embedded import embedding_folder, fetch

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "EMBEDDED", "LARGE", "ModelUnavailable", "available", "choose", "embedding_folder", "fetch", "home",
    "load_tokenizer", "public_name", "resolve",
]  # fmt: skip

EMBEDDED = embedded.LANGUAGE_MODEL.name
LARGE = "HuggingFaceTB/SmolLM2-1.7B-Instruct"

GPU_BYTES = 12_000_000_000  # the large model in two steps of a pipeline, each with its own copy
HUB_SECONDS = 4.0  # how long to wait for the hub before calling it unreachable
FOLDERS = "PROMPT2DATA_MODEL_FOLDERS"  # public name -> folder, as JSON; in the environment so that workers have it


@functools.cache
def choose() -> str:
    """The public name of the model this machine should use (the course's `MODEL`).

    `PROMPT2DATA_MODEL` (a hub id or a folder) wins. A CUDA GPU of 12 GB or more gets `LARGE`, when its files are in
    the local hub cache or the hub answers. Every other machine gets the embedded model.
    """
    if setting := os.environ.get("PROMPT2DATA_MODEL", "").strip():
        return public_name(setting)
    if _gpu_bytes() >= GPU_BYTES and (local_folder(LARGE) or _hub_answer(LARGE) == "found"):
        return LARGE
    return EMBEDDED


def available() -> list[str]:
    """The public names of the models that are on this machine for the course: `choose()`'s, and the embedded one.

    Nothing is fetched: an embedded model that is not here yet is named only where it is the chosen one.
    """
    folder = home() / "models" / embedded.LANGUAGE_MODEL.name
    here = [EMBEDDED] if embedded.is_whole(folder, embedded.LANGUAGE_MODEL) else []
    return list(dict.fromkeys([choose(), *here]))


def resolve(name: str | os.PathLike[str]) -> str:
    """What `from_pretrained` takes for `name`: a folder, or the hub id itself.

    The embedded model is fetched where it is missing. Raises `ModelUnavailable` for a name that is neither a model
    folder nor a model at the hub.
    """
    name = os.fspath(name)
    if known := _folders().get(name):
        return str(_checked(Path(known)))
    if name == EMBEDDED:
        return str(fetch())
    if _is_path(name):
        folder = Path(name).expanduser().absolute()
        public_name(folder)  # registered, so that its name leads back to it
        return str(_checked(folder))
    if local_folder(name) or (answer := _hub_answer(name)) == "found":
        return name
    if answer == "missing":
        message = _(
            "There is no model named {name!r} at the hub, or it is not public: correct the name "
            "(organisation/model), or unset PROMPT2DATA_MODEL to use the course's own model."
        )
    else:
        message = _(
            "The model {name!r} is not on this machine and the hub cannot be reached: correct the name, connect to the "
            "network, or unset PROMPT2DATA_MODEL to use the course's own model."
        )
    raise ModelUnavailable(message.format(name=name))


def public_name(name: str | os.PathLike[str]) -> str:
    """The name to show for a model given by name or by folder; never a path.

    A folder made by the course says its own name; a folder of the hub cache is `organisation/model`; any other folder
    goes by its last component (with a number where that name is taken by another folder). The folder is remembered:
    `resolve()` finds it again under this name, also in worker processes.
    """
    name = os.fspath(name)
    if name == EMBEDDED or name in _folders() or not _is_path(name):
        return name
    folder = Path(name).expanduser().absolute()
    snapshot = re.search(r"models--([^/\\]+)[/\\]snapshots[/\\][^/\\]+$", str(folder))
    if snapshot:
        public = snapshot.group(1).replace("--", "/")
        return _register(public, folder)
    if own := embedded.manifest(folder):
        return _register(own["name"], folder)
    stem, folders = folder.resolve().name or "model", _folders()
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    free = next(one for one in names if one != EMBEDDED and folders.get(one, str(folder)) == str(folder))
    return _register(free, folder)


def load_tokenizer(name: str | os.PathLike[str]) -> PreTrainedTokenizerBase:
    """The tokenizer of the model `name`. Raises `ModelUnavailable` as `resolve()` does."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(resolve(name))


def _folders() -> dict[str, str]:
    return json.loads(os.environ.get(FOLDERS) or "{}")


def _register(public: str, folder: Path) -> str:
    os.environ[FOLDERS] = json.dumps(_folders() | {public: str(folder)})
    return public


def _is_path(name: str) -> bool:
    """Whether `name` means a folder: it is one, or it is written as only a path can be."""
    written_as_path = name.startswith((".", "~", "/", "\\")) or "\\" in name or os.path.isabs(name)
    return written_as_path or name.count("/") > 1 or Path(name).is_dir()


def _checked(folder: Path) -> Path:
    """`folder`, if transformers can load it. Raises `ModelUnavailable`."""
    if not folder.is_dir():
        message = _(
            "The model folder {folder} does not exist: correct the path, or unset PROMPT2DATA_MODEL to use the "
            "course's own model."
        )
    elif not (folder / "config.json").is_file():
        message = _(
            "The folder {folder} holds no model (it has no config.json): give the folder that `save_pretrained` "
            "wrote, or unset PROMPT2DATA_MODEL to use the course's own model."
        )
    elif not any(folder.glob("*.safetensors")):
        message = _(
            "The model folder {folder} has no *.safetensors file, the only weights the course loads: save the "
            "model again with `save_pretrained`, or unset PROMPT2DATA_MODEL."
        )
    else:
        return folder
    raise ModelUnavailable(message.format(folder=folder))


def _gpu_bytes() -> int:
    """Memory of the first CUDA device in bytes, 0 where torch sees none."""
    if "torch" not in sys.modules and not shutil.which("nvidia-smi"):
        return 0  # no driver: spare a laptop the seconds that importing torch takes
    import torch

    return torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else 0


def local_folder(name: str, revision: str = "main") -> Path | None:
    """The folder with the files of `name`, a folder or a hub id; `None` where the hub cache lacks its weights."""
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import try_to_load_from_cache

    try:
        config = try_to_load_from_cache(name, "config.json", revision=revision)
    except ValueError:  # not a name a hub repository can have
        return None
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    index = folder / "model.safetensors.index.json"
    weights = {"model.safetensors"}
    if index.is_file():
        weights = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    return folder if all((folder / file).is_file() for file in weights) else None


@contextmanager
def fetching(name: str, revision: str = "main") -> Iterator[Progress]:
    """A progress bar while the hub model `name` is fetched and loaded. transformers shows none of its own in a course.

    Where the hub does not say how large the weights are, the bar shows only that something goes on.
    """
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs"
    total = _hub_bytes(name, revision) if enabled() else None
    before = bytes_in(folder)
    label = _("fetching {name}").format(name=name)
    with progress_bar(total, label, unit=megabytes, look=lambda: bytes_in(folder) - before) as bar:
        yield bar


def _hub_bytes(name: str, revision: str) -> int | None:
    """How many bytes of weights the hub has for `name`; `None` where it does not say so in time."""
    answer = _ask_hub(name, revision=revision, files_metadata=True)
    if isinstance(answer, Exception):  # the fetch itself will say what is wrong
        return None
    return sum(file.size or 0 for file in answer.siblings or () if file.rfilename.endswith(".safetensors")) or None


def _hub_answer(name: str) -> Literal["found", "missing", "unreachable"]:
    """Whether the hub has the model `name`, after `HUB_SECONDS` at most."""
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    answer = _ask_hub(name)
    if isinstance(answer, (HFValidationError, RepositoryNotFoundError)):
        return "missing"
    return "unreachable" if isinstance(answer, Exception) else "found"


def _ask_hub(name: str, **options: Any) -> ModelInfo | Exception:
    """What the hub says about the model `name`, or the error that kept it from answering in time."""
    answers: list[ModelInfo | Exception] = []

    def ask() -> None:
        from huggingface_hub import HfApi

        try:
            answers.append(HfApi().model_info(name, timeout=HUB_SECONDS, **options))
        except Exception as error:  # no route, no name server, a proxy's refusal, HF_HUB_OFFLINE
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True)  # a name server's timeout heeds no argument
    thread.start()
    thread.join(HUB_SECONDS)
    return answers[0] if answers else TimeoutError()


def main() -> int:
    """Fetch both embedded models; 0, or 1 and one sentence."""
    try:
        for folder in (fetch(), embedding_folder()):
            print(_("{name} is ready.").format(name=folder.name))
    except ModelUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(_("Interrupted: nothing half-made was kept; run the same command again."), file=sys.stderr)
        return 1
    return 0
