"""Rows with unequal columns and values, written to files without losing any.

distilabel 1.5.3 gives a file the columns of its first row, and all files of a step the columns and keys of the first
file. What only later rows have, such as the reason why one failed, is silently missing from the dataset; where
the first 50 rows of a column are `None`, or where one value is of another type, the run ends with an error of pyarrow.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import Any

from prompt2data.pipelines import storable

Row = dict[str, Any]


def rectangular(rows: list[Row]) -> list[Row]:
    """The rows with all columns that any of them has; `None` where a row has none."""
    columns: Row = dict.fromkeys(chain.from_iterable(rows))
    if all(len(row) == len(columns) for row in rows):
        return rows
    return [columns | row for row in rows]


def write_batch(self: Any, fs: Any = None, base_path: Any = None) -> None:
    """`_Batch.write_batch_data_to_fs`: a file for each input, with the rows as a queue hands them on."""
    self._fs = fs or self._fs
    folder = str(base_path / f"seq_no_{self.seq_no}" if base_path else self.data_path)
    self._fs.makedirs(folder, exist_ok=True)
    for position, rows in enumerate(self.data):
        with self._fs.open(f"{folder}/{position:05}.pickle", "wb") as file:
            pickle.dump(rows, file)
    self.data, self.data_path = [], folder


def read_batch(self: Any) -> None:
    """`_Batch.read_batch_data_from_fs`, with a step's inputs in their order."""
    for path in sorted(self._fs.ls(self.data_path, detail=False)):
        with self._fs.open(path, "rb") as file:
            self.data.append(pickle.load(file))
    self._fs.rm(self.data_path, recursive=True)


def write_json(original: Callable[..., None], filename: Path, data: Any) -> None:
    """`write_json` of the cache, for data that JSON has no words for."""
    try:
        original(filename, data)
    except TypeError:  # half a surrogate pair, a number of numpy or of too many digits, an object
        original(filename, storable.plain(data))


def write_own_schema(original: Callable[..., None], self: Any, step_name: str) -> None:
    """`_WriteBuffer._write` with the columns and keys of the rows at hand, and not of the file before."""
    self._buffers[step_name] = storable.rows_of(rectangular(self._buffers[step_name]))
    self._buffer_last_schema.pop(step_name, None)
    original(self, step_name)


def close(self: Any) -> None:
    """Write what is left, and give all files of a step the columns and keys that any of them has."""
    from distilabel.utils.files import list_files_in_dir  # distilabel is slow to import

    for step_name, rows in self._buffers.items():
        if rows:
            self._write(step_name)
        _unify(list_files_in_dir(self._path / step_name))


def _unify(files: list[Path]) -> None:
    import pyarrow  # slow to import
    from pyarrow import parquet

    schemas = {file: parquet.read_schema(file) for file in files}
    if all(schema.equals(own) for schema in schemas.values() for own in islice(schemas.values(), 1)):
        return
    try:
        common = pyarrow.unify_schemas(list(schemas.values()), promote_options="permissive")
        tables = {file: parquet.read_table(file, schema=common) for file in files}
    except pyarrow.ArrowException:  # a column of numbers in one file, of text in another
        rows = {file: parquet.read_table(file).to_pylist() for file in files}
        every = iter(storable.rows_of(rectangular(list(chain.from_iterable(rows.values())))))
        mended = {file: list(islice(every, len(own))) for file, own in rows.items()}
        common = pyarrow.Table.from_pylist(list(chain.from_iterable(mended.values()))).schema
        tables = {file: pyarrow.Table.from_pylist(own, schema=common) for file, own in mended.items()}
    for file, table in tables.items():
        if not schemas[file].equals(common):
            parquet.write_table(table, file)
