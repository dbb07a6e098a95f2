"""What `to_rows` and `merge` of exercise 5.3 should do."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import cycle
from typing import Any

from prompt2data.checks.core import Wrong, call, records
from prompt2data.checks.judge import Properties, Task, case, drawn
from prompt2data.i18n import N_, _

_COLUMNS = ("prompt", "completion", "source")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _to_rows(source: str, row: dict, keep: Callable[[Any], bool] = _is_text) -> list[dict]:
    if source == "grid":
        found = [(row["instruction"], row["generation"])]
    elif source == "self_instruct":
        found = list(zip(row["instructions"], row["generations"], strict=True))
    elif source == "magpie":
        turns = [message["content"] for message in row["conversation"] if message["role"] != "system"]
        found = [(turns[0], turns[1])] if len(turns) > 1 else []
    else:
        raise ValueError(source)
    return [
        {"prompt": asked, "completion": text, "source": source} for asked, text in found if keep(asked) and keep(text)
    ]


def _key(pair: dict) -> str:
    return " ".join(str(pair["prompt"]).lower().split())


def _merge(
    tables: dict[str, list[dict]],
    key: Callable[[dict], Any] = _key,
    some: Callable[[list[dict]], Iterable[dict]] = list,
) -> list[dict]:
    merged: dict[Any, dict] = {}
    for source, rows in tables.items():
        for pair in [pair for row in some(rows) for pair in _to_rows(source, row)]:
            merged.setdefault(key(pair), pair)
    return list(merged.values())


def pairs_of(answer: Any) -> list[dict]:
    """Rows with exactly the three columns, without white space around their texts."""
    pairs = records(answer, _COLUMNS)
    for pair in pairs:
        for extra in [column for column in pair if column not in _COLUMNS]:
            message = _("The rows have a column too many: {column}.")
            raise Wrong(message, expected=list(_COLUMNS), actual=list(pair), column=extra)
    return [
        {name: value.strip() if isinstance(value, str) else value for name, value in pair.items()} for pair in pairs
    ]


def _one_row(function: Callable[..., Any], source: str, row: dict) -> Properties:
    """What is to be said about the rows that a function makes of one."""
    given, right = copy.deepcopy(row), list[dict]()
    pairs = pairs_of(call(function, source, row))
    with suppress(ValueError):
        right = pairs_of(_to_rows(source, given))
    messages = given.get("conversation", ())
    system = [message["content"] for message in messages if message["role"] == "system"]
    later = [message["content"] for message in messages if message["role"] != "system"][2:]
    return Properties(
        missing=[pair for pair in pairs if not (_is_text(pair["prompt"]) and _is_text(pair["completion"]))],
        source=sorted({source, *(str(pair["source"]) for pair in pairs)}),
        system=[pair["prompt"] for pair in pairs if pair["prompt"] in system],
        later=[pair for pair in pairs if pair["prompt"] in later or pair["completion"] in later],
        silent=len(pairs[: len(right)]) if source == "magpie" else None,
        several=len(pairs[: len(right)]) if source == "self_instruct" else None,
        strangers=[pair for pair in pairs if pair not in right] if source == "self_instruct" else [],
        rows=pairs,
    )


def _merged(function: Callable[..., Any], tables: dict[str, list[dict]]) -> Properties:
    """What is to be said about the tables that a function puts together."""
    given = copy.deepcopy(tables)
    pairs = pairs_of(call(function, tables))
    every = [(source, row) for source, rows in given.items() for row in rows]
    possible = pairs_of([pair for source, row in every for pair in _to_rows(source, row)])
    found = pairs_of([pair for source, row in every for pair in _to_rows(source, row, keep=lambda text: True)])
    keys, left_out = Counter(map(_key, pairs)), [_key(pair) for pair in found if pair not in possible]
    there = [key for key in map(_key, _merge(given)) if key in keys]
    return Properties(
        nothing=[] if any(given.values()) else pairs,
        twice=[prompt for prompt, times in Counter(str(pair["prompt"]) for pair in pairs).items() if times > 1],
        alike=[key for key, times in keys.items() if times > 1],
        strangers=[pair for pair in pairs if pair not in possible],
        again=[key for key in there if key in left_out],
        there=there,
        first=sorted(pairs, key=_key),
        order=pairs,
    )


def grid_row(instruction: Any, generation: Any) -> dict[str, Any]:
    """A row of the source "grid"."""
    return {"instruction": instruction, "generation": generation, "model_name": "m"}


def _lists(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"instructions": [pair[0] for pair in pairs], "generations": [pair[1] for pair in pairs]}


def _turns(*texts: Any, system: str = "") -> dict[str, Any]:
    messages = [*([("system", system)] if system else []), *zip(cycle(("user", "assistant")), texts, strict=False)]
    return {"conversation": [{"role": role, "content": content} for role, content in messages]}


def _random_tables(number: int) -> dict[str, list[dict]]:
    rng = random.Random(number)
    prompts = [f"{start} {noun}?" for start in ("Why", "why ", "WHY\t", "How") for noun in ("salt", "塩", "Muối 🧂")]
    pair = lambda: (rng.choice([*prompts, None, " "]), rng.choice([f"{rng.random()}", f"{rng.random()}.", None, ""]))  # noqa: E731
    makers = {
        "grid": lambda: grid_row(*pair()),
        "self_instruct": lambda: _lists(*(pair() for _pair in range(rng.randint(0, 3)))),
        "magpie": lambda: _turns(*pair(), *pair()[: rng.randint(0, 2)], system=rng.choice(["", "The user bakes."])),
    }
    sources = rng.sample(sorted(makers), rng.randint(1, 3))
    return {source: [makers[source]() for _row in range(rng.randint(0, 4))] for source in sources}


_TABLES = [_random_tables(number) for number in range(10)]
_ROWS = [
    *(("grid", grid_row("How hot?", text)) for text in ("Very.", None, "", " \n", "None", "0", "\u3000")),
    *(("grid", grid_row(text, "Very.")) for text in (None, "", "\t", "Wie  heiß?\n\n🔥")),
    ("self_instruct", _lists()),
    ("self_instruct", _lists(("Why salt?", "Taste."))),
    ("self_instruct", _lists(("Why salt?", "Taste."), ("Why steam?", None), ("Why rest?", "Gluten."))),
    ("self_instruct", _lists(("", "Taste."), (None, "Crust."), ("Why salt?", "Taste."), ("Why salt?", "No."))),
    *(("magpie", _turns(*["Hi?", "Yes."][:number], system=system)) for number in range(3) for system in ("", "Bake.")),
    ("magpie", _turns("Hi?", "Hello.", "And rye?")),
    ("magpie", _turns("Hi?", "Hello.", "And rye?", "Denser.")),
    ("magpie", _turns("Hi?", None, "And rye?", "Denser.", system="The user bakes.")),
    ("magpie", _turns(" ", "Hello.", "And rye?", "Denser.")),
    ("a_source_nobody_knows", {"instruction": "a", "generation": "b"}),
    *((source, grid_row("How hot?", "Very.")) for source in ("grid2", "self", "")),
    ("magpies", _turns("Hi?", "Hello.")),
    *((source, row) for tables in _TABLES for source, rows in tables.items() for row in rows),
]
_UNKNOWN = N_("An unknown source should raise ValueError.")
TO_ROWS = Task(
    _to_rows,
    [case(source, row, says=_UNKNOWN, values={"source": source}) for source, row in _ROWS],
    {
        "missing": N_("A pair in which a text is missing was kept ({source})."),
        "source": N_("The column source should hold '{source}'."),
        "system": N_("A system message was taken for the user's prompt."),
        "later": N_("Of a conversation, only the first question and its answer make a pair."),
        "silent": N_("A conversation with a question and an answer gave no row."),
        "several": N_("Rows are missing: one row of {source} can hold several pairs."),
        "strangers": N_("In a row of {source}, each instruction goes with the generation at its own place."),
        "rows": N_("Wrong rows for one row of {source}."),
    },
    play=_one_row,
    unchanged=N_("to_rows changed the row it was given."),
)
MERGE = Task(
    _merge,
    (
        case({}),
        case({"grid": []}),
        case({"grid": [], "self_instruct": [_lists(("Who?", "B."))]}),
        case({"self_instruct": [_lists(("Who?", "B."))], "grid": [], "magpie": [_turns("Hi?", "Hello.")]}),
        case({"magpie": [_turns("Hi?", "Hello.")], "grid": [grid_row("How hot?", "Very.")]}),
        case({"self_instruct": [_lists(("Why?", "A.")), _lists(("How?", "B."))], "grid": [grid_row("Who?", "C.")]}),
        case({"self_instruct": [_lists(("Why?", "A."), ("Why?", "B."))]}),
        case({"self_instruct": [_lists(("Why?", "A."), ("why?", "B.")), _lists(("WHY?", "C."), ("How?", "A."))]}),
        case({"grid": [grid_row("Why salt?", None), grid_row("Why salt?", "Taste."), grid_row("Why salt", "Taste!")]}),
        case({"grid": [grid_row("Why  salt?", "A."), grid_row("Why salt?", "B."), grid_row("\nWhy\tsalt? ", "C.")]}),
        case(
            {
                "magpie": [_turns("Why?", "A.")],
                "self_instruct": [_lists(("Who?", "B."), ("Why?", "C."), ("How?", "D."))],
            }
        ),
        *drawn(lambda number: case(_TABLES[number]), len(_TABLES)),
    ),
    {
        "nothing": N_("No tables should give no rows."),
        "twice": N_("A prompt appears twice."),
        "alike": N_("Two prompts that differ only in upper and lower case or in white space are the same."),
        "strangers": N_("A row is not one of those that `to_rows` gives."),
        "again": N_("A pair that is left out does not take the place of a later one with the same prompt."),
        "there": N_("A row is missing: are the tables put below one another, and not zipped?"),
        "first": N_("Where two rows have the same prompt, the first should stay."),
        "order": N_("The rows are not in the order of the tables."),
    },
    {
        N_("Only the first row of each table was taken."): [
            partial(_merge, key=key, some=some)
            for key in (_key, id)
            for some in (lambda rows: rows[:1], lambda rows: [rows[0]])
        ],
        N_("Rows are the same if their prompts are, whatever their completions say."): partial(
            _merge, key=lambda pair: pair["completion"]
        ),
        N_("'Why salt?' and 'Why salt' are two prompts: only case and white space are left aside."): partial(
            _merge, key=lambda pair: "".join(filter(str.isalnum, _key(pair)))
        ),
    },
    play=_merged,
    unchanged=N_("merge changed the tables it was given."),
)
