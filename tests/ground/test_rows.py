"""Rows in whatever form a table has them."""

from __future__ import annotations

import numpy as np
import pytest

from prompt2data.ground import rows


@pytest.mark.parametrize("given", [np.array(3), np.array("a"), "text", {"a": 1}, 7, None])
def test_what_is_no_table_is_refused_in_one_sentence(given):
    with pytest.raises(TypeError, match="should be a list of rows, or a table of .*, not of the type") as caught:
        rows.records(given)
    assert str(caught.value).endswith(".")


def test_rows_are_taken_from_what_has_them():
    assert rows.records([{"a": 1}]) == rows.records({"a": n} for n in [1]) == [{"a": 1}]
    assert rows.records(np.array([{"a": 1}])) == [{"a": 1}]
