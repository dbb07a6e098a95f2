"""Which model this machine uses, and where its files are.

Rows, cards and plots show a model's public name, never a path: a folder has a public name too. Nothing here runs code
from a model repository, and only safetensors and GGUF files are read.
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
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    if _gpu_bytes() >= GPU_BYTES and (local_folder(LARGE) or not isinstance(_ask_hub(LARGE), Exception)):
        return LARGE
    return EMBEDDED


def available() -> list[str]:
    """The public names of `choose()`'s model and, if it has been fetched already, of the embedded one."""
    folder = home() / "models" / EMBEDDED
    here = [EMBEDDED] if embedded.is_whole(folder, embedded.LANGUAGE_MODEL) else []
    return list(dict.fromkeys([choose(), *here]))


def resolve(name: str | os.PathLike[str]) -> str:
    """Return what `from_pretrained` takes for `name`: a folder, or the hub id itself.

    Fetches the embedded model if it is missing. Raises `ModelUnavailable` for a name that is neither a model folder
    nor a model at the hub.
    """
    name = os.fspath(name)
    if known := folders().get(name):
        return str(_checked(Path(known)))
    if name == EMBEDDED:
        return str(fetch())
    if is_path(name):
        folder = Path(name).expanduser().absolute()
        public_name(folder)  # registered, so that its name leads back to it
        return str(_checked(folder))
    if local_folder(name) or not isinstance(answer := _ask_hub(name), Exception):
        return name
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    if isinstance(answer, (HFValidationError, RepositoryNotFoundError)):
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
    """The name to show for a model given by name or by folder, never a path.

    A folder made by the course states its name; a folder of the hub cache is `organisation/model`; any other folder
    is named by its last component (with a number if another folder has that name). `resolve()` leads from this name
    back to the folder, in worker processes too.
    """
    name, known = os.fspath(name), folders()
    if name == EMBEDDED or name in known or not is_path(name):
        return name
    folder = Path(name).expanduser().absolute()
    if snapshot := re.search(r"models--([^/\\]+)[/\\]snapshots[/\\][^/\\]+$", str(folder)):
        public = snapshot[1].replace("--", "/")
    elif own := embedded.manifest(folder):
        public = own["name"]
    else:
        stem = folder.resolve().name or "model"
        names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        public = next(one for one in names if one != EMBEDDED and known.get(one, str(folder)) == str(folder))
    remember(public, folder)
    return public


def remember(public: str, folder: Path) -> None:
    """Let a public name lead to this folder, here and in the processes that get this environment."""
    os.environ[FOLDERS] = json.dumps(folders() | {public: str(folder)})


def load_tokenizer(name: str | os.PathLike[str]) -> PreTrainedTokenizerBase:
    """The tokenizer of the model `name`. Raises `ModelUnavailable` as `resolve()` does."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(resolve(name))


def folders() -> dict[str, str]:
    """The folder of each public name that has one."""
    return json.loads(os.environ.get(FOLDERS) or "{}")


def is_path(name: str) -> bool:
    """Whether `name` means a folder: it is one, or it is written as only a path can be."""
    written_as_path = name.startswith((".", "~", "/")) or "\\" in name or os.path.isabs(name)
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


def fetching(name: str, revision: str = "main") -> AbstractContextManager[Progress]:
    """A progress bar while the hub model `name` is fetched and loaded; without a total if the hub does not give one."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs"
    total = 0
    # If the hub does not answer, the fetch itself will report what is wrong.
    if enabled() and not isinstance(info := _ask_hub(name, revision=revision, files_metadata=True), Exception):
        total = sum(file.size or 0 for file in info.siblings or () if file.rfilename.endswith(".safetensors"))
    before = bytes_in(folder)
    label = _("fetching {name}").format(name=name)
    return progress_bar(total or None, label, unit=megabytes, look=lambda: bytes_in(folder) - before)


def _ask_hub(name: str, **options: Any) -> ModelInfo | Exception:
    """What the hub knows of the model `name`, or the error that kept it from answering within `HUB_SECONDS`."""
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
