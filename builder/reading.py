"""Reading what people write: every file of the sources as UTF-8 text, or a refusal that names the line."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from builder.problems import Problem, Refused, refuse

_CONFLICT = re.compile(r"^(?:<{7}|>{7}) .*$", re.MULTILINE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read(path: Path, bom: bool = False) -> str:
    """The text of the file at `path`, with `\\n` at the ends of its lines. `bom`: a byte order mark may open it.

    Raises Refused where it is missing, is no UTF-8 text, or still holds a merge conflict.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise refuse(path, 0, "this file is missing") from None
    except OSError as error:
        raise refuse(path, 0, f"cannot be read: {error.strerror}") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise refuse(path, 1, "is UTF-16: save it as UTF-8 without a BOM")
    if content.startswith(codecs.BOM_UTF8):
        if not bom:
            raise refuse(path, 1, "has a BOM (byte order mark): save it as UTF-8 without one")
        content = content[len(codecs.BOM_UTF8) :]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(
            path, line, f"the byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    problems = [
        Problem(path, text.count("\n", 0, found.start()) + 1, says.format(found[0]))
        for pattern, says in ((_CONFLICT, "a merge conflict is left here"), (_CONTROL, "a control character: {!r}"))
        if (found := pattern.search(text))
    ]
    if problems:
        raise Refused(problems)
    return text
