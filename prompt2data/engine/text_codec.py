"""A generated text as the bytes that the generation cache keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence

KIND = "text"


def pack(tokens: Sequence[int], finish_reason: str) -> bytes:
    """The token ids of a text, and why it ended ("stop" or "length"), as bytes."""
    return json.dumps({"tokens": tokens, "finish_reason": finish_reason}, separators=(",", ":")).encode()


def unpack(payload: bytes) -> tuple[list[int], str]:
    """What `pack` was given. Raises `ValueError` or `KeyError` for other bytes."""
    content = json.loads(payload)
    return content["tokens"], content["finish_reason"]
