"""What lesson 07 says of distilabel without showing it in a cell: still true with the installed version."""

from __future__ import annotations

import inspect
import sys

import numpy as np
import pytest
from distilabel.steps import DeitaFiltering, EmbeddingDedup, FaissNearestNeighbour, MinHashDedup

from prompt2data.quality.stock import run_step


def test_defaults_that_the_lesson_names():
    assert MinHashDedup.model_fields["threshold"].default == 0.9
    assert MinHashDedup.model_fields["num_perm"].default == 128
    assert MinHashDedup.model_fields["n"].default == 5
    assert DeitaFiltering.model_fields["diversity_threshold"].default == 0.9
    assert FaissNearestNeighbour.model_fields["metric_type"].default is None  # faiss then takes L2


def test_words_need_nltk_and_ngrams_do_not():
    source = inspect.getsource(sys.modules[MinHashDedup.__module__])
    assert "nltk.download('punkt_tab')" in source
    loaded = set(sys.modules)  # perhaps already with NLTK, if tests of ROUGE ran in this process
    kept = run_step(MinHashDedup(tokenizer="ngrams"), [{"text": "Bake the bread."}, {"text": "Bake the bread."}])
    assert [row["keep_row_after_minhash_filtering"] for row in kept] == [True, False]
    assert not any(name.startswith("nltk.tokenize.punkt") for name in sys.modules.keys() - loaded)


def test_the_comparison_is_of_characters_as_they_stand():
    rows = [{"text": "Bake the bread for an hour."}, {"text": "BAKE THE BREAD FOR AN HOUR."}]
    assert all(row["keep_row_after_minhash_filtering"] for row in run_step(MinHashDedup(tokenizer="ngrams"), rows))


def test_both_of_a_pair_go_unless_only_later_neighbours_are_given():
    pair = [{"nn_indices": [1], "nn_scores": [0.95]}, {"nn_indices": [0], "nn_scores": [0.95]}]
    kept = [row["keep_row_after_embedding_filtering"] for row in run_step(EmbeddingDedup(threshold=0.9), pair)]
    assert kept == [False, False]
    pair[1] = {"nn_indices": [], "nn_scores": []}
    kept = [row["keep_row_after_embedding_filtering"] for row in run_step(EmbeddingDedup(threshold=0.9), pair)]
    assert kept == [True, False]


def test_deita_compares_with_all_rows_not_with_the_selected():
    angles = np.radians([0, 10, 90])
    rows = [
        {"evol_instruction_score": 1.0, "evol_response_score": 1.0, "embedding": [np.cos(one), np.sin(one)]}
        for one in angles
    ]
    assert len(run_step(DeitaFiltering(data_budget=3, diversity_threshold=0.5), rows)) == 1
    assert run_step(DeitaFiltering(data_budget=3, diversity_threshold=1.1), rows) == []


def test_run_step_leaves_rows_and_library_as_they_were():
    from distilabel.steps.filtering import embedding

    rows, track = [{"text": "Bake the bread."}], embedding.track
    run_step(MinHashDedup(tokenizer="ngrams"), rows)
    assert rows == [{"text": "Bake the bread."}]
    with pytest.raises(KeyError):
        run_step(EmbeddingDedup(), rows)
    assert embedding.track is track
