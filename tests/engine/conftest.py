"""One loaded model for the tests of a module: the real, embedded one."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("PROMPT2DATA_PROGRESS", "0")


@pytest.fixture(scope="session")
def llm():
    """A loaded `BatchedTransformersLLM`; tests that change it put it back."""
    from prompt2data.llm import BatchedTransformersLLM
    from prompt2data.models import EMBEDDED
    from prompt2data.pipelines import worker

    worker.prepare_worker()  # the quiet part of setup(), without its table
    llm = BatchedTransformersLLM(model=EMBEDDED)
    llm.load()
    yield llm
    llm.unload()


@pytest.fixture
def chats():
    return conversations()


def conversations():
    """Conversations of quite different length, as `LLM.generate` takes them."""
    texts = [
        "Hi!",
        "Name three kinds of bread.",
        "Explain in two sentences why bread dough rises, to somebody who has never baked anything in their life.",
        "What does salt do?",
        "Write one question about ovens.",
        "Name three kinds of bread.",
    ]
    return [[{"role": "user", "content": text}] for text in texts]
