"""Every check of lesson 05, both ways."""

from __future__ import annotations

import copy
import json

import pytest

from prompt2data.checks import lesson_05 as check
from prompt2data.columns import trace

LESSON = "05_pipeline"


@pytest.fixture(scope="module")
def lesson(solution):
    """The names of the lesson's given and exercise cells, solutions included."""
    return solution(LESSON)


# -- 5.1 ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def parts():
    """What an answer to 5.1 is made of. No model is loaded by naming one."""
    from distilabel.models import TransformersLLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import KeepColumns, LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    class Parts:
        pipeline = Pipeline
        rows = [{"prompt": "How do I feed a starter?"}]

        @staticmethod
        def load(rows=rows, **more):
            return LoadDataFromDicts(data=copy.deepcopy(rows), **more)

        @staticmethod
        def write(reads="prompt", writes="completion", **more):
            arguments = {
                "input_mappings": {"instruction": reads} if reads else {},
                "output_mappings": {"generation": writes} if writes else {},
            }
            return TextGeneration(llm=TransformersLLM(model="never-loaded"), **{**arguments, **more})

        @staticmethod
        def keep(*columns, **more):
            return KeepColumns(columns=list(columns or ("prompt", "completion")), **more)

    return Parts


def test_three_steps_accepts_right_answers(card, lesson, parts):
    assert card(check.three_steps, lesson["my_pipeline"]).startswith("✔")

    with parts.pipeline(name="renamed-by-the-loader") as renamed:
        parts.load([{"question": "Why?"}], output_mappings={"question": "prompt"}) >> parts.write() >> parts.keep()
    assert card(check.three_steps, renamed).startswith("✔")

    with parts.pipeline(name="connected-by-method") as connected:
        load, write, keep = parts.load(name="a"), parts.write(name="b"), parts.keep("completion", "prompt", name="c")
        load.connect(write)
        write.connect(keep)
    assert card(check.three_steps, connected).startswith("✔")

    with parts.pipeline(name="instruction-inside") as inside:
        write = parts.write(reads=None, template="{{ prompt }}", columns=["prompt"])
        parts.load() >> write >> parts.keep()
    assert card(check.three_steps, inside).startswith("✔")


def _unconnected(parts):
    parts.load(), parts.write(), parts.keep()


def _half_connected(parts):
    parts.load() >> parts.write()
    parts.keep()


def _star(parts):
    load, write, keep = parts.load(), parts.write(), parts.keep()
    load >> write >> keep
    load >> keep


def _two_steps(parts):
    parts.load() >> parts.write()


def _no_loader(parts):
    parts.write() >> parts.keep()


def _four_steps(parts):
    from distilabel.steps import GroupColumns

    parts.load() >> parts.write() >> parts.keep() >> GroupColumns(columns=["prompt"])


def _two_writers(parts):
    parts.load() >> parts.write() >> parts.write(reads="completion") >> parts.keep()


@pytest.mark.parametrize(
    "build, message",
    [
        (_unconnected, "not connected yet"),
        (_half_connected, "no arrow from 'text_generation_0' to 'keep_columns_0'"),
        (_star, "an arrow too many"),
        (_two_steps, "no KeepColumns step"),
        (_no_loader, "no LoadDataFromDicts step"),
        (_four_steps, "more than three steps"),
        (_two_writers, "2 TextGeneration steps"),
        (lambda p: p.load() >> p.write(reads=None) >> p.keep(), "reads the column 'instruction'"),
        (lambda p: p.load() >> p.write(writes=None) >> p.keep(), "asks for the column 'completion'"),
        (
            lambda p: p.load() >> p.write(input_mappings={"prompt": "instruction"}) >> p.keep(),
            "input_mappings of 'text_generation_0' are the wrong way round",
        ),
        (
            lambda p: p.load() >> p.write(output_mappings={"text": "completion"}) >> p.keep(),
            "name 'text', which is not a column of this task",
        ),
        (lambda p: p.load() >> p.write() >> p.keep("completion"), "Other columns are kept"),
        (lambda p: p.load() >> p.write() >> p.keep("prompt", "completion", "model_name"), "Other columns are kept"),
        (lambda p: p.load([{"question": "Why?"}]) >> p.write() >> p.keep(), "bring rows with the column `prompt`"),
        (
            lambda p: (
                p.load([{"prompt": "Why?", "completion": "x"}])
                >> p.write(output_mappings={"generation": "answer"})
                >> p.keep()
            ),
            "should hold what the task wrote",
        ),
    ],
)
def test_three_steps_names_the_mistake(card, parts, build, message):
    with parts.pipeline(name="wrong") as pipeline:
        build(parts)
    text = card(check.three_steps, pipeline)
    assert text.startswith("✘") and message in text


def test_three_steps_knows_the_stub_and_what_is_no_pipeline(card, parts):
    with parts.pipeline(name="empty") as empty:
        ...
    assert "Not attempted" in card(check.three_steps, empty)
    assert "Not attempted" in card(check.three_steps, ...)
    assert "should be a `Pipeline`" in card(check.three_steps, [1, 2])


# -- 5.2 ----------------------------------------------------------------------------------------------------------

RIGHT = {
    "ask": {"output_mappings": {"generation": "prompt"}},
    "answer": {"input_mappings": {"instruction": "prompt"}, "output_mappings": {"generation": "completion"}},
    "improve": {
        "input_mappings": {"instruction": "prompt", "response": "completion"},
        "output_mappings": {"evolved_response": "better_completion"},
    },
}


def changed(path: str, value) -> dict:
    """`RIGHT` with one thing changed: "answer.input_mappings" to `value`; None takes it out."""
    wiring = copy.deepcopy(RIGHT)
    *keys, last = path.split(".")
    place = wiring
    for key in keys:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return wiring


def test_wiring_accepts_right_answers(card, lesson):
    assert card(check.wiring, lesson["wiring"]).startswith("✔")
    assert card(check.wiring, lambda: RIGHT).startswith("✔")
    assert card(check.wiring, RIGHT).startswith("✔")
    spelled_out = changed("ask.input_mappings", {"topic": "topic"})
    assert card(check.wiring, lambda: spelled_out).startswith("✔")
    names_kept = changed("ask.output_mappings", {"generation": "prompt", "model_name": "asked_by"})
    assert card(check.wiring, lambda: names_kept).startswith("✔")


@pytest.mark.parametrize(
    "wiring, message",
    [
        (changed("ask.output_mappings", {"prompt": "generation"}), "output_mappings of 'ask' are the wrong way round"),
        (
            changed("answer.input_mappings", {"prompt": "instruction"}),
            "input_mappings of 'answer' are the wrong way round",
        ),
        (changed("answer.input_mappings", {"question": "prompt"}), "name 'question', which is not a column"),
        (changed("ask", {}), "'answer' reads the column 'prompt'"),
        (changed("answer.input_mappings", None), "'answer' reads the column 'instruction'"),
        (changed("improve.input_mappings", {"instruction": "prompt"}), "'improve' reads the column 'response'"),
        (changed("improve.output_mappings", None), "'better_completion' stands in 'evolved_response'"),
        (
            {
                **RIGHT,
                "answer": {
                    "input_mappings": {"instruction": "prompt"},
                    "output_mappings": {"generation": "prompt"},
                },
                "improve": {
                    "input_mappings": {"instruction": "prompt", "response": "prompt"},
                    "output_mappings": {"evolved_response": "better_completion"},
                },
            },
            "The text of 'ask' is lost",
        ),
        (
            changed("improve.input_mappings", {"instruction": "topic", "response": "completion"}),
            "'improve' wrote its text from other columns",
        ),
        (
            changed("improve.input_mappings", {"instruction": "completion", "response": "prompt"}),
            "'improve' wrote its text from other columns",
        ),
        (
            changed("answer.input_mappings", {"instruction": "topic"}),
            "'answer' wrote its text from other columns",
        ),
        (changed("improve.output_mappings", {"evolved_response": "topic"}), "no longer holds what the loader brought"),
        ({"load": {}}, "no step 'load' to wire"),
        (changed("ask", {"outputs": {"generation": "prompt"}}), "input_mappings, output_mappings or both"),
        (changed("ask.output_mappings", ["generation", "prompt"]), "from a column name to a column name"),
        (changed("ask.output_mappings", {"generation": 1}), "from a column name to a column name"),
        ({}, "'answer' reads the column 'instruction'"),
        (None, "did you forget to return"),
        ([RIGHT], "a key for each step"),
    ],
)
def test_wiring_names_the_mistake(card, wiring, message):
    text = card(check.wiring, lambda: wiring)
    assert text.startswith("✘") and message in text


def test_wiring_tells_what_the_function_raised(card):
    assert "KeyError" in card(check.wiring, lambda: {}["ask"])


def test_wiring_knows_the_stub(card):
    def wiring():
        """The mappings."""
        ...

    assert "Not attempted" in card(check.wiring, wiring)


def test_the_check_has_the_exercises_pipeline(lesson, parts):
    """The pipeline shown to learners and the one the check builds trace to the same columns."""
    from distilabel.models import TransformersLLM

    shown = lesson["improving"](RIGHT, TransformersLLM(model="never-loaded"))
    assert trace(shown) == trace(check._improving(RIGHT))


# -- 5.3 ----------------------------------------------------------------------------------------------------------


def my_rows(source, row):
    """Another right answer, written otherwise."""
    shapes = {
        "grid": lambda: [(row["instruction"], row["generation"])],
        "self_instruct": lambda: zip(row["instructions"], row["generations"], strict=True),
        "magpie": first_exchange,
    }
    if source not in shapes:
        raise ValueError(source)
    pairs = first_exchange(row) if source == "magpie" else shapes[source]()
    return [
        dict(source=source, completion=completion.strip(), prompt=prompt.strip())
        for prompt, completion in pairs
        if (prompt or "").strip() and (completion or "").strip()
    ]


def first_exchange(row):
    messages = list(row["conversation"])
    for message, reply in zip(messages, messages[1:], strict=False):
        if message["role"] == "user":
            return [(message["content"], reply["content"])]
    return []


def merging(rows_of=my_rows, key=lambda prompt: "".join(prompt.casefold().split()), first=True):
    """A `merge` that uses `rows_of`; `key` decides which prompts are the same."""

    def merge(tables):
        found = {}
        for source in tables:
            for row in tables[source]:
                for pair in rows_of(source, row):
                    if first:
                        found.setdefault(key(pair["prompt"]), pair)
                    else:
                        found[key(pair["prompt"])] = pair
        return list(found.values())

    return merge


def as_dataset(tables):
    from datasets import Dataset

    return Dataset.from_list(merging()(tables)) if tables else []


def test_merge_accepts_right_answers(card, lesson):
    assert card(check.merge, lesson["to_rows"], lesson["merge"]).startswith("✔")
    assert card(check.merge, my_rows, merging()).startswith("✔")
    assert card(check.merge, lambda source, row: iter(my_rows(source, row)), as_dataset).startswith("✔")


def test_the_given_tables_merge_to_what_the_lesson_shows(lesson):
    assert [row["prompt"] for row in lesson["merge"](lesson["tables"])] == [
        "Why does dough need salt?",
        "Name two kinds of flour.",
        "How do I store bread?",
    ]


def keeps_missing(source, row):
    if source == "grid":
        return [{"prompt": row["instruction"], "completion": row["generation"] or "", "source": source}]
    return my_rows(source, row)


def keeps_blank(source, row):
    if source == "grid" and row["generation"]:
        return [{"prompt": row["instruction"], "completion": row["generation"], "source": source}]
    return my_rows(source, row)


def all_turns(source, row):
    if source != "magpie":
        return my_rows(source, row)
    turns = [message for message in row["conversation"] if message["role"] != "system"]
    return [
        {"prompt": ask["content"], "completion": reply["content"], "source": source}
        for ask, reply in zip(turns[::2], turns[1::2], strict=False)
    ]


def system_as_prompt(source, row):
    if source != "magpie":
        return my_rows(source, row)
    messages = row["conversation"]
    if len(messages) < 2:
        return []
    return [{"prompt": messages[0]["content"], "completion": messages[1]["content"], "source": source}]


def no_system(source, row):
    if source == "magpie" and row["conversation"][0]["role"] == "system":
        return []
    return my_rows(source, row)


def first_of_list(source, row):
    return my_rows(source, row)[:1]


def forgets_to_return(source, row):
    _found = my_rows(source, row)


def changes_the_row(source, row):
    if source == "grid":
        row["source"] = source
    return my_rows(source, row)


@pytest.mark.parametrize(
    "to_rows, message",
    [
        (keeps_missing, "a text is missing was kept"),
        (keeps_blank, "a text is missing was kept"),
        (all_turns, "only the first question"),
        (system_as_prompt, "A system message was taken"),
        (no_system, "gave no row"),
        (first_of_list, "can hold several pairs"),
        (changes_the_row, "changed the row"),
        (lambda source, row: [{**pair, "source": "x"} for pair in my_rows(source, row)], "should hold 'grid'"),
        (lambda source, row: [{**pair, "id": 1} for pair in my_rows(source, row)], "a column too many"),
        (lambda source, row: my_rows(source, row)[0], "list of rows"),
        (forgets_to_return, "forget to return"),
        (
            lambda source, row: my_rows(source, row) if source in "grid self_instruct magpie" else [],
            "raise ValueError, not return",
        ),
        (lambda source, row: {"grid": my_rows, "self_instruct": my_rows, "magpie": my_rows}[source](source, row),
         "An unknown source should raise ValueError."),
        (lambda source, row: row["nothing"], "KeyError"),
    ],
)  # fmt: skip
def test_to_rows_names_the_mistake(card, to_rows, message):
    text = card(check.merge, to_rows, merging())
    assert text.startswith("✘") and message in text


def zipped(tables):
    rows = [[pair for row in rows for pair in my_rows(source, row)] for source, rows in tables.items()]
    return [pair for group in zip(*rows, strict=False) for pair in group]


def sorted_sources(tables):
    return merging()({source: tables[source] for source in sorted(tables)})


def empties(tables):
    rows = merging()(tables)
    tables.clear()
    return rows


_memory: set[str] = set()


def remembers(tables):
    rows = [row for row in merging()(tables) if row["prompt"] not in _memory]
    _memory.update(row["prompt"] for row in rows)
    return rows


@pytest.mark.parametrize(
    "merge, message",
    [
        (merging(key=lambda prompt: (prompt, id(prompt))), "A prompt appears twice"),
        (merging(key=lambda prompt: prompt), "differ only in upper and lower case"),
        (merging(first=False), "the first should stay"),
        (zipped, "not zipped"),
        (sorted_sources, "not in the order"),
        (empties, "changed the tables"),
        (remembers, "live on between calls"),
        (lambda tables: {}, "list of rows"),
    ],
)
def test_merge_names_the_mistake(card, merge, message):
    text = card(check.merge, my_rows, merge)
    assert text.startswith("✘") and message in text


def test_merge_of_nothing_is_nothing(card):
    def always_one(tables):
        return merging()(tables) or [{"prompt": "a", "completion": "b", "source": "c"}]

    assert "No tables should give no rows" in card(check.merge, my_rows, always_one)


def test_merge_knows_the_stub(card):
    def to_rows(source, row):
        """Rows."""
        ...

    def merge(tables):
        """Rows."""
        ...

    assert "Not attempted" in card(check.merge, to_rows, merge)
    assert "Not attempted" in card(check.merge, my_rows, merge)


def test_checks_leave_their_own_data_alone(card):
    before = json.dumps([check._ONE_ROW])
    card(check.merge, changes_the_row, empties)
    assert json.dumps([check._ONE_ROW]) == before
