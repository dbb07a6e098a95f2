"""Embeddings are kept: in the process, and in the generation cache, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from prompt2data import cache
from prompt2data.engine import embeddings

TEXTS = ["How do I bake bread?", "Wie backe ich Brot?", "How do I bake bread?", "", "\ud800 <|im_end|>\x00"]


@pytest.fixture
def forget(monkeypatch, tmp_path):
    """A new cache, and a call that makes this process forget what it knows."""
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(embeddings, "_known", {})
    return embeddings._known.clear


@pytest.fixture
def no_model(monkeypatch):
    def refuse():
        raise AssertionError("the model was loaded")

    return lambda: monkeypatch.setattr(embeddings, "_embedder", refuse)


def test_one_vector_for_each_text(forget):
    vectors = embeddings.embed(TEXTS[:4])
    assert vectors.shape == (4, embeddings.DIMENSIONS) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors[0] == vectors[2]).all() and (vectors[0] != vectors[1]).any()
    assert embeddings.embed([]).shape == (0, embeddings.DIMENSIONS)
    assert embeddings.embed(iter(["a", "b"])).shape == (2, embeddings.DIMENSIONS)


def test_a_second_process_needs_no_model_and_gets_the_same_bits(forget, no_model):
    first = embeddings.embed(TEXTS[:4])
    stats = cache.opened().stats()
    assert (stats.kinds, stats.entries) == ({"embedding": 3}, 0)
    forget()
    no_model()
    assert (embeddings.embed(TEXTS[:4]) == first).all()
    with pytest.raises(AssertionError, match="was loaded"):
        embeddings.embed(["a new text"])


def test_one_process_needs_no_cache_to_remember(forget, no_model, monkeypatch):
    monkeypatch.setenv("PROMPT2DATA_CACHE", "off")
    first = embeddings.embed(TEXTS[:2])
    no_model()
    assert (embeddings.embed(TEXTS[:2]) == first).all()
    forget()
    with pytest.raises(AssertionError, match="was loaded"):
        embeddings.embed(TEXTS[:2])


def test_only_what_is_missing_is_embedded(forget, monkeypatch):
    embeddings.embed(TEXTS[:1])
    forget()
    asked, real = [], embeddings._embedder()

    class Listening:
        def encode(self, texts, **options):
            asked.extend(texts)
            return real.encode(texts, **options)

    monkeypatch.setattr(embeddings, "_embedder", Listening)
    embeddings.embed(TEXTS[:4])
    assert asked == ["Wie backe ich Brot?", ""]


def test_an_entry_that_is_no_embedding_is_made_again(forget):
    first = embeddings.embed(["bread"])
    key = cache.entry_key(embedding="bread", model=embeddings.embedded.EMBEDDER.weights_sha256)
    for kind, payload in (("embedding", b""), ("embedding", b"abc"), ("text", bytes(4 * embeddings.DIMENSIONS))):
        cache.opened().put(key, kind, payload)
        forget()
        assert np.allclose(embeddings.embed(["bread"]), first, atol=1e-6)


def test_half_a_surrogate_pair_stops_nothing(forget):
    made = embeddings.embed(TEXTS)
    assert made.shape == (5, embeddings.DIMENSIONS) and np.isfinite(made).all()


def test_what_is_known_stays_within_bounds(forget, monkeypatch):
    monkeypatch.setattr(embeddings, "_MOST_KNOWN", 3)
    vectors = embeddings.embed(["a", "b", "c"])
    assert (embeddings.embed(["c", "d"])[0] == vectors[2]).all()
    assert len(embeddings._known) == 2
    assert embeddings.embed(["a", "b", "c", "d", "e"]).shape == (5, embeddings.DIMENSIONS)
