"""Sentence embeddings by all-MiniLM-L6-v2, each text embedded once.

An embedding is kept in the process and in the generation cache, bit by bit. So filters that look at the same rows pay
once, and a second run of a notebook need not even load the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from prompt2data import cache, models
from prompt2data.display.progress import progress_bar
from prompt2data.engine.packed import pack
from prompt2data.i18n import _
from prompt2data.models import embedded
from prompt2data.untrusted import whole

DIMENSIONS = 384

_KIND, _FLOAT32 = "embedding", "<f4"  # how the generation cache keeps one

_known: dict[str, np.ndarray] = {}
_MOST_KNOWN = 20_000  # texts, about 30 MB


def embed(texts: Sequence[str]) -> np.ndarray:
    """Sentence embeddings by all-MiniLM-L6-v2: shape [texts, 384], each of length 1.

    The model reads the first 256 word pieces of a text, some 200 English words; what comes after them does not count.

    Raises:
        TypeError: if a text is none.
        ModelUnavailable: if the model is needed and can be neither found nor fetched.
    """
    texts = list([texts] if isinstance(texts, str) else texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            message = _("Text {place} is of the type {type} and cannot be embedded: drop its row first.")
            raise TypeError(message.format(place=place, type=type(text).__name__))
    texts = [whole(text) for text in texts]
    if len(_known) + len(texts) > _MOST_KNOWN:
        _known.clear()
    missing = list(dict.fromkeys(text for text in texts if text not in _known))
    if missing:
        _known.update(_embeddings(missing))
    return np.stack([_known[text] for text in texts]) if texts else np.zeros((0, DIMENSIONS), dtype=np.float32)


def cosine(a: Sequence[str], b: Sequence[str]) -> np.ndarray:
    """Cosine similarity of text i of `a` with text i of `b`: shape [texts], from -1 to 1."""
    return np.einsum("ij,ij->i", embed(a), embed(b))


def _embeddings(texts: list[str]) -> dict[str, np.ndarray]:
    """The embedding of each text: from the generation cache, or computed now and kept there."""
    store = cache.opened()
    keys = {text: cache.entry_key(embedding=text, model=embedded.EMBEDDER.weights_sha256) for text in texts}
    kept = store.get(list(keys.values()), _KIND) if store else {}
    found = {
        text: np.frombuffer(kept[key], dtype=_FLOAT32)
        for text, key in keys.items()
        if len(kept.get(key, b"")) == 4 * DIMENSIONS
    }
    missing = [text for text in texts if text not in found]
    if missing:
        vectors = _embedder().encode(missing, normalize_embeddings=True, show_progress_bar=False)
        for text, vector in zip(missing, np.asarray(vectors, dtype=np.float32), strict=True):
            found[text] = vector
            if store:
                store.put(keys[text], _KIND, vector.astype(_FLOAT32).tobytes())
    return found


@lru_cache(maxsize=1)
def _embedder():
    folder = models.embedding_folder()
    with progress_bar(None, _("loading the text embedder")):
        from sentence_transformers import SentenceTransformer  # seconds, and most runs find all vectors in the cache

        embedder = SentenceTransformer(str(folder), device="cpu")
    pack(embedder)
    return embedder
