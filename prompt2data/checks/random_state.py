"""Whether an answer leaves the global random generators as they were."""

from __future__ import annotations

import random
from typing import Any, Self

import numpy as np


class GlobalRandomState:
    """Context manager that restores the global random state of Python and numpy on exit.

    Attributes:
        changed: whether either state changed inside the block; known once it has ended.
    """

    changed = False

    def __enter__(self) -> Self:
        self._before = random.getstate(), np.random.get_state()
        return self

    def __exit__(self, *_error: object) -> None:
        python, numpy = self._before
        self.changed = random.getstate() != python or _comparable(np.random.get_state()) != _comparable(numpy)
        random.setstate(python)
        np.random.set_state(numpy)


def _comparable(state: Any) -> list[Any]:
    """A state of numpy's generator, which contains an array, as values that `==` compares."""
    return [np.asarray(part).tolist() for part in state]
