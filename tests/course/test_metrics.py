"""Shares, diversity, similarity and cost on given data."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt2data import metrics
from prompt2data.metrics import Share, compare, difference, distinct_n, share, tokens_per_kept_row, told_apart


def test_a_share_prints_its_interval():
    assert str(share(51, 64)) == "51 of 64 (80 %, 68–88 %)"
    assert str(share([])) == "0 of 0"
    assert share(word == "a" for word in "abca") == Share(2, 4)


def test_the_interval_is_wilsons():
    # Reference values: Wilson score interval at 95 %, as in Brown, Cai and DasGupta (2001).
    assert (share(0, 10).low, round(share(0, 10).high, 4)) == (0.0, 0.2775)
    assert (round(share(10, 10).low, 4), share(10, 10).high) == (0.7225, 1.0)
    assert (round(share(5, 10).low, 4), round(share(5, 10).high, 4)) == (0.2366, 0.7634)


@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(counts):
    result = share(*counts)
    assert 0 <= result.low <= result.value <= result.high <= 1 or result.n == 0


def test_a_share_refuses_impossible_counts():
    with pytest.raises(ValueError, match="k=5, n=4"):
        share(5, 4)


def test_a_difference_needs_intervals_that_do_not_overlap():
    low, high, near = share(2, 32), share(28, 32), share(6, 32)
    assert told_apart(low, high) and not told_apart(low, near)
    assert compare("A", low, "B", high) == "B is higher than A: 28 of 32 (88 %, 72–95 %) against 2 of 32 (6 %, 2–20 %)."
    assert compare("A", high, "B", low).startswith("A is higher than B")
    assert "no clear difference (n = 32)" in compare("A", low, "B", near)
    assert "n = 32, 8" in compare("A", low, "B", share(1, 8))


def test_distinct_n_pools_texts_and_does_not_cross_them():
    texts = ["the dough rests", "The dough rests", "the loaf cools down"]
    assert distinct_n(texts, 2) == pytest.approx(5 / 7)
    assert distinct_n(texts, 1) == pytest.approx(6 / 10)
    assert distinct_n([], 2) == distinct_n(["one"], 2) == 0.0


def test_unique_share_ignores_case_and_outer_spaces():
    assert metrics.unique_share(["Why?", " why?", "How?", "When?"]) == 0.75
    assert metrics.unique_share([]) == 0.0


def test_rouge_and_the_nearest_text():
    assert metrics.rouge_l("the dough rests", "the dough rests") == 1.0
    assert metrics.rouge_l("the dough rests", "cold water") == 0.0
    assert metrics.rouge_l("a b c d", "a x c y") == pytest.approx(0.5)
    pool = ["bake the loaf", "feed the starter daily"]
    assert metrics.nearest("feed the starter", pool)[0] == 1
    assert metrics.nearest("bake the loaf", pool) == (0, 1.0)
    assert metrics.nearest("anything", []) == (-1, 0.0)


COPIES = (
    "面包要烤多久?",
    "パンはどのくらい焼く？",
    "빵은 얼마나 구워요?",
    "Сколько печь хлеб?",
    "ขนมปังอบนานเท่าไร",
    "Nướng bao lâu?",
)


@pytest.mark.parametrize("text", [*COPIES, "كم يخبز الخبز؟", "रोटी कैसे बनाएं?", "🍞"])
def test_a_copy_is_a_copy_in_every_script(text):
    apart = unicodedata.normalize("NFD", text)
    assert metrics.rouge_l(text, apart) == 1.0
    assert metrics.nearest(text, ["How long?", apart]) == (1, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "similarity"),
    [
        ("Сколько печь хлеб при 200?", "Сколько варить суп при 200?", 3 / 5),
        ("パンを1時間焼く？", "豆を1時間煮る？", 2 * 4 / 15),
        ("Muối để làm gì?", "Mùi để làm gì?", 3 / 4),
        ("面包要烤多久?", "米饭要煮多久?", 3 / 6),
        ("빵을 200도로?", "국을 200도로?", 1 / 2),
        ("🍞", "🔥", 0),
        ("???", "???", 0),  # no word at all
    ],
)
def test_what_only_shares_a_number_or_letters_without_marks_is_no_copy(a, b, similarity):
    assert metrics.rouge_l(a, b) == pytest.approx(similarity)


def test_diversity_in_scripts_without_spaces():
    assert distinct_n(["面包要烤多久？"] * 2, 2) == 1 / 2
    assert distinct_n(["面包要烤多久？", "你为什么忘记带钥匙"], 2) == 1
    assert distinct_n(["ขนมปังอบนานเท่าไร"] * 4, 2) == 1 / 4
    assert list(metrics.ngrams("面包，好", 2)) == [("面", "包"), ("包", "好")]


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_text_counts_for_nothing(missing):
    assert distinct_n(["a b c", missing], 2) == distinct_n(["a b c"], 2) == 1
    assert distinct_n([missing], 1) == metrics.unique_share([missing]) == 0
    assert metrics.unique_share(["Why?", missing, "why?", missing]) == 1 / 2
    assert metrics.rouge_l("a", missing) == metrics.rouge_l(missing, "a") == metrics.rouge_l(missing, missing) == 0
    assert metrics.nearest("b", [missing, "a", "b"]) == (2, 1.0)
    assert metrics.nearest("a", [missing]) == (-1, 0.0)
    assert metrics.nearest(missing, ["a"]) == (0, 0.0)


def test_unique_share_sees_one_letter_however_it_was_typed():
    assert metrics.unique_share(["Nướng", unicodedata.normalize("NFD", "nướng")]) == 1 / 2


def test_long_texts_come_to_an_end():
    """The time of ROUGE-L grows with the product of the lengths, so it looks at the beginning only."""
    for unit in ("word ", "面", "a b ", "🍞"):
        text = (unit * 100_000)[:100_000]
        assert metrics.rouge_l(text, text) == 1 and distinct_n([text], 2) < 0.1 and metrics.unique_share([text]) == 1


def test_embeddings_are_unit_vectors_that_know_meaning():
    vectors = metrics.embed(["How do I bake bread?", "What is the way to make a loaf?", "The train is late."])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert metrics.embed([]).shape == (0, 384)
    assert metrics.cosine(["bread"], ["bread"])[0] == pytest.approx(1, abs=1e-5)


def test_tokens_are_counted_over_tasks_turns_and_generations():
    rows = [
        {"distilabel_metadata": {"statistics_a": {"input_tokens": 5, "output_tokens": 7}}},
        {"distilabel_metadata": {"statistics_m": {"input_tokens": [[3], [4]], "output_tokens": [[1], [2]]},
                                 "statistics_b": {"input_tokens": [1, 1], "output_tokens": [2, 2]},
                                 "raw_output_b": {"output_tokens": 99}}},
        {"distilabel_metadata": None},
        {},
    ]  # fmt: skip
    assert metrics.generated_tokens(rows) == 7 + 3 + 4
    assert tokens_per_kept_row(rows, [rows[0], rows[1]]) == "2 of 4 rows kept; 7 generated tokens per kept row."
    assert tokens_per_kept_row(rows, []) == "0 of 4 rows kept; 14 tokens generated."
    assert tokens_per_kept_row([], 0) == "0 of 0 rows kept; 0 tokens generated."


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """The example of his paper, table II, method 10: 56 of 70 against 48 of 80."""
    low, high = difference(share(56, 70), share(48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    assert difference(share(48, 80), share(56, 70)) == pytest.approx((-high, -low))


@pytest.mark.parametrize("truth", [0.3, 0.5, 0.8])
def test_a_comparison_gives_a_false_alarm_in_one_of_twenty(truth: float) -> None:
    numbers = random.Random(0)
    alarms = found = 0
    for _ in range(2_000):
        one, other = (share(numbers.random() < truth for _ in range(32)) for _ in range(2))
        alarms += told_apart(one, other)
        found += told_apart(
            share(numbers.random() < 0.3 for _ in range(32)), share(numbers.random() < 0.6 for _ in range(32))
        )
    assert 0.02 <= alarms / 2_000 <= 0.07
    assert found / 2_000 >= 0.65  # 30 % against 60 %


def test_nothing_counted_differs_from_nothing() -> None:
    assert not told_apart(share([]), share(32, 32)) and not told_apart(share([]), share([]))
