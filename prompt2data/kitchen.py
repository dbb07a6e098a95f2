"""The kitchen's tools of lesson 08: calls as JSON, dealt, verified against a sentence, and counted in an exam.

A sentence such as "Ring me in half an hour for the scones." asks for `{"tool": "timer", "minutes": 30, "for":
"scones"}`. Whatever asks for none of the tools is `{"tool": "none"}`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from math import lcm
from typing import Any

from prompt2data.i18n import _
from prompt2data.metrics import Share, share
from prompt2data.quality import calls
from prompt2data.untrusted import is_blank, visible_repr

Call = dict[str, Any]
Tools = Mapping[str, "Tool"]
NONE = "none"
SYSTEM = "You call kitchen tools."
LARGEST = 100_000  # a number in a call is whole, and from 1 to this
_LONGEST = 1_000  # characters of a call, and of a thing in it; more is no call, and is not even read


@dataclass(frozen=True)
class Parameter:
    """A field of a call: a whole number (`int`) of a unit, or words (`str`)."""

    type: type[int] | type[str]
    description: str  # for a prompt, in English
    unit: str | None = None


@dataclass(frozen=True)
class Tool:
    """What a tool does, in English for a prompt, and the fields of its calls in their order."""

    description: str
    parameters: Mapping[str, Parameter]


_THING = "in lower case, as it stands in the sentence, without article"
TOOLS: Tools = {
    "timer": Tool(
        "ring after some time",
        {
            "minutes": Parameter(int, "a whole number, an hour is 60", "minutes"),
            "for": Parameter(str, f"what is timed, {_THING}"),
        },
    ),
    "oven": Tool(
        "heat the oven",
        {
            "celsius": Parameter(int, "a whole number of degrees", "celsius"),
            "for": Parameter(str, f"what is baked, {_THING}"),
        },
    ),
    "scale": Tool(
        "weigh an ingredient",
        {
            "grams": Parameter(int, "a whole number, a kilo is 1000", "grams"),
            "of": Parameter(str, f"what is weighed, {_THING}"),
        },
    ),
    NONE: Tool("anything else", {}),
}
# What `deal` gives the tools: amounts that a home baker says, in the units of the calls.
NUMBERS: Mapping[str, Sequence[int]] = {
    "timer": (*range(2, 21), *range(22, 30), *range(30, 95, 5), 100, 105, 110, 120, 135, 150, 165, 180),
    "oven": tuple(range(100, 255, 5)),
    "scale": (*range(5, 20), *range(20, 100, 5), *range(100, 325, 10), *range(325, 525, 25), *range(550, 1050, 50)),
}


def describe(tools: Tools = TOOLS) -> str:
    """A system prompt that describes the tools, for a model that has not been trained on them; English, as all prompts.

    Args:
        tools: `TOOLS`, or those with one of your own.
    """
    lines = [SYSTEM, "Answer with one call as JSON and nothing else. The tools:"]
    for name, tool in tools.items():
        blanks = {field: "…" if item.type is str else 0 for field, item in tool.parameters.items()}
        told = "".join(f"; {json.dumps(field)}: {item.description}" for field, item in tool.parameters.items())
        lines.append(f"{json.dumps({'tool': name} | blanks, ensure_ascii=False)}: {tool.description}{told}.")
    return "\n".join(lines)


def to_json(call: Mapping[str, Any], tools: Tools = TOOLS) -> str:
    """A call as one line of JSON, its fields in the order of its tool.

    Raises:
        ValueError: if it is no call of one of the tools.
    """
    checked = _checked(call, tools)
    if checked is None:
        raise ValueError(
            _("This is no call of the tools {tools}: {call}.").format(tools=", ".join(tools), call=visible_repr(call))
        )
    return json.dumps(checked, ensure_ascii=False)


def parse_call(text: object, tools: Tools = TOOLS) -> Call | None:
    """The call that a text is, its fields in the order of its tool; None where it is anything but one call.

    The whole text is JSON, with white space around it at most: a known tool, its fields and no others, none of them
    twice; numbers are whole, from 1 to `LARGEST`, and words can be seen. Nothing that a model writes raises an error.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return _checked(value, tools)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a field stands there twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")  # Python reads NaN and Infinity as well


def _checked(call: Any, tools: Tools) -> Call | None:
    """A call with its fields in order, or None."""
    if not isinstance(call, Mapping) or not isinstance(call.get("tool"), str) or call["tool"] not in tools:
        return None
    parameters = tools[call["tool"]].parameters
    if set(call) != {"tool", *parameters} or not all(_fits(call[field], item) for field, item in parameters.items()):
        return None
    return {field: call[field] for field in ("tool", *parameters)}


def _fits(value: Any, parameter: Parameter) -> bool:
    if parameter.type is int:
        return type(value) is int and 1 <= value <= LARGEST  # True is an int as well
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() and not is_blank(value)


def verify(call: Any, sentence: str | None) -> str | None:
    """Why a sentence does not ask for exactly this call, or None. For English sentences and the tools of `TOOLS`.

    A program's view: it knows units, number words and the ways in which people ask, and where it cannot tell it gives
    a reason. So what it keeps is nearly always right, and some of what it drops would have been.

    Args:
        call: a call as a dictionary.
        sentence: what somebody said, or a model wrote.

    Returns:
        "no call" if the call itself is none, or the first of the reasons of `quality.calls.why_drop` that fits:
        "empty", "long", "leak", "number", "unit", "another number", "thing", "another call", "not a request",
        "unfinished". With one of the last two, number and thing are the call's, so that the pair is true.
    """
    checked = _checked(call, TOOLS)
    if checked is None:
        return "no call"
    if checked["tool"] == NONE:
        return calls.why_drop(None, 0, "", sentence)
    unit, thing = TOOLS[checked["tool"]].parameters
    return calls.why_drop(unit, checked[unit], checked[thing], sentence)


@dataclass(frozen=True)
class Score:
    """How many outputs of a group were right, each share with its interval; an output that is exact is right in all."""

    valid: Share  # a call in the right form, whichever
    tool: Share  # a call of the right tool
    exact: Share  # the right call, every field of it


@dataclass(frozen=True)
class Exam:
    """What `exam` found. `print(result)` shows it as a table."""

    rows: list[dict[str, Any]]  # `index`, `expected`, `output` as text, `call` (None if it is none), `wrong`

    @property
    def calls(self) -> Score:
        """The score of all rows that ask for a tool, without those that ask for none: "none" is easily said."""
        return _score([row for row in self.rows if row["expected"]["tool"] != NONE])

    @property
    def none(self) -> Score:
        """The score of the rows that ask for no tool."""
        return _score([row for row in self.rows if row["expected"]["tool"] == NONE])

    @property
    def by_tool(self) -> dict[str, Score]:
        """The score of the rows of each tool that some row asks for, by its name, in the order of first appearance."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows:
            groups.setdefault(row["expected"]["tool"], []).append(row)
        return {name: _score(rows) for name, rows in groups.items()}

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The rows that are not exact: `wrong` is "no call", "tool", or the names of the fields that differ."""
        return [row for row in self.rows if row["wrong"]]

    def __str__(self) -> str:
        groups = {name: score for name, score in self.by_tool.items() if name != NONE}
        lines = [["", _("valid"), _("right tool"), _("exact")]]
        lines += [[name, *_cells(score)] for name, score in groups.items()]
        if len(groups) > 1:
            lines.append([_("all calls"), *_cells(self.calls)])
        if self.none.exact.n:
            lines.append([NONE, *_cells(self.none)])
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join(line.rstrip() for line in padded)


def exam(outputs: Iterable[str | None], expected: Iterable[Mapping[str, Any]], tools: Tools = TOOLS) -> Exam:
    """Compare what a model wrote with the calls that were asked for.

    Args:
        outputs: a text for each sentence; None, or what is no text, is an output without a call.
        expected: the right call for each sentence, in the same order.
        tools: `TOOLS`, or those with one of your own.

    Raises:
        ValueError: if there are not as many outputs as expected calls, or one of these is no call.
    """
    outputs, expected = list(outputs), list(expected)
    if len(outputs) != len(expected):
        message = _("{outputs} outputs for {expected} expected calls: give one output for each, in the same order.")
        raise ValueError(message.format(outputs=len(outputs), expected=len(expected)))
    rows = []
    for index, (output, wanted) in enumerate(zip(outputs, expected, strict=True)):
        right = _checked(wanted, tools)
        if right is None:
            raise ValueError(
                _("Expected call {place} is no call: {call}.").format(place=index, call=visible_repr(wanted))
            )
        told = {"index": index, "expected": right, "output": output, "call": (call := parse_call(output, tools))}
        rows.append(told | {"wrong": _wrong(call, right)})
    return Exam(rows)


def _wrong(call: Call | None, right: Call) -> str | None:
    if call is None:
        return "no call"
    if call["tool"] != right["tool"]:
        return "tool"
    return ", ".join(field for field in right if call[field] != right[field]) or None


def _score(rows: Sequence[Mapping[str, Any]]) -> Score:
    return Score(
        share(row["call"] is not None for row in rows),
        share(row["wrong"] not in ("no call", "tool") for row in rows),
        share(row["wrong"] is None for row in rows),
    )


def _cells(score: Score) -> list[str]:
    return [f"{score.valid.k}/{score.valid.n}", f"{score.tool.k}/{score.tool.n}", str(score.exact)]


def deal(
    things: Mapping[str, Sequence[str]], numbers: Mapping[str, Sequence[int]], n: int, seed: int, tools: Tools = TOOLS
) -> list[Call]:
    """`n` different calls: each tool equally often, give or take one, and so each thing and each number of a tool.

    Tools take turns. The same seed gives the same calls; Python's global random state is neither used nor changed.

    Args:
        things: what each tool is called for, such as `things()`; a tool without an entry is not dealt.
        numbers: for each of these tools numbers in its unit, such as `NUMBERS`.
        n: how many calls.
        seed: of the order in which things and numbers meet.
        tools: `TOOLS`, or those with one of your own, each with a number and a thing.

    Raises:
        ValueError: if there are fewer than `n` different calls, or a thing or number fits no call.
    """
    rng = random.Random(seed)
    names = rng.sample(list(things), len(things))
    decks = {name: _deck(name, things[name], numbers.get(name, ()), rng, tools) for name in names}
    turns = {name: len(range(place, n, len(names))) for place, name in enumerate(names)}
    short = [name for name, turn in turns.items() if turn > len(decks[name])]
    if n < 0 or n and not names or short:
        there_are = len(names) * min(map(len, decks.values()), default=0)
        message = _("{n} calls wanted, but things and numbers make only {there_are} different ones in equal parts.")
        raise ValueError(message.format(n=n, there_are=there_are))
    return [decks[names[place % len(names)]][place // len(names)] for place in range(n)]


def _deck(name: str, things: Sequence[str], numbers: Sequence[int], rng: random.Random, tools: Tools) -> list[Call]:
    """All calls of a tool, in an order that uses things and numbers evenly from the first to the last."""
    things, numbers = list(dict.fromkeys(things)), list(dict.fromkeys(numbers))
    rng.shuffle(things)
    rng.shuffle(numbers)
    # Counting both round and round meets each pair once, if every `together` calls one starts a place later.
    together = lcm(len(things), len(numbers))
    deck = []
    for place in range(len(things) * len(numbers)):
        number = numbers[(place + place // together) % len(numbers)]
        values = {int: number, str: things[place % len(things)]}
        parameters = tools[name].parameters if name in tools else {}
        call = {"tool": name} | {field: values[item.type] for field, item in parameters.items()}
        if not parameters or (checked := _checked(call, tools)) is None:
            message = _("This is no call of the tools {tools}: {call}.")
            raise ValueError(message.format(tools=", ".join(tools), call=visible_repr(call)))
        deck.append(checked)
    return deck


def examples() -> list[dict[str, Any]]:
    """24 pairs of a `sentence` and its `call`, six of each tool and six of none. Written for this course."""
    return _read("by_hand.jsonl")


def exam_rows(half: str | None = None) -> list[dict[str, Any]]:
    """The exam: rows with `half`, `sentence` and `call`, in a mixed order. Written for this course, apart from its
    training rows.

    Args:
        half: "a" or "b" for one half: what is chosen on one can be tried on the other. None for both.

    Raises:
        ValueError: for any other half.
    """
    if half not in (None, "a", "b"):
        raise ValueError(_('There is no half {half}; choose "a" or "b".').format(half=visible_repr(half)))
    return [row for row in _read("exam.jsonl") if half in (None, row["half"])]


def things() -> dict[str, list[str]]:
    """What each tool is called for in training rows: 24 things, by the tool's name."""
    return json.loads(_text("things.json"))


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _text(name).splitlines()]


def _text(name: str) -> str:
    return resources.files("prompt2data").joinpath("data/kitchen", name).read_text("utf-8")
