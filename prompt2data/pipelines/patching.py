"""How attributes of distilabel are replaced: one row for each, applied once, to the version they were written for."""

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
    """One attribute of distilabel, or of a module it uses, that is replaced.

    Attributes:
        owner: dotted path of the module or class.
        name: the attribute.
        new: what takes its place.
        why: what was wrong with the original, in one sentence.
        upstream: distilabel's thread about it, such as "distilabel#1065".
    """

    owner: str
    name: str
    new: Any
    why: str
    upstream: str | None = None

    def apply(self) -> None:
        """Replace the attribute. Raises `AttributeError` when its owner has none of this name."""
        owner = resolve_name(self.owner)
        setattr(owner, self.name, self.value(getattr(owner, self.name)))

    def value(self, original: Any) -> Any:
        """What the attribute becomes."""
        return self.new


class Wrapper(Patch):
    """A function that is wrapped: `new` is called instead, with the original before its arguments."""

    def value(self, original: Any) -> Any:
        @functools.wraps(original)
        def patched(*args: Any, **kwargs: Any) -> Any:
            return self.new(original, *args, **kwargs)

        return patched


def apply_patches(patches: Iterable[Patch]) -> None:
    """Apply these patches to this process. Calling it again changes nothing.

    Raises:
        UnsupportedDistilabel: when another version of distilabel is installed; nothing is patched then.
    """
    installed = version("distilabel")
    if installed != DISTILABEL:
        raise UnsupportedDistilabel(
            _(
                "This course needs distilabel {expected}, but version {installed} is installed: run "
                "`pip install distilabel=={expected}`, then restart the notebook's kernel."
            ).format(expected=DISTILABEL, installed=installed)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing the owners warns about code that no learner wrote
        for patch in patches:
            if patch not in _applied:
                patch.apply()
                _applied.add(patch)
