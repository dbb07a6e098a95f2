"""Checks on the exercises of lesson 08 (a dataset that teaches). None calls a model."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from prompt2data import kitchen
from prompt2data.checks.adding import ADD_TOOL
from prompt2data.checks.core import call, exercise, returned, wrong_if
from prompt2data.checks.judge import Case, Properties, Task, case, drawn
from prompt2data.i18n import N_, _

Call = dict[str, Any]


def _timer(minutes: Any, thing: str) -> Call:
    return {"tool": "timer", "minutes": minutes, "for": thing}


def _oven(celsius: Any, thing: str) -> Call:
    return {"tool": "oven", "celsius": celsius, "for": thing}


def _scale(grams: Any, thing: str) -> Call:
    return {"tool": "scale", "grams": grams, "of": thing}


_NONE: Call = {"tool": "none"}

# -- 8.1 ----------------------------------------------------------------------------------------------------------

_COUNTS = ("n", "valid", "tool", "exact")


def _exam(outputs: list[str | None], expected: list[Call]) -> dict[str, dict[str, int]]:
    scores = kitchen.exam(outputs, expected).by_tool
    return {
        tool: dict(zip(_COUNTS, (one.valid.n, one.valid.k, one.tool.k, one.exact.k), strict=True))
        for tool, one in scores.items()
    }


def _marked(function: Callable[..., Any], outputs: list[str | None], expected: list[Call]) -> Any:
    """What is to be said about the counts that a function gives, tool by tool."""
    given = deepcopy((outputs, expected))
    answer = returned(call(function, outputs, expected))
    if len(given[0]) != len(given[1]):
        return answer
    right = _exam(*given)
    nested = isinstance(answer, Mapping) and all(isinstance(marks, Mapping) for marks in answer.values())
    message = _("Return a dictionary with an entry for each expected tool: a dictionary of its four counts.")
    wrong_if(not nested, message, expected=right, actual=answer)
    for tool, marks in answer.items():
        message = _("The entry of {tool} should have these four counts and no other; 0 is a count, too.")
        wrong_if(set(marks) != set(_COUNTS), message, expected=list(_COUNTS), actual=marks, tool=tool)
        numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in marks.values())
        wrong_if(not numbers, _("A count in the entry of {tool} is no number."), actual=marks, tool=tool)
    counts = {count: {tool: marks[count] for tool, marks in answer.items()} for count in _COUNTS}
    strangers, there = [tool for tool in answer if tool not in right], [tool for tool in right if tool in answer]
    return Properties(strangers=strangers, there=there, order=list(answer), **counts)


def _output(what: str, output: str | None, expected: Call) -> Case:
    return case([output], [expected], values={"what": what})


def _outputs(what: str, *pairs: tuple[Any, Call]) -> Case:
    outputs = [json.dumps(output) if isinstance(output, dict) else output for output, _wanted in pairs]
    return case(outputs, [dict(wanted) for _output, wanted in pairs], values={"what": what})


_STARTER, _FOCACCIA, _OATS = _timer(75, "starter"), _oven(230, "focaccia"), _scale(75, "oats")
_RIGHT, _CREPES = json.dumps(_STARTER), _timer(12, "crêpes")
_TEXTS: Mapping[str, Sequence[str | None]] = {
    N_("the output is the expected call"): [_RIGHT],
    N_("the output is None"): [None],
    N_("the output is no JSON"): ["", "Sure!"],
    N_("there are words around the call"): [f"Sure! {_RIGHT}", f"{_RIGHT} Enjoy!", f"{_RIGHT} {_RIGHT}"],
    N_("its number is in quotes"): [json.dumps(_timer("75", "starter"))],
    N_("its number has a point"): [json.dumps(_timer(75.0, "starter"))],
    N_("a field is missing"): ['{"tool": "timer", "minutes": 75}', '{"minutes": 75, "for": "starter"}'],
    N_("there is a field too many"): [json.dumps(_STARTER | {"of": "flour"}), '{"tool": "none", "for": "starter"}'],
    N_("a field stands there twice"): [_RIGHT.replace('"for"', '"minutes": 75, "for"')],
    N_("its tool does not exist"): [json.dumps(_STARTER | {"tool": "fridge"}), '{"tool": "Timer"}'],
    N_("the output is JSON, and no call"): ["[]", "null", "75", '"timer"', "{}", f"[{_RIGHT}]"],
    N_("the output calls another tool"): [
        '{"tool": "none"}',
        *(json.dumps(one) for one in (_scale(75, "starter"), _oven(75, "starter"))),
    ],
    N_("the output has another number"): [json.dumps(_timer(57, "starter"))],
    N_("the output has another thing"): [json.dumps(_timer(75, "levain"))],
    N_("the output has the thing in capitals"): [json.dumps(_timer(75, "Starter"))],
    N_("the output has the fields in another order"): [json.dumps(dict(reversed(_STARTER.items())))],
    N_("the output has other spaces"): [json.dumps(_STARTER, separators=(",", ":")), f"\n{_RIGHT} "],
}
_MANY = N_("various outputs")
_LENGTHS = N_("The two lists differ in length: raise a ValueError.")


def _random_exam(seed: int) -> Case:
    rng = random.Random(seed)
    some = [_STARTER, _FOCACCIA, _OATS, _NONE, _timer(5, "starter"), _oven(230, "rolls"), _CREPES]
    outputs = [*map(json.dumps, some), None, *(text for texts in _TEXTS.values() for text in texts)]
    pairs = []
    for wanted in rng.choices(some, k=rng.randint(3, 8)):
        pairs.append((rng.choice([json.dumps(wanted), rng.choice(outputs)]), wanted))
    return _outputs(_MANY, *pairs)


EXAM = Task(
    _exam,
    (
        case([], [], values={"what": N_("there is nothing to count")}),
        *(_output(what, text, _STARTER) for what, texts in _TEXTS.items() for text in texts),
        _output(N_("the output is the expected call, with escapes in place of letters"), json.dumps(_CREPES), _CREPES),
        _outputs(N_("nothing is asked for, and nothing is called"), (_NONE, _NONE)),
        _outputs(N_("nothing is asked for, and something is called"), (_STARTER, _NONE)),
        _outputs(N_("two sentences ask for the same tool"), (_STARTER, _STARTER), (None, _timer(5, "rolls"))),
        _outputs(N_("two sentences ask for the same call"), (None, _STARTER), (_STARTER, _STARTER)),
        _outputs(N_("two sentences ask for different tools"), (_OATS, _OATS), (_FOCACCIA, _FOCACCIA)),
        _outputs(N_("each output is the call of the other sentence"), (_OATS, _FOCACCIA), (_FOCACCIA, _OATS)),
        _outputs(_MANY, (_OATS, _OATS), (_STARTER, _FOCACCIA), ("No.", _OATS), (_OATS, _FOCACCIA), (_NONE, _NONE)),
        *(case([_RIGHT] * n, [_STARTER] * m, says=_LENGTHS) for n, m in ((1, 0), (0, 1), (2, 1), (1, 2))),
        *drawn(_random_exam, 20),
    ),
    {
        "strangers": N_("No sentence asks for this tool: an output counts for the tool that is expected ({what})."),
        "there": N_("Each tool for which a sentence asks needs an entry ({what})."),
        "order": N_("Tools come in the order in which they are first expected ({what})."),
        "n": N_("`n` counts the sentences that ask for the tool, whatever the outputs are ({what})."),
        "valid": N_("`valid` counts what `kitchen.parse_call` reads as a call, of whichever tool ({what})."),
        "tool": N_("`tool` counts the calls of the tool that the sentence asks for ({what})."),
        "exact": N_(
            "`exact` counts the calls that are the expected one in every field, as calls and not as texts ({what})."
        ),
    },
    play=_marked,
    unchanged=N_("`exam` changes the lists it is given, or the calls in them."),
)


@exercise(
    N_("Go through both lists together, and add to the counts of the tool that is *expected* for the sentence."),
    N_(
        "call = kitchen.parse_call(output) is a dictionary or None: the output is valid if it is not None, and exact "
        "if it is equal to the expected call."
    ),
)
def exam(answer: Any) -> None:
    """Exercise 8.1: for each expected tool, how many outputs are valid, of the right tool, and exact."""
    EXAM.judge(answer)


# -- 8.2 ----------------------------------------------------------------------------------------------------------


def _runs(said: str) -> list[str]:
    return re.findall(r"\d+", said)


def _number_is(number: int, said: str) -> bool:
    return list(map(int, _runs(said))) == [number]


def _thing_is(thing: str, said: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(thing)}(?!\w)", said))


def _always(_own: Any, _said: str) -> bool:
    return True


def _verify(
    wanted: Call,
    sentence: str | None,
    number: Callable[[int, str], Any] = _number_is,
    thing: Callable[[str, str], Any] = _thing_is,
) -> bool:
    """Known mistakes look for the number or the thing in another way."""
    [own] = [value for value in wanted.values() if isinstance(value, int)]
    [name] = [value for field, value in wanted.items() if field != "tool" and isinstance(value, str)]
    return bool(sentence and number(own, sentence) and thing(name.lower(), sentence.lower()))


def _truth(answer: Any) -> bool:
    hint = _(
        "A function without `return` gives None, a search gives what it found: `bool(…)` makes a truth value of it."
    )
    wrong_if(not isinstance(answer, bool), _("Return True or False, and nothing else."), actual=answer, hint=hint)
    return answer


def _random_sentence(seed: int) -> Case:
    rng = random.Random(seed)
    things = ["oats", "rye bread", "pie crust", "lemon tart", "eggs", "choux pastry"]
    thing, number = rng.choice(things), rng.choice([2, 5, 20, 75, 230, 1230])
    wanted = rng.choice([_timer, _oven, _scale])(number, thing)
    named = rng.choice([thing, thing, thing.upper(), thing.title(), f"{thing}y", f"g{thing}", rng.choice(things)])
    said = rng.choice([f"{number}", f"{number}", f"{number}", f"1{number}", f"{number}0", "two", f"{number} or 30"])
    forms = ["We need {said} for the {named} that we bake.", "The {named}, please: {said}! Nothing else for today."]
    return case(
        wanted, rng.choice([*forms, "{named}, {said} now, then clean (all) the bowls"]).format(said=said, named=named)
    )


_PART = N_("These digits are a part of another number: 75 is neither in 750 nor in 175.")
_OTHER = N_("The number here is another one than the call's.")
_TWO = N_("Two numbers are one too many, wherever the call's stands.")
_RUNS = N_("Each run of digits is a number: 2.5 and 1,000 are two numbers each.")
_UNITS = N_("Digits are a number whatever stands next to them: a unit, a degree sign, a full stop.")
_SIGNS = N_("A thing is in the sentence with a comma, a full stop or quotes next to it, too.")
_CAPITALS = N_("Capitals make no difference, in the sentence or in the call.")
_WORDS = N_("The thing is here only a part of another word.")
_MISSING = N_("The thing is not in this sentence.")
_APART = N_("The words of the thing are not next to each other here, or not in its order.")
_IN_IT = N_("A thing may hold signs such as + or ': they are a part of it, and mean nothing else.")
_FIELDS = N_("Number and thing may be in fields of any name, in any order: look at their values.")
_TOOL = N_("Number and thing have to be in the sentence; the name of the tool does not.")
_RYE, _CRUST = _scale(75, "rye flour"), _timer(12, "pie crust")
_SENTENCES: Mapping[str, Sequence[tuple[Call, str | None]]] = {
    N_("This sentence has the call's number and its thing."): [(_OATS, "75 grams of oats")],
    N_("A thing may be more than one word."): [
        (_RYE, "75 g rye flour"),
        (_CRUST, "Set a timer for 12 minutes for the pie crust."),
    ],
    N_("A sentence that is None fails."): [(_OATS, None)],
    N_("A sentence without anything in it fails."): [(_OATS, "")],
    N_("There is no number in digits here."): [(_OATS, "Weigh the oats"), (_OATS, "Seventy-five grams of oats")],
    _OTHER: [(_OATS, "57 grams of oats"), (_OATS, "5 grams of oats")],
    _PART: [(_OATS, "750 grams of oats"), (_OATS, "175 grams of oats"), (_OATS, "1750 grams of oats")],
    _TWO: [
        *((_OATS, text) for text in ("75 grams of oats in 5 minutes", "5 minutes, then 75 grams of oats")),
        *((_OATS, text) for text in ("7 or 5 grams of oats", "70 and 5 grams of oats")),
    ],
    N_("The call's number stands here twice: once is wanted."): [(_OATS, "75 grams of oats, I say 75")],
    _RUNS: [
        *((_timer(number, "eggs"), "2.5 minutes for the eggs") for number in (2, 5, 25)),
        *((_scale(number, "oats"), "1,000 grams of oats") for number in (1, 1000)),
    ],
    N_("A number in words does not count."): [(_FOCACCIA, "Two trays of focaccia at 230 degrees")],
    _UNITS: [
        *((_OATS, text) for text in ("75g of oats", "oats at 75.", "oats at 75, please", "(75) oats")),
        *((_FOCACCIA, text) for text in ("Focaccia at 230°C", "230C for the focaccia")),
    ],
    _SIGNS: [(_OATS, text) for text in ("75 grams of oats.", "oats, 75 grams", '75 grams of "oats"!', "oats: 75 g")],
    _CAPITALS: [
        *((_OATS, text) for text in ("Oats 75 grams", "75 grams of OATS")),
        (_oven(190, "Danish pastry"), "190 degrees for the danish pastry"),
    ],
    _WORDS: [
        *((_OATS, text) for text in ("75 grams for two goats", "75 grams of oatsy bread", "Float 75 goatskins")),
        *((_timer(9, one), f"9 minutes for the {one}{end}") for one, end in (("scone", "s"), ("pie", "ces"))),
    ],
    N_("The thing is here as a whole word, and in another word before."): [(_OATS, "Goats eat 75 g of oats")],
    N_("The thing may stand there more than once."): [(_OATS, "Oats, please: 75 grams of oats")],
    _MISSING: [
        *((_OATS, text) for text in ("75 grams of rye", "75 grams of oat", "75")),
        (_FOCACCIA, "Oven at 230 degrees"),
        *((_RYE, text) for text in ("75 grams of flour", "75 grams of rye")),
    ],
    _APART: [(_RYE, text) for text in ("75 grams of flour, rye", "75 g: rye, then flour")],
    _IN_IT: [
        (_oven(200, "cheese+chive scones"), "200 degrees for the cheese+chive scones"),
        (_oven(180, "shepherd's pie"), "180 degrees for the shepherd's pie"),
        (_scale(75, "all-purpose flour"), "75 grams of all-purpose flour"),
        (_timer(40, "crème brûlée"), "40 minutes for the crème brûlée"),
    ],
    _FIELDS: [
        ({"tool": "jar", "what": "jam", "milliliters": 500}, "500 milliliters of jam"),
        ({"speed": 3, "thing": "brioche", "tool": "mixer"}, "Brioche at speed 3"),
        ({"for": "rolls", "tool": "freezer", "days": 30}, "30 days for the rolls"),
    ],
    _TOOL: [(_FOCACCIA, "Oven to 230 for the focaccia")],
}
VERIFY = Task(
    _verify,
    (
        *(case(*given, says=says) for says, cases in _SENTENCES.items() for given in cases),
        *drawn(_random_sentence, 40),
    ),
    N_("This answer is not right for this call and this sentence."),
    {
        N_("This says True to every sentence."): (
            *(lambda wanted, said: True, lambda wanted, said: said is not None, lambda wanted, said: bool(said)),
        ),
        N_("This says False to every sentence."): lambda wanted, said: False,
        N_("This is the wrong way round: True means that number and thing are right."): [
            *(lambda wanted, said: not _verify(wanted, said), lambda *given: bool(given[1]) and not _verify(*given))
        ],
        N_("One of both is enough for True here: number *and* thing have to be right."): (
            lambda wanted, said: _verify(wanted, said, number=_always) or _verify(wanted, said, thing=_always)
        ),
        N_("The thing is not looked at."): partial(_verify, thing=_always),
        N_("The number is not looked at."): partial(_verify, number=_always),
        _OTHER: partial(_verify, number=lambda number, said: len(_runs(said)) == 1),
        _PART: [
            partial(_verify, number=lambda number, said: str(number) in said),
            partial(_verify, number=lambda number, said: re.search(rf"\b{number}", said)),
        ],
        _TWO: [
            partial(_verify, number=lambda number, said: str(number) in _runs(said)),
            partial(_verify, number=lambda number, said: [str(number)] == _runs(said)[:1]),
            partial(_verify, number=lambda number, said: [str(number)] == _runs(said)[-1:]),
            partial(_verify, number=lambda number, said: "".join(_runs(said)) == str(number)),
        ],
        _WORDS: [
            partial(_verify, thing=lambda thing, said: thing in said),
            partial(_verify, thing=lambda thing, said: re.search(rf"\b{re.escape(thing)}", said)),
        ],
        N_("`kitchen.verify` looks at more than number and thing, and knows no other tools than the course's."): (
            lambda wanted, said: kitchen.verify(wanted, said) is None
        ),
        _TOOL: lambda wanted, said: _verify(wanted, said) and _thing_is(wanted["tool"], said.lower()),
    },
    view=_truth,
    unchanged=N_("`verify` changes the call it is given."),
)


@exercise(
    N_(r"Find all numbers of the sentence first: re.findall(r'\d+', sentence). How many should there be?"),
    N_(
        r"In a pattern, \b is the edge of a word, and re.escape(thing) makes each character of the thing stand for "
        r"itself. The values of the call tell number and thing apart: isinstance(value, int)."
    ),
)
def verify(answer: Any) -> None:
    """Exercise 8.2: whether a sentence has the number of a call, no other one, and its thing."""
    VERIFY.judge(answer)


# -- 8.3 ----------------------------------------------------------------------------------------------------------


@exercise(
    N_("Before the loop: how many rows are wanted, and which sentences there are, stripped and in lower case."),
    N_(
        "For each call: stop if there are enough; else go through write(call) or [], and break after the first "
        "sentence that is not blank, not yet there, and without a reason."
    ),
)
def add_tool(answer: Any) -> None:
    """Exercise 8.3: the rows, and after them verified rows for the calls of a new tool."""
    ADD_TOOL.judge(answer)
