"""A log of what the model really computes, written by the process that computes it and read by another.

The generation cache cannot say whether it works. So this log knows nothing of it: it sits between the batches and the
model, and notes each row that the model starts, each forward pass, and each row whose end was reported to its owner.
One JSON object a line, each written by a single `write` to a file opened for appending: what a killed process wrote
stays, whole lines only, and several processes may write at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def write(log_file: str, **event: Any) -> None:
    """Append one event, with the time and this process's id."""
    line = json.dumps({**event, "time": time.time(), "pid": os.getpid()}) + "\n"
    descriptor = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read(log_file: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The events written since `offset` (in bytes), and where to read on."""
    if not log_file.exists():
        return [], offset
    with open(log_file, "rb") as file:
        file.seek(offset)
        whole, newline, _begun = file.read().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()], offset + len(whole) + len(newline)


def row_id(prompt: Sequence[int], uniforms: np.ndarray) -> str:
    """What makes a generation the one it is: its prompt and its random numbers (the first few tell streams apart)."""
    digest = hashlib.blake2b(json.dumps(list(prompt)).encode(), digest_size=12)
    digest.update(np.asarray(uniforms[:4], dtype=np.float64).tobytes())
    return digest.hexdigest()
