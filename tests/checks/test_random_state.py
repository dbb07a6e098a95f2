"""Changes of the global random state are noticed and undone."""

from __future__ import annotations

import random

import numpy as np
import pytest

from prompt2data.checks.guard import GlobalRandomState


@pytest.mark.parametrize(
    "draw, changes",
    [
        (random.random, True),
        (lambda: random.seed(5), True),
        (np.random.random, True),
        (np.random.standard_normal, True),
        (lambda: np.random.seed(5), True),
        (lambda: random.Random(5).random(), False),
        (lambda: np.random.default_rng(5).random(), False),
    ],
)
def test_a_change_is_noticed_and_undone(draw, changes):
    with GlobalRandomState() as outer:
        random.seed(1)
        np.random.seed(1)
        first = random.random(), np.random.standard_normal(), np.random.standard_normal()
        random.seed(1)
        np.random.seed(1)
        with GlobalRandomState() as state:
            draw()
        again = random.random(), np.random.standard_normal(), np.random.standard_normal()
    assert state.changed == changes and again == first
    assert outer.changed


def test_the_state_is_restored_after_an_error():
    before = random.getstate()
    with pytest.raises(ZeroDivisionError), GlobalRandomState():
        random.seed(1)
        raise ZeroDivisionError
    assert random.getstate() == before
