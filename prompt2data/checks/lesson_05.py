"""Checks of lesson 05: a pipeline's graph, its columns, and rows from several sources. Nothing here runs a model."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from prompt2data.checks.core import NotAttempted, Wrong, call, error_text, exercise, plain, records, returned, wrong_if
from prompt2data.checks.merging import MERGE, TO_ROWS, grid_row, pairs_of
from prompt2data.columns import BOOKKEEPING, MissingColumn, SymbolicRow, trace
from prompt2data.i18n import N_, _


class _Echo:
    """Stands in for a model. Its text says which step wrote it, and from what: `write(Why salt?)`."""

    model_name = "echo"
    generation_kwargs: Mapping[str, Any] = {}
    use_offline_batch_generation = False
    structured_output = None

    def __init__(self, step: str) -> None:
        self._step = step

    def load(self) -> None:
        """There is nothing to load."""

    def get_generation_kwargs(self) -> dict[str, Any]:
        """There are none."""
        return {}

    def generate(self, inputs: list[list[dict[str, str]]], num_generations: int = 1, **_more: Any) -> list[dict]:
        """What a step gets from its model."""
        contents = [", ".join(str(message["content"]) for message in messages) for messages in inputs]
        statistics = {"input_tokens": [0] * num_generations, "output_tokens": [0] * num_generations}
        texts = [[f"{self._step}({content})"] * num_generations for content in contents]
        return [{"generations": own, "statistics": dict(statistics)} for own in texts]

    generate_outputs = generate


def _rehearsed(step: Any, *tables: list[dict]) -> list[dict]:
    """The rows that a step gives for these, as in a run, but for its model."""
    double = step.model_copy(update={"llm": _Echo(step.name)} if hasattr(step, "llm") else {})

    def process() -> Iterator[dict]:
        double.load()
        for batch in double.process_applying_mappings(*copy.deepcopy(tables)):
            yield from batch[0] if step.is_generator else batch

    try:
        return records(call(process))
    except Wrong as told:
        if not told.__cause__:
            raise
        message = _("In a run, the step '{step}' would fail: {error}")
        raise Wrong(message, step=step.name, error=error_text(told.__cause__)) from None


# -- 5.1 ----------------------------------------------------------------------------------------------------------


@exercise(
    N_("Create the three steps inside the `with` block, then write: loader >> writer >> keeper"),
    N_(
        'The task: TextGeneration(name="write", llm=my_llm, input_mappings={"instruction": "prompt"}, '
        'output_mappings={"generation": "completion"})'
    ),
)
def three_steps(pipeline: Any) -> None:
    """A loader, a TextGeneration and a KeepColumns, connected in this order; prompt and completion come out."""
    from distilabel.pipeline import Pipeline
    from distilabel.steps import GeneratorStep, KeepColumns
    from distilabel.steps.tasks import TextGeneration

    wrong_if(not isinstance(pipeline, Pipeline), _("This should be a `Pipeline`."), actual=type(pipeline).__name__)
    steps = {name: pipeline.dag.get_step(name)["step"] for name in pipeline.dag}
    if not steps:
        raise NotAttempted
    chain = []
    for kind in (GeneratorStep, TextGeneration, KeepColumns):
        names = [name for name, step in steps.items() if isinstance(step, kind)]
        class_name = "LoadDataFromDicts" if kind is GeneratorStep else kind.__name__
        message = _("The pipeline has no {kind} step. Was it created inside the `with` block?")
        wrong_if(not names, message.format(kind=class_name), actual=[type(step).__name__ for step in steps.values()])
        wrong_if(len(names) > 1, _("The pipeline has {n} {kind} steps; one is enough."), n=len(names), kind=class_name)
        chain += names
    wrong_if(len(steps) > 3, _("The pipeline has more than three steps."), actual=list(steps))
    _connected(pipeline, chain)
    _writes_pairs(pipeline, steps, chain)


def _connected(pipeline: Any, chain: list[str]) -> None:
    edges, right = set(pipeline.dag.G.edges), set(zip(chain, chain[1:], strict=False))
    if edges == right:
        return
    message = _("There is no arrow from '{start}' to '{end}'.")
    if not edges:
        message = _("The steps are not connected yet: there is no arrow between any two of them.")
    elif edges > right:
        message = _("There is an arrow too many, from '{start}' to '{end}'.")
    start, end = min(right - edges, key=lambda edge: chain.index(edge[0]), default=None) or min(edges - right)
    arrows = [f"{start} >> {end}" for start, end in sorted(edges)]
    raise Wrong(message, expected=" >> ".join(chain), actual=arrows, start=start, end=end)


_MY_PROMPTS = ("How do I feed a sourdough starter?", "Why does dough need salt?", "When is a loaf baked through?")
_MORE_PROMPTS = ("Warum Salz?\n\n  塩 🧂", "{{ 6 * 7 }}", "<b>salt</b> & 'rye'")


def _writes_pairs(pipeline: Any, steps: dict[str, Any], chain: list[str]) -> None:
    loader, writer, keeper = (steps[name] for name in chain)
    brought = _rehearsed(loader)
    prompts = [row["prompt"] for row in brought if isinstance(row.get("prompt"), str) and row["prompt"].strip()]
    message = _("The loader should bring rows with the column `prompt`: give it data=my_prompts.")
    wrong_if(not prompts or len(prompts) < len(brought), message, actual=brought)
    given = Counter(prompt for prompt in prompts if prompt in _MY_PROMPTS)  # whoever changed them may
    message = _("The loader should bring all rows of `my_prompts`, each once.")
    wrong_if(given and (len(prompts) < len(_MY_PROMPTS) or max(given.values()) > 1), message, actual=prompts)
    for step in (loader, writer, keeper):
        _mappings_fit(step)
    try:
        trace(pipeline)
    except MissingColumn as missing:
        if missing.step == writer.name:
            message = _("The task reads the column '{column}'; the loader's rows have only: {present}.")
            hint = _("input_mappings says which of your columns the task shall read as its instruction.")
        else:
            message = _("KeepColumns asks for the column '{column}'; its rows have only: {present}.")
            hint = _("output_mappings says under which name the task's text goes into your rows.")
        raise _missing(missing, message, hint) from None
    _read_once(writer)
    rows = [*brought, *({**brought[0], "prompt": prompt} for prompt in _MORE_PROMPTS)]
    for row in _rehearsed(keeper, _rehearsed(writer, rows)):
        message = _("Other columns are kept than asked for.")
        wrong_if(set(row) != {"prompt", "completion"}, message, expected=["prompt", "completion"], actual=list(row))
        text, prompt = row["completion"], row["prompt"]
        right = {"prompt": prompts[0], "completion": f"{writer.name}({prompts[0]})"}
        as_asked = prompt in [*prompts, *_MORE_PROMPTS] and str(text).startswith(f"{writer.name}(")
        message = _("The column `completion` should hold what the task wrote, and `prompt` what was loaded.")
        wrong_if(not as_asked, message, expected=right, actual=row)
        message = _("What '{step}' asks the model does not contain the row's prompt.")
        asked = text.removeprefix(f"{writer.name}(").removesuffix(")")
        wrong_if(prompt not in asked, message, expected=prompt, actual=asked, step=writer.name)


# -- 5.2 ----------------------------------------------------------------------------------------------------------

_STEPS = ("ask", "answer", "improve")
_KINDS = {"input_mappings", "output_mappings"}
_PROMPT = "ask(topic)"
_COMPLETION = f"answer({_PROMPT})"
_EXPECTED = {
    "topic": "topic",
    "prompt": _PROMPT,
    "completion": _COMPLETION,
    "better_completion": f"improve({_PROMPT}, {_COMPLETION})",
}


@exercise(
    N_("Go step by step: which column does this task read, and under which name should its text be kept?"),
    N_('For answer: {"input_mappings": {"instruction": "prompt"}, "output_mappings": {"generation": "completion"}}'),
)
def wiring(answer: Any) -> None:
    """The mappings of ask, answer and improve give topic, prompt, completion and better_completion."""
    mappings = _checked_wiring(call(answer) if callable(answer) else plain(answer))
    again = call(answer) if callable(answer) else mappings
    message = _("The same call gives something else when it comes again: what does it remember?")
    wrong_if(again != mappings, message, expected=mappings, actual=again)
    pipeline = _improving(mappings)
    steps = {name: pipeline.dag.get_step(name)["step"] for name in pipeline.dag}
    for name in _STEPS:
        _mappings_fit(steps[name])
    try:
        row = trace(pipeline)["improve"]
    except MissingColumn as missing:
        message = _("'{step}' reads the column '{column}'; its rows have only: {present}.")
        raise _missing(missing, message) from None
    _explain_columns(row, steps)
    rows: list[dict] = []
    for step in steps.values():
        rows = _rehearsed(step, *([rows] if rows else []))
    _explain_columns(rows[0], steps)


def _checked_wiring(mappings: Any) -> dict[str, dict[str, dict[str, str]]]:
    if not isinstance(returned(mappings), Mapping):
        raise Wrong(_("The wiring should be a dictionary with a key for each step."), actual=mappings)
    for step, kinds in mappings.items():
        wrong_if(step not in _STEPS, _("There is no step '{step}' to wire."), expected=list(_STEPS), step=step)
        message = _("The wiring of '{step}' should be a dictionary with input_mappings, output_mappings or both.")
        wrong_if(not isinstance(kinds, Mapping) or not set(kinds) <= _KINDS, message.format(step=step), actual=kinds)
        for kind, names in kinds.items():
            if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in [*names, *names.values()]):
                message = _("The {kind} of '{step}' should be a dictionary from a column name to a column name.")
                raise Wrong(message, actual=names, kind=kind, step=step)
    return {step: {kind: dict(names) for kind, names in kinds.items()} for step, kinds in mappings.items()}


def _improving(mappings: dict[str, dict[str, dict[str, str]]]) -> Any:
    """The exercise's pipeline. The model is only named: nothing loads it."""
    from distilabel.models import TransformersLLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import EvolQuality, TextGeneration

    llm = TransformersLLM(model="never-loaded")
    with Pipeline(name="check-wiring") as pipeline:
        load = LoadDataFromDicts(name="load", data=[{"topic": "topic"}])
        ask = TextGeneration(name="ask", llm=llm, template="{{ topic }}", columns=["topic"], **mappings.get("ask", {}))
        answer = TextGeneration(name="answer", llm=llm, **mappings.get("answer", {}))
        improve = EvolQuality(name="improve", llm=llm, num_evolutions=1, **mappings.get("improve", {}))
        improve.mutation_templates = {"both": "<PROMPT>, <RESPONSE>"}
        load >> ask >> answer >> improve
    return pipeline


def _mappings_fit(step: Any) -> None:
    """Raise `Wrong` if a key of a step's mappings is not a column of the task; often they are the wrong way round."""
    import networkx

    dag = step.pipeline.dag
    before = [dag.get_step(name)["step"] for name in networkx.ancestors(dag.G, step.name)]
    present = {column for other in before for column in other.get_outputs()}
    for kind, names, columns in (
        ("input_mappings", step.input_mappings, list(step.inputs)),
        ("output_mappings", step.output_mappings, list(step.outputs)),
    ):
        for key, value in names.items():
            if key in columns:
                continue
            expected: Any = {value: key}
            message = _("The {kind} of '{step}' are the wrong way round: the task's own name comes first.")
            if value not in columns or (kind == "input_mappings" and key not in present):
                message = _("The {kind} of '{step}' name '{key}', which is not a column of this task.")
                expected = [column for column in columns if column != "system_prompt"]
            raise Wrong(message, expected=expected, actual=names, kind=kind, step=step.name, key=key)
    message = _("Two of the columns that '{step}' writes get the same name, '{column}'.")
    _different(step, [step.output_mappings.get(column) or column for column in step.outputs], message)


def _read_once(step: Any) -> None:
    message = _("'{step}' reads the column '{column}' under two names; only one of them gets it.")
    _different(step, [step.input_mappings.get(column) or column for column in step.inputs], message)


def _different(step: Any, columns: list[str], message: str) -> None:
    for column, times in Counter(columns).items():
        wrong_if(times > 1, message, actual=columns, step=step.name, column=column)


def _missing(missing: MissingColumn, message: str, hint: str = "") -> Wrong:
    present = ", ".join(column for column in missing.present if column not in BOOKKEEPING)
    return Wrong(message, hint=hint, step=missing.step, column=missing.column, present=present)


def _explain_columns(row: SymbolicRow, steps: dict[str, Any]) -> None:
    """Raise `Wrong` about the first column that does not hold what it should."""
    row = {column: value for column, value in row.items() if column not in BOOKKEEPING}
    for column, value in _EXPECTED.items():
        if row.get(column) != value:
            _explain_column(row, column, value, steps)


def _explain_column(row: SymbolicRow, column: str, value: Any, steps: dict[str, Any]) -> None:
    """Raise `Wrong` about a column that does not hold this value."""
    writer, expected, actual, hint = value.partition("(")[0], value, row.get(column, row), ""
    written = [text for text in row.values() if str(text).startswith(f"{writer}(")]
    if "(" not in value:
        message = _("The column '{column}' no longer holds what the loader brought.")
    elif not written:
        message = _("The text of '{step}' is lost: a later step wrote over it.")
        hint = _("Give each step's text a name of its own in its output_mappings.")
        expected, actual = sorted(_EXPECTED), row
    elif value not in written:
        _read_once(steps[writer])
        message = _("'{step}' wrote its text from other columns than it should have read.")
        hint = _("The input_mappings of '{step}' say which of your columns it reads.")
        actual = written[0]
    else:
        message = _("What should stand in the column '{column}' stands in '{elsewhere}'.")
        hint = _("The output_mappings of '{step}' give its text another name.")
    elsewhere = next((name for name, text in row.items() if text == value), "")
    raise Wrong(message, expected=expected, actual=actual, hint=hint, column=column, step=writer, elsewhere=elsewhere)


# -- 5.3 ----------------------------------------------------------------------------------------------------------

_numbers = count()


@exercise(
    N_("Let to_rows first collect pairs of `prompt` and `completion`, each source its own way; then filter once."),
    N_('For merge, remember the prompts you have seen in a set, as " ".join(prompt.lower().split()).'),
)
def merge(to_rows: Any, merge: Any) -> None:
    """`to_rows` understands three shapes; `merge` puts tables below one another and keeps each prompt once."""
    row = grid_row(f"Why salt {next(_numbers)}?", "Taste.")  # which no call has seen before
    _forgets(to_rows, "grid", row)
    TO_ROWS.judge(to_rows)
    _forgets(merge, {"grid": [row]})
    MERGE.judge(merge)


def _forgets(function: Any, *given: Any) -> None:
    first = second = None
    with suppress(Wrong):  # whatever else is wrong has a reason of its own
        first, second = (pairs_of(call(function, *copy.deepcopy(given))) for _call in range(2))
    message = _("The second call gives other rows than the first: does something live on between calls?")
    wrong_if(first != second, message, expected=first, actual=second)
