"""Every check of lesson 05, both ways."""

from __future__ import annotations

import copy
import json
import re
from itertools import cycle, zip_longest
from types import MappingProxyType

from distilabel.models import TransformersLLM
from distilabel.pipeline import Pipeline
from distilabel.steps import GroupColumns, KeepColumns, LoadDataFromDicts, StepInput, step
from distilabel.steps.tasks import TextGeneration
from distilabel.typing import GeneratorStepOutput

from prompt2data import isolate_failures
from prompt2data.checks import lesson_05 as check
from prompt2data.checks import merging
from prompt2data.columns import trace

LESSON = "05_pipeline"


# -- 5.1 ----------------------------------------------------------------------------------------------------------


class Parts:
    """The steps that an answer to 5.1 consists of. No model is loaded by naming one."""

    rows = [{"prompt": "How do I feed a starter?"}]

    @staticmethod
    def load(rows=rows, **more):
        return LoadDataFromDicts(data=copy.deepcopy(rows), **more)

    @staticmethod
    def write(reads="prompt", writes="completion", kind=TextGeneration, **more):
        arguments = {
            "input_mappings": {"instruction": reads} if reads else {},
            "output_mappings": {"generation": writes} if writes else {},
        }
        return kind(llm=TransformersLLM(model="never-loaded"), **{**arguments, **more})

    @staticmethod
    def keep(*columns, **more):
        return KeepColumns(columns=list(columns or ("prompt", "completion")), **more)


def built(build):
    """The pipeline whose steps `build` makes and connects."""
    with Pipeline(name="built") as pipeline:
        build(Parts)
    return pipeline


def connected_by_method(parts):
    load, write, keep = parts.load(name="a"), parts.write(name="b"), parts.keep("completion", "prompt", name="c")
    load.connect(write)
    write.connect(keep)


def renamed_by_loader(parts):
    parts.load([{"question": "Why?"}], output_mappings={"question": "prompt"}) >> parts.write() >> parts.keep()


def instruction_inside(parts):
    parts.load() >> parts.write(reads=None, template="{{ prompt }}", columns=["prompt"]) >> parts.keep()


def renamed_by_keeper(parts):
    keep = parts.keep("prompt", "generation", output_mappings={"generation": "completion"})
    parts.load() >> parts.write(writes=None) >> keep


def with_more(parts):
    load = parts.load([{"id": 1, "prompt": "Why?"}, {"id": 2, "prompt": "How?"}], batch_size=1)
    write = parts.write(system_prompt="Be brief.", template="Q: {{ instruction }}", num_generations=2)
    load >> isolate_failures(write) >> parts.keep()


@step(outputs=["prompt"], step_type="generator")
def endless(offset: int = 0) -> GeneratorStepOutput:
    while True:
        yield copy.deepcopy(Parts.rows), False


def given_rows(*places):
    return [{"prompt": check._MY_PROMPTS[place]} for place in places]


class Fixed(TextGeneration):
    def process(self, inputs: StepInput):
        yield [{**row, "generation": "Yes.", "model_name": "m"} for row in inputs]


def unconnected(parts):
    parts.load(), parts.write(), parts.keep()


def half_connected(parts):
    parts.load() >> parts.write()
    parts.keep()


def star(parts):
    load, write, keep = parts.load(), parts.write(), parts.keep()
    load >> write >> keep
    load >> keep


def four_steps(parts):
    parts.load() >> parts.write() >> parts.keep() >> GroupColumns(columns=["prompt"])


def completion_loaded(parts):
    load = parts.load([{"prompt": "Why?", "completion": "x"}])
    load >> parts.write(output_mappings={"generation": "answer"}) >> parts.keep()


def test_three_steps(assert_each_named, lesson, card):
    assert_each_named(
        check.three_steps,
        right=[
            lesson["my_pipeline"],
            *map(built, (renamed_by_loader, connected_by_method, instruction_inside, renamed_by_keeper, with_more)),
        ],
        wrong=[
            *(
                (built(build), message)
                for build, message in [
                    (unconnected, "not connected yet"),
                    (half_connected, "no arrow from 'text_generation_0' to 'keep_columns_0'"),
                    (star, "an arrow too many"),
                    (lambda p: p.load() >> p.write(), "no KeepColumns step"),
                    (lambda p: p.write() >> p.keep(), "no LoadDataFromDicts step"),
                    (four_steps, "more than three steps"),
                    (lambda p: p.load() >> p.write() >> p.write(reads="completion") >> p.keep(),
                     "2 TextGeneration steps"),
                    (lambda p: p.load() >> p.write(reads=None) >> p.keep(), "reads the column 'instruction'"),
                    (lambda p: p.load() >> p.write(writes=None) >> p.keep(), "asks for the column 'completion'"),
                    (lambda p: p.load() >> p.write(input_mappings={"prompt": "instruction"}) >> p.keep(),
                     "input_mappings of 'text_generation_0' are the wrong way round"),
                    (lambda p: p.load() >> p.write(output_mappings={"text": "completion"}) >> p.keep(),
                     "name 'text', which is not a column of this task"),
                    (lambda p: p.load() >> p.write() >> p.keep("completion"), "Other columns are kept"),
                    (lambda p: p.load() >> p.write() >> p.keep("prompt", "completion", "model_name"),
                     "Other columns are kept"),
                    (lambda p: p.load([{"question": "Why?"}]) >> p.write() >> p.keep(),
                     "bring rows with the column `prompt`"),
                    (completion_loaded, "should hold what the task wrote"),
                    (lambda p: p.load([]) >> p.write() >> p.keep(), "bring rows with the column `prompt`"),
                    (lambda p: p.load([{"prompt": "Why?"}, {"question": "How?"}]) >> p.write() >> p.keep(),
                     "bring rows with the column `prompt`"),
                    (lambda p: p.load([{"prompt": None}]) >> p.write() >> p.keep(),
                     "bring rows with the column `prompt`"),
                    (lambda p: p.load(given_rows(0, 1)) >> p.write() >> p.keep(), "all rows of `my_prompts`"),
                    (lambda p: p.load(given_rows(0, 1, 2, 1)) >> p.write() >> p.keep(), "all rows of `my_prompts`"),
                    (lambda p: p.load() >> p.write(template="Answer the question.") >> p.keep(),
                     "'text_generation_0' would fail: DistilabelUserError"),
                    (lambda p: p.load() >> p.write(reads=None, columns=["prompt"]) >> p.keep(),
                     "'text_generation_0' would fail: DistilabelUserError"),
                    (lambda p: endless() >> p.write() >> p.keep(), "has no end"),
                    (lambda p: p.load() >> p.write(template="{% if instruction %}Hi.{% endif %}") >> p.keep(),
                     "does not contain the row's prompt"),
                    (lambda p: p.load() >> p.write(reads=None, template="Hi.", columns=[]) >> p.keep(),
                     "does not contain the row's prompt"),
                    (lambda p: p.load([{"prompt": "Why?", "instruction": "Hi."}]) >> p.write(reads=None) >> p.keep(),
                     "does not contain the row's prompt"),
                    (lambda p: p.load() >> p.write(group_generations=True) >> p.keep(),
                     "should hold what the task wrote"),
                    (lambda p: p.load() >> p.write(kind=Fixed) >> p.keep(), "should hold what the task wrote"),
                    (lambda p: p.load() >> p.write(output_mappings={"generation": "by", "model_name": "completion"})
                     >> p.keep(), "should hold what the task wrote"),
                    (lambda p: p.load() >> p.write()
                     >> p.keep(output_mappings={"prompt": "completion", "completion": "prompt"}),
                     "should hold what the task wrote"),
                    (lambda p: p.load() >> p.write(output_mappings={"generation": "completion",
                     "model_name": "completion"}) >> p.keep(), "writes get the same name, 'completion'"),
                    (lambda p: p.load() >> p.write(input_mappings={"instruction": "prompt", "system_prompt": "prompt"})
                     >> p.keep(), "reads the column 'prompt' under two names"),
                ]
            ),
            ([1, 2], "should be a `Pipeline`"),
        ],
    )  # fmt: skip
    assert "Not attempted" in card(check.three_steps, built(lambda parts: None))


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
    inner = wiring
    for key in keys:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return wiring


ONE_NAME = {
    **RIGHT,
    "answer": {"input_mappings": {"instruction": "prompt"}, "output_mappings": {"generation": "prompt"}},
    "improve": {
        "input_mappings": {"instruction": "prompt", "response": "prompt"},
        "output_mappings": {"evolved_response": "better_completion"},
    },
}


def test_wiring(assert_each_named, lesson):
    swapped = {"instruction": "completion", "response": "prompt"}
    from_topic = {"instruction": "topic", "response": "completion"}
    with_model = {"generation": "prompt", "model_name": "asked_by"}
    turns = cycle((True, False))
    assert_each_named(
        check.wiring,
        right=[
            lesson["wiring"],
            RIGHT,
            lambda: RIGHT,
            lambda: changed("ask.input_mappings", {"topic": "topic"}),
            lambda: changed("ask.output_mappings", with_model),
            lambda: changed("answer.input_mappings", {"instruction": "prompt", "system_prompt": "nothing"}),
            lambda: MappingProxyType({step: MappingProxyType(kinds) for step, kinds in RIGHT.items()}),
        ],
        wrong=[
            *(
                (lambda wiring=wiring: wiring, message)
                for wiring, message in [
                    (changed("ask.output_mappings", {"prompt": "generation"}),
                     "output_mappings of 'ask' are the wrong way round"),
                    (changed("answer.input_mappings", {"prompt": "instruction"}),
                     "input_mappings of 'answer' are the wrong way round"),
                    (changed("answer.input_mappings", {"question": "prompt"}),
                     "name 'question', which is not a column"),
                    (changed("ask", {}), "'answer' reads the column 'prompt';"),
                    (changed("answer.input_mappings", None), "'answer' reads the column 'instruction'"),
                    (changed("improve.input_mappings", {"instruction": "prompt"}),
                     "'improve' reads the column 'response'"),
                    (changed("improve.output_mappings", None), "'better_completion' stands in 'evolved_response'"),
                    (ONE_NAME, "The text of 'ask' is lost"),
                    (changed("improve.input_mappings", from_topic), "'improve' wrote its text from other columns"),
                    (changed("improve.input_mappings", swapped), "'improve' wrote its text from other columns"),
                    (changed("answer.input_mappings", {"instruction": "topic"}),
                     "'answer' wrote its text from other columns"),
                    (changed("improve.output_mappings", {"evolved_response": "topic"}),
                     "no longer holds what the loader brought"),
                    ({"load": {}}, "no step 'load' to wire"),
                    (changed("ask", {"outputs": {"generation": "prompt"}}), "input_mappings, output_mappings or both"),
                    (changed("ask.output_mappings", ["generation", "prompt"]), "from a column name to a column name"),
                    (changed("ask.output_mappings", {"generation": 1}), "from a column name to a column name"),
                    ({}, "'answer' reads the column 'instruction'"),
                    (None, "The function returned None"),
                    ([RIGHT], "a key for each step"),
                    (list(RIGHT.items()), "a key for each step"),
                    ({**RIGHT, "ask": None}, "input_mappings, output_mappings or both"),
                    (changed("ask.output_mappings", {"generation": "prompt", "model_name": "prompt"}),
                     "Two of the columns that 'ask' writes"),
                    (changed("ask.output_mappings", {"generation": "model_name"}),
                     "Two of the columns that 'ask' writes"),
                    (changed("ask.output_mappings", {"generation": "asked", "model_name": "prompt"}),
                     "'prompt' stands in 'asked'"),
                    (changed("ask.output_mappings", {"generation": ""}), "'answer' reads the column 'prompt';"),
                    (changed("ask.input_mappings", {"instruction": "topic"}),
                     "name 'instruction', which is not a column"),
                    (changed("answer.output_mappings", {"generation": "completion", "model_name": "prompt"}),
                     "The text of 'ask' is lost"),
                    (changed("answer.input_mappings", {"instruction": "prompt", "system_prompt": "topic"}),
                     "'answer' wrote its text from other columns"),
                    (changed("answer.input_mappings", {"instruction": "prompt", "system_prompt": "prompt"}),
                     "'answer' reads the column 'prompt' under"),
                    (changed("improve.input_mappings", {"instruction": "completion", "response": "completion"}),
                     "'improve' reads the column 'completion' under"),
                ]
            ),
            (lambda: {}["ask"], "KeyError"),
            (lambda: RIGHT if next(turns) else {}, "what does it remember"),
        ],
    )  # fmt: skip


def test_the_check_has_the_exercises_pipeline(lesson):
    """The pipeline shown to learners and the one the check builds trace to the same columns."""
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


def one_key(prompt):
    return "".join(prompt.casefold().split())


def merging_rows(rows_of=my_rows, key=one_key, first=True):
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

    return Dataset.from_list(merging_rows()(tables)) if tables else []


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
    turns = [message["content"] for message in row["conversation"] if message["role"] != "system"]
    return [
        {"prompt": ask, "completion": reply, "source": source}
        for ask, reply in zip(turns[::2], turns[1::2], strict=False)
        if (ask or "").strip() and (reply or "").strip()
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


def source_by_table(source, row):
    return {"grid": my_rows, "self_instruct": my_rows, "magpie": my_rows}[source](source, row)


def no_row_of_unknown_sources(source, row):
    return my_rows(source, row) if source in "grid self_instruct magpie" else []


def zipped(tables):
    rows = [[pair for row in rows for pair in my_rows(source, row)] for source, rows in tables.items()]
    return [pair for group in zip(*rows, strict=False) for pair in group]


def sorted_sources(tables):
    return merging_rows()({source: tables[source] for source in sorted(tables)})


def empties(tables):
    rows = merging_rows()(tables)
    tables.clear()
    return rows


def as_table(source, row):
    import pandas as pd

    if source == "grid":
        frame = pd.DataFrame({"prompt": [row["instruction"]], "completion": [row["generation"]]})
    elif source == "self_instruct":
        frame = pd.DataFrame({"prompt": row["instructions"], "completion": row["generations"]})
    elif source == "magpie":
        turns = [message["content"] for message in row["conversation"] if message["role"] != "system"][:2]
        frame = pd.DataFrame({"prompt": turns[:1], "completion": turns[1:]} if len(turns) == 2 else no_table)
    else:
        raise ValueError(source)
    frame = frame.astype(object)
    good = frame.map(lambda text: isinstance(text, str) and bool(text.strip())).all(axis=1)
    return frame[good].assign(source=source)


def merged_tables(tables):
    import pandas as pd

    frames = [as_table(source, row) for source, rows in tables.items() for row in rows]
    if not frames:
        return pd.DataFrame(columns=["prompt", "completion", "source"])
    whole = pd.concat(frames, ignore_index=True)
    return whole[~whole.prompt.str.lower().str.split().str.join(" ").duplicated()]


no_table: dict = {"prompt": [], "completion": []}


def yielded(source, row):
    yield from my_rows(source, row)


def yielded_late(source, row):
    if source != "magpie":
        yield from my_rows(source, row)
    else:
        turns = [message["content"] for message in row["conversation"] if message["role"] != "system"]
        if (turns[0] or "").strip() and (turns[1] or "").strip():
            yield {"prompt": turns[0], "completion": turns[1], "source": source}


def merging_later(tables):
    yield from merging_rows()(tables)


class Unknown(ValueError):
    pass


def own_error(source, row):
    try:
        return my_rows(source, row)
    except ValueError:
        raise Unknown from None


def last_turn(source, row):
    turns = [message for message in row.get("conversation", ()) if message["role"] != "system"]
    return my_rows(source, {**row, "conversation": turns[-2:]})


def swapped(source, row):
    return [{**pair, "prompt": pair["completion"], "completion": pair["prompt"]} for pair in my_rows(source, row)]


def filtered_apart(source, row):
    if source != "self_instruct":
        return my_rows(source, row)
    asked, texts = ([text for text in row[name] if text and text.strip()] for name in ("instructions", "generations"))
    return [{"prompt": a, "completion": text, "source": source} for a, text in zip(asked, texts, strict=False)]


def collects(source, row, found=[]):  # noqa: B006
    found += my_rows(source, row)
    return found


def first_rows(tables):
    return [pair for source, rows in tables.items() for pair in my_rows(source, rows[0])]


def first_rows_once(tables):
    return merging_rows()({source: rows[:1] for source, rows in tables.items()})


def zipped_rows(tables):
    groups = [dict(zip(tables, group, strict=True)) for group in zip(*tables.values(), strict=False)]
    return merged_groups(groups)


def zipped_longest(tables):
    return merged_groups([dict(zip(tables, group, strict=True)) for group in zip_longest(*tables.values())])


def once(pairs):
    found = {}
    for pair in pairs:
        found.setdefault(one_key(pair["prompt"]), pair)
    return list(found.values())


def merged_groups(groups):
    pairs = [pair for group in groups for source, row in group.items() if row for pair in my_rows(source, row)]
    return once(pairs)


def claimed(tables):
    seen, found = set(), []
    for source, row in [(source, row) for source, rows in tables.items() for row in rows]:
        pairs = my_rows(source, row)
        if source == "grid":
            key = one_key(row["instruction"] or "")
            pairs = [pair for pair in pairs if key not in seen]
            seen.add(key)
        found += pairs
    return once(found)


def keeps_seen(tables, seen=set()):  # noqa: B006
    rows = [row for row in merging_rows()(tables) if row["prompt"] not in seen]
    seen.update(row["prompt"] for row in rows)
    return rows


_memory: set[str] = set()


def remembers(tables):
    rows = [row for row in merging_rows()(tables) if row["prompt"] not in _memory]
    _memory.update(row["prompt"] for row in rows)
    return rows


def always_one(tables):
    return merging_rows()(tables) or [{"prompt": "a", "completion": "b", "source": "c"}]


def test_merge(assert_each_named, lesson):
    merge = merging_rows()
    assert_each_named(
        check.merge,
        right=[
            (lesson["to_rows"], lesson["merge"]),
            (my_rows, merge),
            (lambda source, row: iter(my_rows(source, row)), as_dataset),
            (yielded, merging_later),
            (my_rows, merging_later),
            (as_table, merged_tables),
            (own_error, lambda tables: tuple(merge(tables))),
        ],
        wrong=[
            ((keeps_missing, merge), "a text is missing was kept"),
            ((keeps_blank, merge), "a text is missing was kept"),
            ((all_turns, merge), "only the first question"),
            ((system_as_prompt, merge), "A system message was taken"),
            ((no_system, merge), "gave no row"),
            ((first_of_list, merge), "can hold several pairs"),
            ((changes_the_row, merge), "to_rows changed the row"),
            ((lambda source, row: [{**pair, "source": "x"} for pair in my_rows(source, row)], merge), "hold 'grid'"),
            ((lambda source, row: [{**pair, "id": 1} for pair in my_rows(source, row)], merge), "a column too many"),
            ((lambda source, row: my_rows(source, row)[0], merge), "list of rows"),
            ((forgets_to_return, merge), "The function returned None"),
            ((no_row_of_unknown_sources, merge), "An unknown source should raise ValueError."),
            ((lambda source, row: ValueError(source), merge), "list of rows"),
            ((yielded_late, merge), "IndexError"),
            ((last_turn, merge), "gave no row"),
            ((swapped, merge), "Wrong rows for one row of grid"),
            ((filtered_apart, merge), "the generation at its own place"),
            ((collects, merge), "live on between calls"),
            ((source_by_table, merge), "An unknown source should raise ValueError."),
            ((lambda source, row: row["nothing"], merge), "KeyError: 'nothing'"),
            ((my_rows, merging_rows(key=lambda prompt: object())), "A prompt appears twice"),
            ((my_rows, merging_rows(key=lambda prompt: prompt)), "differ only in upper and lower case"),
            ((my_rows, merging_rows(first=False)), "the first should stay"),
            ((my_rows, zipped), "not zipped"),
            ((my_rows, zipped_rows), "not zipped"),
            ((my_rows, zipped_longest), "not in the order"),
            ((my_rows, first_rows), "Only the first row of each table"),
            ((my_rows, first_rows_once), "Only the first row of each table"),
            ((my_rows, claimed), "does not take the place"),
            ((my_rows, keeps_seen), "live on between calls"),
            ((my_rows, merging_rows(key=lambda prompt: re.sub(r"\W+", "", prompt.lower()))), "are two prompts"),
            ((my_rows, lambda tables: [{**pair, "source": "x"} for pair in merge(tables)]), "not one of those"),
            ((my_rows, lambda tables: [pair["prompt"] for pair in merge(tables)]), "is not a dictionary"),
            ((my_rows, sorted_sources), "not in the order"),
            ((my_rows, empties), "changed the tables"),
            ((my_rows, remembers), "live on between calls"),
            ((my_rows, lambda tables: {}), "list of rows"),
            ((my_rows, always_one), "No tables should give no rows"),
        ],
    )


def test_checks_leave_their_own_data_alone(card):
    before = json.dumps([merging._ROWS, merging._TABLES])
    card(check.merge, changes_the_row, empties)
    card(check.merge, my_rows, empties)
    assert json.dumps([merging._ROWS, merging._TABLES]) == before
