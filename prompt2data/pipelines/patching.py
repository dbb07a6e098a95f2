"""Patches: each replaces an attribute of distilabel, once, and only in the version it was written for."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pkgutil import resolve_name
from typing import Any

from prompt2data.ground.errors import UnsupportedDistilabel
from prompt2data.i18n import _

DISTILABEL = "1.5.3"
_applied: set[Patch] = set()


@dataclass(frozen=True, eq=False)
class Patch:
    """Replaces an attribute of distilabel, or of a module it uses.

    Attributes:
        owner: dotted path of the module or class.
        name: the attribute.
        new: its new value.
        why: what the original does wrong, in one sentence.
        upstream: distilabel's issue about it, such as "distilabel#1065".
    """

    owner: str
    name: str
    new: Any
    why: str
    upstream: str | None = None

    def value(self, original: Any) -> Any:
        """The attribute's new value."""
        return self.new


class Wrapper(Patch):
    """Wraps a function: `new` is called instead, with the original as an additional first argument."""

    def value(self, original: Any) -> Any:
        @functools.wraps(original)
        def patched(*args: Any, **kwargs: Any) -> Any:
            return self.new(original, *args, **kwargs)

        return patched


def apply_patches(patches: Iterable[Patch]) -> None:
    """Apply these patches in this process. Calling it again changes nothing.

    Raises:
        AttributeError: when an owner has no such attribute.
        UnsupportedDistilabel: when another version of distilabel is installed; nothing is patched then.
    """
    installed = version("distilabel")
    if installed != DISTILABEL:
        message = _(
            "This course needs distilabel {expected}, but version {installed} is installed: run "
            "`pip install distilabel=={expected}`, then restart the notebook's kernel."
        )
        raise UnsupportedDistilabel(message.format(expected=DISTILABEL, installed=installed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing the owners warns about code that no learner wrote
        for patch in patches:
            if patch not in _applied:
                owner = resolve_name(patch.owner)
                setattr(owner, patch.name, patch.value(getattr(owner, patch.name)))
                _applied.add(patch)
