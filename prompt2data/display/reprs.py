"""A value of any class as text: whatever its `repr` says or does, printing it neither fails nor acts on the page."""

from __future__ import annotations

from typing import Any

from prompt2data.untrusted import visible

_LONGEST_SHOWN = 400  # characters


def safe_repr(value: Any) -> str:
    """The `repr` of any value, or the error that it raised."""
    try:
        return str.__str__(repr(value))  # a subclass of str may come back, with methods of its own
    except Exception as error:  # a learner's class may have a broken __repr__
        return f"<{type(value).__name__}: {type(error).__name__}>"


def visible_repr(value: Any) -> str:
    """The `repr` of any value, fit to be shown, and cut when it is long."""
    return visible(safe_repr(value), _LONGEST_SHOWN)
