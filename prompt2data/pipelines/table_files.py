"""Rows with unequal columns, written to files without losing any.

distilabel 1.5.3 gives a file the columns of its first row, and all files of a step the columns and keys of the first
file. What only later rows have, such as the reason why one failed, is missing from the dataset without a word; where
the first 50 rows of a column are `None`, the run ends with an error of pyarrow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def install() -> None:
    """Mend how distilabel writes rows in this process: the notebook's, and each worker's."""
    from distilabel.pipeline.batch import _Batch
    from distilabel.pipeline.write_buffer import _WriteBuffer

    if getattr(_WriteBuffer, "_prompt2data", False):
        return
    _WriteBuffer._prompt2data = True
    _Batch.write_batch_data_to_fs = _with_all_columns(_Batch.write_batch_data_to_fs)
    _WriteBuffer._write = _by_its_own_schema(_WriteBuffer._write)
    _WriteBuffer.close = _close


def rectangular(rows: list[Row]) -> list[Row]:
    """The rows with all columns that any of them has; `None` where a row has none."""
    columns: Row = {}
    for row in rows:
        columns.update(row)
    if all(len(row) == len(columns) for row in rows):
        return rows
    columns = dict.fromkeys(columns)
    return [columns | row for row in rows]


def _with_all_columns(stock: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(stock)
    def write_batch_data_to_fs(self: Any, *args: Any, **kwargs: Any) -> None:
        self.data = [rectangular(rows) for rows in self.data]
        stock(self, *args, **kwargs)

    return write_batch_data_to_fs


def _by_its_own_schema(stock: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(stock)
    def write(self: Any, step_name: str) -> None:
        self._buffers[step_name] = rectangular(self._buffers[step_name])
        self._buffer_last_schema.pop(step_name, None)
        stock(self, step_name)

    return write


def _close(self: Any) -> None:
    """Write what is left, and give all files of a step the columns and keys that any of them has."""
    import pyarrow
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
