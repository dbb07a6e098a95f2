"""Checks of lesson 05: a pipeline's graph, its columns, and rows from several sources. Nothing here runs a model."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from prompt2data.checks.core import NotAttempted, Wrong, call, exercise, expect, records, returned, wrong_if
from prompt2data.columns import BOOKKEEPING, MissingColumn, SymbolicRow, trace
from prompt2data.i18n import N_, _

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


def _writes_pairs(pipeline: Any, steps: dict[str, Any], chain: list[str]) -> None:
    loader, writer, keeper = (steps[name] for name in chain)
    brought = list(loader.get_outputs())
    message = _("The loader should bring rows with the column `prompt`: give it data=my_prompts.")
    wrong_if("prompt" not in brought, message, actual=brought)
    _mappings_fit(writer)
    try:
        row = trace(pipeline)[keeper.name]
    except MissingColumn as missing:
        if missing.step == writer.name:
            message = _("The task reads the column '{column}'; the loader's rows have only: {present}.")
            hint = _("input_mappings says which of your columns the task shall read as its instruction.")
        else:
            message = _("KeepColumns asks for the column '{column}'; its rows have only: {present}.")
            hint = _("output_mappings says under which name the task's text goes into your rows.")
        raise _missing(missing, message, hint) from None
    right = {"prompt": "prompt", "completion": f"{writer.name}(prompt)"}
    if set(row) != set(right):
        raise Wrong(_("Other columns are kept than asked for."), expected=list(right), actual=list(row))
    expect(row, right, _("The column `completion` should hold what the task wrote, and `prompt` what was loaded."))


def _missing(missing: MissingColumn, message: str, hint: str = "") -> Wrong:
    present = ", ".join(column for column in missing.present if column not in BOOKKEEPING)
    return Wrong(message, hint=hint, step=missing.step, column=missing.column, present=present)


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
    pipeline = _improving(_checked_wiring(call(answer) if callable(answer) else answer))
    for name in _STEPS:
        _mappings_fit(pipeline.dag.get_step(name)["step"])
    try:
        row = trace(pipeline)["improve"]
    except MissingColumn as missing:
        message = _("'{step}' reads the column '{column}'; its rows have only: {present}.")
        raise _missing(missing, message) from None
    row = {column: value for column, value in row.items() if column not in BOOKKEEPING}
    for column, value in _EXPECTED.items():
        if row.get(column) != value:
            _explain_column(row, column, value)


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
        load = LoadDataFromDicts(name="load", data=[{"topic": ""}])
        ask = TextGeneration(name="ask", llm=llm, template="{{ topic }}", columns=["topic"], **mappings.get("ask", {}))
        answer = TextGeneration(name="answer", llm=llm, **mappings.get("answer", {}))
        improve = EvolQuality(name="improve", llm=llm, num_evolutions=1, **mappings.get("improve", {}))
        load >> ask >> answer >> improve
    return pipeline


def _mappings_fit(step: Any) -> None:
    """Raise `Wrong` if a key of a step's mappings is not a column of the task; often they are the wrong way round."""
    for kind, names, columns in (
        ("input_mappings", step.input_mappings, list(step.inputs)),
        ("output_mappings", step.output_mappings, list(step.outputs)),
    ):
        for key, value in names.items():
            if key in columns:
                continue
            expected: Any = {value: key}
            message = _("The {kind} of '{step}' are the wrong way round: the task's own name comes first.")
            if value not in columns:
                message = _("The {kind} of '{step}' name '{key}', which is not a column of this task.")
                expected = [column for column in columns if column != "system_prompt"]
            raise Wrong(message, expected=expected, actual=names, kind=kind, step=step.name, key=key)


def _explain_column(row: SymbolicRow, column: str, value: Any) -> None:
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
        message = _("'{step}' wrote its text from other columns than it should have read.")
        hint = _("The input_mappings of '{step}' say which of your columns it reads.")
        actual = written[0]
    else:
        message = _("What should stand in the column '{column}' stands in '{elsewhere}'.")
        hint = _("The output_mappings of '{step}' give its text another name.")
    elsewhere = next((name for name, text in row.items() if text == value), "")
    raise Wrong(message, expected=expected, actual=actual, hint=hint, column=column, step=writer, elsewhere=elsewhere)


# -- 5.3 ----------------------------------------------------------------------------------------------------------


def _turns(*texts: str, system: str = "") -> dict[str, Any]:
    messages = list(zip(cycle(("user", "assistant")), texts, strict=False))
    messages = [("system", system), *messages] if system else messages
    return {"conversation": [{"role": role, "content": content} for role, content in messages]}


_COLUMNS = ("prompt", "completion", "source")


def _pair(source: str, prompt: str, completion: str) -> dict[str, str]:
    return {"prompt": prompt, "completion": completion, "source": source}


_ONE_ROW: list[tuple[str, dict[str, Any], list[dict[str, str]]]] = [
    ("grid", {"instruction": "How hot?", "generation": "Very."}, [_pair("grid", "How hot?", "Very.")]),
    ("grid", {"instruction": "How hot?", "generation": None}, []),
    ("grid", {"instruction": "How hot?", "generation": " \n"}, []),
    (
        "self_instruct",
        {"instructions": ["Why salt?", "Why steam?", "Why rest?"], "generations": ["Taste.", None, "Gluten."]},
        [_pair("self_instruct", "Why salt?", "Taste."), _pair("self_instruct", "Why rest?", "Gluten.")],
    ),
    ("self_instruct", {"instructions": [], "generations": []}, []),
    ("magpie", _turns("Hi?", "Hello.", "And rye?", "Denser."), [_pair("magpie", "Hi?", "Hello.")]),
    ("magpie", _turns("Why rest?", "Gluten.", system="The user bakes."), [_pair("magpie", "Why rest?", "Gluten.")]),
    ("magpie", _turns("Is rye healthy?"), []),
    ("magpie", _turns(system="The user bakes."), []),
]


@exercise(
    N_("Let to_rows first collect pairs of `prompt` and `completion`, each source its own way; then filter once."),
    N_('For merge, remember the prompts you have seen in a set, as " ".join(prompt.lower().split()).'),
)
def merge(to_rows: Any, merge: Any) -> None:
    """`to_rows` understands three shapes; `merge` puts tables below one another and keeps each prompt once."""
    for source, row, expected in _ONE_ROW:
        _one_row(to_rows, source, row, expected)
    try:
        unknown = to_rows("a_source_nobody_knows", {"instruction": "a", "generation": "b"})
    except ValueError:
        pass
    except Exception as error:
        message = _("An unknown source should raise ValueError.")
        raise Wrong(message, expected="ValueError", actual=type(error).__name__) from error
    else:
        raise Wrong(_("An unknown source should raise ValueError, not return."), expected="ValueError", actual=unknown)
    _tables(merge)


def _one_row(to_rows: Any, source: str, row: dict[str, Any], expected: list[dict[str, str]]) -> None:
    rows = _stripped(call(to_rows, source, copy.deepcopy(row)))
    if rows == expected:
        given = copy.deepcopy(row)
        call(to_rows, source, given)
        expect(given, row, _("to_rows changed the row it was given."))
        return
    if any(not pair["prompt"] or not pair["completion"] for pair in rows):
        message = _("A pair in which a text is missing was kept ({source}).")
    elif any(pair["source"] != source for pair in rows):
        message = _("The column source should hold '{source}'.")
    elif any(pair["prompt"] == "The user bakes." for pair in rows):
        message = _("A system message was taken for the user's prompt.")
    elif source == "magpie" and len(rows) > len(expected):
        message = _("Of a conversation, only the first question and its answer make a pair.")
    elif source == "magpie" and expected and not rows:
        message = _("A conversation with a question and an answer gave no row.")
    elif len(rows) < len(expected):
        message = _("Rows are missing: one row of {source} can hold several pairs.")
    else:
        message = _("Wrong rows for one row of {source}.")
    raise Wrong(message, expected=expected, actual=rows, source=source)


def _tables(merge: Any) -> None:
    tables = {
        "magpie": [_turns("Why  salt?", "Ask the magpie.")],
        "grid": [
            {"instruction": "How hot?", "generation": "Very."},
            {"instruction": "why SALT?", "generation": "Taste."},
            {"instruction": "How hot? ", "generation": "240 degrees."},
        ],
        "self_instruct": [{"instructions": ["How long?", "Why steam?"], "generations": ["An hour.", "The crust."]}],
    }
    given = copy.deepcopy(tables)
    rows = _stripped(call(merge, given))
    expect(given, tables, _("merge changed the tables it was given."))
    expected = [
        _pair("magpie", "Why  salt?", "Ask the magpie."),
        _pair("grid", "How hot?", "Very."),
        _pair("self_instruct", "How long?", "An hour."),
        _pair("self_instruct", "Why steam?", "The crust."),
    ]
    if rows != expected:
        _explain_rows(rows, expected)
    if nothing := call(merge, {}):
        raise Wrong(_("No tables should give no rows."), expected=[], actual=nothing)
    once = {"grid": [{"instruction": "Why salt?", "generation": "Taste."}]}
    if _stripped(call(merge, once)) != _stripped(call(merge, once)):
        raise Wrong(_("The second call gives other rows than the first: does something live on between calls?"))


def _explain_rows(rows: list[dict[str, str]], expected: list[dict[str, str]]) -> None:
    keys, right = ([" ".join(row["prompt"].lower().split()) for row in table] for table in (rows, expected))
    hint = ""
    if len(set(row["prompt"] for row in rows)) < len(rows):
        message = _("A prompt appears twice.")
    elif len(set(keys)) < len(keys):
        message = _("Two prompts that differ only in upper and lower case or in white space are the same.")
    elif missing := set(right) - set(keys):
        message = _("A row is missing: are the tables put below one another, and not zipped?")
        hint = _("The prompt {prompt} should be there.").format(prompt=min(missing))
    elif sorted(keys) == sorted(right) and keys != right:
        message = _("The rows are not in the order of the tables.")
    else:
        message = _("Where two rows have the same prompt, the first should stay.")
    raise Wrong(message, expected=expected, actual=rows, hint=hint)


def _stripped(answer: Any) -> list[dict[str, str]]:
    """Rows with exactly the three columns, without white space around their texts."""
    rows = records(answer, _COLUMNS)
    for row in rows:
        for extra in sorted(set(row) - set(_COLUMNS)):
            message = _("The rows have a column too many: {column}.")
            raise Wrong(message, expected=list(_COLUMNS), actual=sorted(row), column=extra)
    return [
        {column: value.strip() if isinstance(value, str) else value for column, value in row.items()} for row in rows
    ]
