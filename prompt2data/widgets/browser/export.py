"""Write rows as JSON Lines: one row, one line. Existing files are never overwritten."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from prompt2data.ground.folders import output_path
from prompt2data.i18n import _
from prompt2data.untrusted import whole
from prompt2data.widgets.browser.table import plain

_LONGEST_NAME = 60  # characters: file systems take 255 bytes, and a character may be four
# What Windows or Unix refuses, and what a terminal would act on.
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\uffff]')
# JSON leaves them as they are, but they end a line for Python and others who read line by line.
_LINE_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def file_name(typed: str, otherwise: str = "picked.jsonl") -> str:
    """Turn what somebody typed into a bare file name ending in ".jsonl": no folder, nothing that a system refuses.

    >>> file_name("../my rows")
    'my rows.jsonl'
    """
    name = _FORBIDDEN.sub("", re.split(r"[\\/]", typed)[-1]).strip(" .")
    stem = name[: -len(".jsonl")] if name.lower().endswith(".jsonl") else name
    stem = stem[:_LONGEST_NAME].strip(" .")
    if not stem or stem.lower() == "jsonl":
        return otherwise
    return f"_{stem}.jsonl" if _RESERVED.match(stem) else f"{stem}.jsonl"


def write_rows(rows: Sequence[Mapping[Any, Any]], typed: str, names: Sequence[str] = ()) -> Path:
    """Write the rows where `output_path` says, under this name, with a number after it if a file has that name.

    `names` tell the reader's own numbers of the rows; without them they are counted from 1.

    Returns:
        The path of the file.

    Raises:
        OSError: if it cannot be written, in one sentence. No partial file stays behind.
        ValueError: if a row cannot be written as JSON.
    """
    lines = [_line(row, name) for row, name in zip(rows, names or map(str, range(1, len(rows) + 1)), strict=True)]
    first = output_path(file_name(typed))
    try:
        path, file = _new_file(first)
        try:
            with file:
                file.writelines(f"{line}\n" for line in lines)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(
            _(
                "Cannot write '{file}' ({reason}). Your rows are still picked: make room, or choose another name."
            ).format(file=first.as_posix(), reason=error.strerror or type(error).__name__)
        ) from error
    return path


def _line(row: Mapping[Any, Any], name: str) -> str:
    """A row as JSON on one line, whoever reads it."""
    try:
        # Half a surrogate pair has no UTF-8, and as JSON writes it, pandas and datasets refuse the whole file.
        return whole(json.dumps(plain(row), ensure_ascii=False)).translate(_LINE_ENDS)
    except RecursionError as error:
        message = _("Row {row} cannot be written as JSON: it holds itself, or is nested too deeply. Do not pick it.")
        raise ValueError(message.format(row=name)) from error
    except (ValueError, TypeError) as error:
        message = _("Row {row} cannot be written as JSON ({reason}). Do not pick it.")
        raise ValueError(message.format(row=name, reason=error)) from error


def _new_file(first: Path) -> tuple[Path, Any]:
    for number in count(1):
        path = first if number == 1 else first.with_name(f"{first.stem}-{number}{first.suffix}")
        try:
            return path, open(path, "x", encoding="utf-8", newline="\n")
        except FileExistsError:
            continue
    raise AssertionError
