"""Adapters appear by a name of their own, as models do, and are loaded from wherever they lie.

The name tells the adapter's folder by its last part, and its content by a digest: `kitchen@1f0c9a2b4d6e8a0c`. A
pipeline whose steps are kept by distilabel so notices that another adapter stands in the place of an earlier one.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from prompt2data import models
from prompt2data.i18n import _
from prompt2data.models.download import ModelUnavailable, sha256

FILES = ("adapter_config.json", "adapter_model.safetensors")  # as peft's `save_pretrained` names them


def public_name(adapter: str | os.PathLike[str]) -> str:
    """The name for an adapter given by folder or by this name. `folder` leads back, in worker processes too.

    Raises `ModelUnavailable` for a folder without an adapter.
    """
    known = models.folders()
    written = os.fspath(adapter)
    if written in known or (isinstance(adapter, str) and not models.is_path(written)):
        return written
    place = _checked(Path(written).expanduser().absolute())
    name = f"{place.resolve().name}@{digest(place)}"
    models.remember(name, place)
    return name


def shown_name(name: str) -> str:
    """What rows and cards say of an adapter: its public name without the digest."""
    return name.rpartition("@")[0] or name


def folder(name: str) -> Path:
    """The folder of an adapter's files, by its public name. Raises `ModelUnavailable` where it is not here."""
    if name not in (known := models.folders()):
        message = _("There is no adapter {name!r} on this machine: train it again, or give the folder of its files.")
        raise ModelUnavailable(message.format(name=name))
    return _checked(Path(known[name]))


def digest(folder: Path) -> str:
    """16 hex digits of what an adapter's files hold, wherever they lie. Raises `OSError`."""
    parts = [(name, sha256(folder / name)) for name in FILES]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()


def _checked(folder: Path) -> Path:
    """`folder`, if it holds an adapter. Raises `ModelUnavailable`."""
    if not folder.is_dir():
        message = _("The adapter folder {folder} does not exist: correct the path, or train the adapter again.")
    elif not all((folder / name).is_file() for name in FILES):
        message = _(
            "The folder {folder} holds no adapter (it lacks {files}): give the folder that `train` returned or "
            "`save_pretrained` wrote."
        )
    else:
        return folder
    raise ModelUnavailable(message.format(folder=folder, files=" / ".join(FILES)))
