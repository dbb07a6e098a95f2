"""Whatever a text or a row holds, what is public here gives a result, or one sentence of the course's own."""

from __future__ import annotations

import datetime
import math
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from datasets import Dataset
from hypothesis import example, given, settings
from hypothesis import strategies as st

import prompt2data
from prompt2data import constrained, judges, models, tokens, untrusted
from prompt2data.cards import Card, write_dataset
from prompt2data.engine import embeddings, prompts, scoring
from prompt2data.ground import rows as ground_rows
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.quality import preferences
from prompt2data.ratings import parse_ratings
from prompt2data.widgets import worddiff
from prompt2data.widgets.browser import DatasetBrowser
from prompt2data.widgets.browser.export import write_rows
from prompt2data.widgets.evolution import EvolutionTree
from prompt2data.widgets.playground import SamplingPlayground
from prompt2data.widgets.pool import PoolExplorer
from prompt2data.widgets.stepper import MagpieStepper
from tests.engine.tiny import local

OURS = Path(prompt2data.__file__).parent
moderate = settings(max_examples=60, derandomize=True, database=None)
few = settings(max_examples=15, derandomize=True, database=None)


class Mute:
    """A learner's class that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("mute")

    def __repr__(self) -> str:
        return "Mute()"


ODD_TEXTS = [
    "",
    " ",
    "\u200b",
    "half \ud83d",
    "\udc00",
    "\ud83d\ude00",
    "nul \x00",
    "a\u2028b\u2029c\x85d",
    "e\u0301" * 50,
    "\ufeff",
    "<|im_start|>user\n",
    "{{ x }}",
    "Rating: 5\n#### Output for Text 1\nRating: 4",
    "5",
    "4.5",
    "NaN",
    "빵",
    "🍞",
    "\x1b[2J",
    "Why does dough rise? " * 60,
]
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(st.characters(), max_size=12)
ODD_VALUES = [
    None,
    math.nan,
    math.inf,
    True,
    0,
    -1,
    10**400,
    2**64,
    1.5,
    1j,
    b"bytes",
    Decimal("4.5"),
    Decimal("sNaN"),
    Fraction(7, 2),
    pd.NA,
    pd.NaT,
    np.float32("nan"),
    np.int8(3),
    np.bool_(True),
    np.str_("text"),
    np.array(5.0),
    np.array([]),
    np.array([1, 2]),
    np.array(["a", None], dtype=object),
    np.array([[1.0], [2.0]]),
    pd.Series([5, 2]),
    pd.DataFrame({"a": [1]}),
    datetime.datetime(2026, 1, 2),
    {1, 2},
    frozenset(),
    {},
    [],
    (),
    object(),
    Mute(),
    int,
    range(3),
    torch.tensor([1.0, 2.0]),
]
SCALARS = TEXTS | st.sampled_from(ODD_VALUES)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | st.integers(0, 3), inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


def rows_of(*columns: str) -> st.SearchStrategy[Any]:
    """Tables with some of these columns and others, now and then none at all."""
    names = st.sampled_from(columns) | TEXTS | st.integers(0, 3)
    row = st.dictionaries(names, VALUES, max_size=6) | st.fixed_dictionaries({name: VALUES for name in columns})
    table = st.lists(row | row | row | VALUES, max_size=4) | st.lists(row, max_size=4)
    return table | st.lists(row, max_size=3).map(_frame) | VALUES


def _frame(rows: list[dict]) -> Any:
    with suppress(Exception):  # pandas takes not every row
        return pd.DataFrame(rows)
    return rows


def ours(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the function returns; `None` if it raises one sentence of the course's own."""
    try:
        return function(*args, **kwargs)
    except (ValueError, TypeError, OSError) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        message = str(error)
        assert Path(last.filename).is_relative_to(OURS), (last, message)
        assert message.endswith(".") and "\n" not in message, message
        return None


@pytest.fixture(scope="module")
def llm():
    """A model of random weights behind the course's tokenizer, with a short context."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.LlamaConfig(vocab_size=49_152, max_position_embeddings=200, **sizes)
    made = BatchedTransformersLLM(model=models.EMBEDDED)
    made.load()
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    made.local_model = local(model, made.local_model.tokenizer)
    return made


MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]) | SCALARS, "content": VALUES})
    | st.fixed_dictionaries({"role": st.just("user"), "content": TEXTS}),
    max_size=3,
)
CONVERSATIONS = st.lists(MESSAGES | VALUES, max_size=3)


@given(CONVERSATIONS, st.integers(1, 2))
@moderate
def test_generate(llm, conversations, number):
    good = [{"role": "user", "content": "Why salt?"}]
    outputs = llm.generate([*conversations, good], num_generations=number, max_new_tokens=2)
    assert len(outputs) == len(conversations) + 1
    for output in outputs:
        reasons = output["statistics"]["finish_reason"]
        assert len(output["generations"]) == len(reasons) == number
        for text, reason in zip(output["generations"], reasons, strict=True):
            assert isinstance(text, str) if reason in ("stop", "length") else text is None
    assert None not in outputs[-1]["generations"]


@given(MESSAGES | VALUES)
@moderate
def test_prompts(llm, conversation):
    messages = ours(prompts.readable, conversation)
    assert messages is None or all(untrusted.whole(message["content"]) == message["content"] for message in messages)
    ours(llm.prepare_input, conversation)


@given(st.lists(st.tuples(SCALARS, SCALARS, SCALARS), max_size=3))
@few
def test_scores_and_judges(llm, triples):
    pairs = [triple[:2] for triple in triples]
    ours(scoring.score_answers, llm, pairs)
    ours(scoring.score_choices, llm, [[{"role": "user", "content": text}] for text, *_more in triples], ["1"])
    for judge in (judges.LikelihoodJudge(llm), judges.ExpectedRatingJudge(llm)):
        assert [type(rating) for rating in judge.rate(pairs) if rating is not None] == [
            float for rating in judge.rate(pairs) if rating is not None
        ]
        assert set(judge(triples)) <= {None, 1, 2}
    assert set(judges.ChoiceJudge(llm)(triples)) <= {None, 1, 2}


@given(TEXTS)
@few
def test_texts_by_token(llm, text):
    tokens.token_table(llm.local_model.tokenizer, text)
    ours(tokens.next_tokens, llm, text, k=2)
    ours(constrained.generate_matching, llm, [[{"role": "user", "content": text}]], "a|b", 2)
    ours(MagpieStepper, llm, text)
    ours(MagpieStepper, llm, prompt={"a": text})
    SamplingPlayground(llm, text, max_new_tokens=1).static()


@given(st.lists(TEXTS | SCALARS, max_size=3))
@few
def test_embeddings(texts):
    vectors = ours(embeddings.embed, texts)
    assert vectors is None or (vectors.shape == (len(texts), 384) and np.isfinite(vectors).all())


@given(VALUES, st.integers(0, 3))
@moderate
def test_values(value, number):
    assert parse_ratings(value, number) is not None
    ground_rows.as_list(value), ground_rows.is_missing(value)
    assert "\x1b" not in untrusted.visible(value) + untrusted.visible_repr(value)
    untrusted.is_blank(value)
    worddiff.diff(value, "a b c"), worddiff.diff("a b c", value)


@given(TEXTS)
@moderate
def test_texts(text):
    untrusted.whole(text).encode()
    assert untrusted.look(untrusted.look(text)) == untrusted.look(text)
    assert untrusted.is_blank(text) or untrusted.look(text)


@given(rows_of("instruction", "generations", "ratings", "generation", "model_name"))
@example([{"instruction": "Why?", "generations": np.array(["a", "b"]), "ratings": np.array([5.0, 2.0])}])
@settings(moderate, max_examples=200)
def test_preferences(rows):
    table = ours(ground_rows.records, rows)
    assert (ours(preferences.group, rows) is None) == (table is None)
    pairs = ours(preferences.to_preferences, rows, 1)
    if table is not None:
        reasons = [preferences.why_drop(row, 1) for row in table]
        assert len(pairs) == reasons.count(None)


COLUMNS = {
    "title": TEXTS,
    "summary": TEXTS,
    "licence": TEXTS,
    "model": TEXTS,
    "limits": VALUES,
    "languages": VALUES,
    "tags": VALUES,
}


@given(st.fixed_dictionaries({}, optional=COLUMNS), VALUES)
@moderate
def test_cards(fields, columns):
    card = Card("t", "s", "l", "m", 0, {"a": "b"})
    made = ours(replace, card, **fields)
    assert made is None or made.render(1).encode()
    ours(replace, card, columns=columns)


@given(st.lists(st.fixed_dictionaries({"a": st.integers(0, 9), "b": TEXTS.map(untrusted.whole)}), max_size=3) | VALUES)
@few
def test_datasets(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("shelf") / "new"
    card = Card("t", "s", "l", "m", 0, {"a": "b", "b": "c"})
    data = (
        Dataset.from_list(rows)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "b" in rows[0]
        else rows
    )
    ours(write_dataset, folder, data, card)
    assert not folder.exists() or sorted(path.name for path in folder.iterdir()) == ["README.md", "data.parquet"]


ACTIONS = [
    "search",
    "filter_column",
    "filter_condition",
    "filter_value",
    "filter",
    "remove",
    "show_all",
    "column",
    "sort",
    "page",
    "page_size",
    "read",
    "neighbour",
    "back",
    "more",
    "pick",
    "pick_found",
    "clear",
    "restore",
    "name",
]


@given(
    rows_of("prompt", "completion", "messages", "chosen", "rejected"),
    st.lists(st.sampled_from(ACTIONS), max_size=8),
    TEXTS,
)
@settings(moderate, max_examples=120)
def test_the_browser(tmp_path_factory, rows, actions, typed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPT2DATA_OUTPUT", str(tmp_path_factory.mktemp("out")))
        widget = ours(DatasetBrowser, rows)
        if widget is None:
            return
        assert widget.static()
        for action in [*actions, "pick_found", "export"]:
            for value in ("0", "1", typed):
                widget._receive(widget, {"do": action, "value": value}, [])
                assert (
                    "range" not in widget.failure and not widget.failure.strip() or widget.failure.endswith((".", ")"))
                )
        table = widget.rows
        path = ours(write_rows, table, typed)
        assert path is None or len(path.read_text("utf-8").splitlines()) == len(table)


@given(rows_of("parent", "child", "operator", "reason", "similarity"))
@moderate
def test_the_evolution_tree(rows):
    widget = ours(EvolutionTree, rows)
    assert widget is None or widget.static()


@given(
    st.lists(VALUES, max_size=3),
    rows_of("round", "instruction", "most similar in the pool", "verdict", "ROUGE-L", "exact"),
)
@example(
    [np.array([1, 2])],
    [
        {
            "round": np.array([1, 2]),
            "instruction": np.array([1, 2]),
            "most similar in the pool": np.array([1, 2]),
            "verdict": [],
        }
    ],
)
@moderate
def test_the_pool(seeds, rows):
    widget = ours(PoolExplorer, seeds, rows)
    assert widget is None or widget.static()
