"""Refusals and leaks in five languages, on texts by somebody who had not read the rules, half of them look-alikes."""

from __future__ import annotations

import hashlib
import json
import operator
from importlib import resources
from pathlib import Path

import pytest

from prompt2data.quality import looks, refusals, texts

LANGUAGES = ("en", "vi", "zh", "ja", "ko")
FOLDER = Path(__file__).parent / "looks"


def judged(kind, language):
    """(label, whether the rule fires) for each text written for a kind."""
    for item in json.loads((FOLDER / f"{language}.json").read_text("utf-8")):
        if kind not in (item["label"], item.get("looks_like")):
            continue
        if kind == "refusal":
            row = {"instruction": item["instruction"] or "", "response": item["text"]}
            yield item["label"], texts.refusal(row) is not None
        else:
            yield item["label"], texts.leak({"instruction": item["text"], "response": ""}) is not None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["refusal", "leak"])
def test_precision_and_recall(kind, language):
    found = list(judged(kind, language))
    faulty = [fires for label, fires in found if label == kind]
    fired = [label == kind for label, fires in found if fires]
    assert len(found) >= 60 and len(faulty) >= 25
    assert sum(faulty) / len(faulty) >= 0.9, "recall"
    assert sum(fired) / len(fired) >= 0.9, "precision"


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_that_no_pattern_foresaw_are_known_by_their_looks(language):
    """On texts written after patterns and training, by somebody who had read neither, half of them look-alikes."""
    rows = json.loads((FOLDER / f"fresh_{language}.json").read_text("utf-8"))
    rows = [row for row in rows if row["kind"] == "refusal"]
    faulty = [row["label"] == "faulty" for row in rows]
    fired = [refusals.refuses(row["text"], row["instruction"]) for row in rows]
    foreseen = [refusals.by_rule(row["text"], row["instruction"]) for row in rows]
    hits = sum(map(operator.and_, faulty, fired))
    assert len(rows) == 64 and sum(faulty) == 32
    assert hits / sum(fired) >= 0.85 and hits / sum(faulty) >= 0.55
    assert hits > sum(map(operator.and_, faulty, foreseen))


def test_the_weights_are_those_of_a_known_training():
    """A file of weights that somebody else made would judge in the course's name."""
    content = resources.files("prompt2data").joinpath("data", "looks.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == looks.SHA256


def more():
    for kind, texts_of in json.loads((FOLDER / "more.json").read_text("utf-8")).items():
        yield from ((kind, text, wanted == "faulty") for wanted, found in texts_of.items() for text in found)


@pytest.mark.parametrize(("kind", "text", "faulty"), list(more()))
def test_each_of_these(kind, text, faulty):
    row = {"instruction": text, "response": ""} if kind == "leak" else {"instruction": "Tell me.", "response": text}
    assert getattr(texts, kind)(row) == (kind if faulty else None)


def test_questions_that_were_asked_for_are_no_leak():
    asked = "Write five new questions for my quiz on bread."
    answer = "Here are five new questions for your quiz:\n1. What is rye?\n2. What is sourdough?"
    assert texts.leak({"instruction": asked, "response": answer}) is None
    assert texts.leak({"instruction": "How is rye milled?", "response": answer}) == "leak"
    assert texts.leak({"instruction": asked, "response": f"{answer}<|im_end|>"}) == "leak"
