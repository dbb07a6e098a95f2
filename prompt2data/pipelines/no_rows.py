"""Runs in which no rows begin, or none are left at an end of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt2data.ground.errors import PipelineError
from prompt2data.i18n import _


def demand_rows(pipeline: Any, dataset: Any) -> None:
    """Refuse a run that cannot have a row.

    Raises:
        PipelineError: when `dataset`, that of `run(dataset=…)`, or the data of a `LoadDataFromDicts` is an empty list.
    """
    from distilabel.steps import LoadDataFromDicts  # distilabel is slow to import

    if isinstance(dataset, list) and not dataset:
        raise PipelineError(_("run(dataset=…) got no rows: give it at least one."))
    for name in pipeline.dag:
        step = pipeline.dag.get_step(name)["step"]
        if isinstance(step, LoadDataFromDicts) and not step.data:
            message = _(
                "Step '{step}' has no rows: give LoadDataFromDicts(data=…) at least one. A pipeline read from a file "
                "comes without its rows; bring them with pipeline.dag.get_step('{step}')['step'].data = rows."
            )
            raise PipelineError(message.format(step=name), name)


def loaded_columns(self: Any) -> list[str]:
    """`LoadDataFromDicts.outputs`, also without data: the columns of the first row, if there is one."""
    return [column for row in self.data[:1] for column in row]


def add_empty_ends(pipeline: Any, distiset: Any) -> list[str]:
    """Give each end of the graph at which no row arrived an empty dataset, as distilabel gives the others theirs.

    An end that failed, and that distilabel left out for it, stays out.

    Returns:
        The names of the empty ends.
    """
    from datasets import Dataset, DatasetDict  # slow to import
    from distilabel.constants import STEPS_OUTPUTS_PATH

    ends = sorted(pipeline.dag.leaf_steps)
    outputs = pipeline._cache_location["data"] / STEPS_OUTPUTS_PATH
    full = [name for name in ends if any((outputs / name).glob("*.parquet"))]
    empty = [name for name in ends if name not in full and name not in getattr(pipeline, "_prompt2data_left_out", ())]
    if empty and len(full) == 1 and set(distiset) == {"default"}:
        distiset[full[0]] = distiset.pop("default")  # it is not the only end
    for name in empty:
        columns: dict[str, list[Any]] = {column: [] for column in _columns(pipeline.dag, name)}
        distiset["default" if len(ends) == 1 else name] = DatasetDict({"train": Dataset.from_dict(columns)})
    return empty


def _columns(dag: Any, name: str) -> list[str]:
    """The columns that rows would have after this step."""
    from distilabel.steps import KeepColumns  # distilabel is slow to import

    step = dag.get_step(name)["step"]
    own = list(step.get_outputs())
    if isinstance(step, KeepColumns):
        return own
    before = [column for previous in dag.get_step_predecessors(name) for column in _columns(dag, previous)]
    return list(dict.fromkeys([*before, *own]))


def validate_load_groups(original: Callable[..., None], self: Any, load_groups: list[list[Any]]) -> None:
    """distilabel's own validation, and one more: no step is loaded before those whose rows it needs.

    Raises:
        PipelineError: when one is; such a run would wait forever.
    """
    original(self, load_groups)
    loaded: set[str] = set()
    for stage in self.dag.get_steps_load_stages(list(load_groups))[0]:
        loaded.update(stage)
        for name in stage:
            for before in self.dag.get_step_predecessors(name):
                if before not in loaded:
                    message = _(
                        "load_groups loads step '{step}' before step '{before}', whose rows it needs: put '{before}' "
                        "into the same group, or take '{step}' out of load_groups."
                    )
                    raise PipelineError(message.format(step=name, before=before), name)
