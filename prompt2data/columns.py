"""Which columns a pipeline's rows have after each step, traced symbolically without a model.

One symbolic row is sent through the pipeline. Where a task would write a text, it writes an expression for it instead:
`answer(ask(instruction))`. Renaming is done by distilabel's own mapping code, so what holds for the symbols holds for
the rows of a real run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prompt2data.i18n import _, listed

# Columns that every task adds.
BOOKKEEPING = ("model_name", "distilabel_metadata")

SymbolicRow = dict[str, Any]


class MissingColumn(ValueError):
    """A step reads a column that no step before it writes."""

    def __init__(self, step: str, column: str, present: Iterable[str]) -> None:
        self.step, self.column, self.present = step, column, sorted(present)
        super().__init__(
            _("Step '{step}' reads the column '{column}', which its rows do not have; they have: {present}.").format(
                step=step, column=column, present=listed(self.present) or "–"
            )
        )


def trace(pipeline: Any, given: Iterable[str] = ()) -> dict[str, SymbolicRow]:
    """The symbolic row after each step, by the step's name, in an order in which the steps can run.

    A column of a loader stands for itself; a column that a task writes is `step(what it read, …)`.

    Args:
        pipeline: a `distilabel` pipeline; it is neither run nor changed, and no model is loaded.
        given: columns of a dataset that `run(dataset=…)` will bring, for a pipeline without a loader.

    Raises:
        MissingColumn: if a step reads a column that its rows do not have.
    """
    import networkx

    rows: dict[str, SymbolicRow] = {}
    for name in networkx.topological_sort(pipeline.dag.G):
        step = pipeline.dag.get_step(name)["step"]
        before = [rows[previous] for previous in pipeline.dag.get_step_predecessors(name)]
        if step.is_generator:
            rows[name] = {column: column for column in step.get_outputs()}
        else:
            rows[name] = _after(step, before or [{column: column for column in given}])
    return rows


def show_columns(pipeline: Any, given: Iterable[str] = ()) -> None:
    """Print, for each step, the columns of its rows and where each comes from; bookkeeping columns are left out."""
    rows = trace(pipeline, given)
    width = max(map(len, rows), default=0)
    for name, row in rows.items():
        columns = [
            column if value == column else f"{column} = {value}"
            for column, value in row.items()
            if column not in BOOKKEEPING
        ]
        print(f"{name:<{width}}  {', '.join(columns)}")


def _after(step: Any, before: list[SymbolicRow]) -> SymbolicRow:
    from distilabel.steps.tasks.base import Task

    present = {column for row in before for column in row}
    for column, required in step.get_inputs().items():
        if required and column not in present:
            raise MissingColumn(step.name, column, present)
    if not isinstance(step, Task):  # plain code, which can process symbols
        step.load()
        return next(step.process_applying_mappings(*([row] for row in before)))[0]
    # The two halves of `process_applying_mappings`, with symbols in place of the generation between them.
    renamed, overridden = step._apply_input_mappings(tuple([row] for row in before))
    row = dict(renamed[0][0])
    # A system prompt is optional and says nothing about where a text comes from.
    read = [str(row[column]) for column in step.inputs if column in row and column != "system_prompt"]
    symbol = f"{step.name}({', '.join(read)})"
    row.update({column: symbol for column in step.outputs})
    return step._apply_mappings_and_restore_overriden(row, overridden[0])
