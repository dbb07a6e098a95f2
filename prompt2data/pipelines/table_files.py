"""Rows with unequal columns, written to files without losing any.

distilabel 1.5.3 gives a file the columns of its first row, and all files of a step the columns and keys of the first
file. What only later rows have, such as the reason why one failed, is silently missing from the dataset; where
the first 50 rows of a column are `None`, the run ends with an error of pyarrow.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

Row = dict[str, Any]


def rectangular(rows: list[Row]) -> list[Row]:
    """The rows with all columns that any of them has; `None` where a row has none."""
    columns: Row = dict.fromkeys(chain.from_iterable(rows))
    if all(len(row) == len(columns) for row in rows):
        return rows
    return [columns | row for row in rows]


def write_all_columns(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
    """`_Batch.write_batch_data_to_fs` with the columns of all rows."""
    self.data = [rectangular(rows) for rows in self.data]
    original(self, *args, **kwargs)


def write_own_schema(original: Callable[..., None], self: Any, step_name: str) -> None:
    """`_WriteBuffer._write` with the columns and keys of the rows at hand, and not of the file before."""
    self._buffers[step_name] = rectangular(self._buffers[step_name])
    self._buffer_last_schema.pop(step_name, None)
    original(self, step_name)


def close(self: Any) -> None:
    """Write what is left, and give all files of a step the columns and keys that any of them has."""
    import pyarrow  # slow to import
    from distilabel.utils.files import list_files_in_dir
    from pyarrow import parquet

    for step_name, rows in self._buffers.items():
        if rows:
            self._write(step_name)
        schemas = {file: parquet.read_schema(file) for file in list_files_in_dir(self._path / step_name)}
        if schemas:
            common = pyarrow.unify_schemas(list(schemas.values()), promote_options="permissive")
        for file, own in schemas.items():
            if not own.equals(common):
                parquet.write_table(parquet.read_table(file, schema=common), file)
