#!/usr/bin/env python3
"""Train what tells refusals by their looks.

`scripts/looks/*.jsonl` → `prompt2data/data/looks.safetensors`

    .venv/bin/python scripts/looks.py            # train on all texts, write the weights
    .venv/bin/python scripts/looks.py --folds 5  # no weights: how well it judges texts that it was not trained on

The texts are JSON Lines with `kind`, `label` ("faulty" or "fine"), `language`, `text`, for a response the `instruction`
that it answers, and for a leak `where` it is ("instruction" or "response"). A response that was written for one kind is
free of the others; leaks are here for that, and rows of the kind "row" are good ones of all sorts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from prompt2data.quality.looks import BUCKETS, KINDS, features

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "scripts" / "looks"
WEIGHTS = ROOT / "prompt2data" / "data" / "looks.safetensors"
STRENGTH = 30.0  # C of the regression


def texts() -> Iterator[tuple[str, str, str, bool, str]]:
    """Of each response: kind, text, instruction, whether it is faulty, language."""
    for path in sorted(TEXTS.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            kind, text, asked, language = row["kind"], row["text"], row.get("instruction") or "", row["language"]
            if kind != "leak" or row.get("where") == "response":
                for one in KINDS:
                    yield one, text, asked, one == kind and row["label"] == "faulty", language


def matrix(rows: list[tuple[str, str]]) -> sparse.csr_matrix:
    """Features of (text, instruction), one line each; shape (len(rows), BUCKETS)."""
    found = [features(text, asked) for text, asked in rows]
    starts = np.cumsum([0, *(len(names) for names, _values in found)])
    names, values = (np.concatenate([one[part] for one in found]) for part in (0, 1))
    return sparse.csr_matrix((values, names, starts), shape=(len(rows), BUCKETS))


def fitted(seen: sparse.csr_matrix, faulty: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=400).fit(seen, faulty)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=0, help="judge each part by what the others teach")
    folds = parser.parse_args().folds
    kept = {}
    every = list(dict.fromkeys(texts()))
    for kind in KINDS:
        rows = [row for row in every if row[0] == kind]
        seen = matrix([(text, asked) for _kind, text, asked, _faulty, _language in rows])
        faulty = np.array([row[3] for row in rows])
        if folds:
            judged = np.zeros(len(rows), dtype=bool)
            fold = np.random.default_rng(0).permutation(len(rows)) % folds
            for number in range(folds):
                model = fitted(seen[fold != number], faulty[fold != number])
                judged[fold == number] = model.predict(seen[fold == number])
            for language in sorted({row[4] for row in rows}):
                own = np.array([row[4] == language for row in rows])
                hits = (judged & faulty & own).sum()
                precision, recall = hits / max((judged & own).sum(), 1), hits / max((faulty & own).sum(), 1)
                print(f"{kind:20} {language}  {own.sum():5} texts  precision {precision:.2f}  recall {recall:.2f}")
            continue
        model = fitted(seen, faulty)
        scale = float(np.abs(model.coef_).max()) / 127
        kept[f"{kind}.weights"] = np.round(model.coef_[0] / scale).astype(np.int8)
        kept[f"{kind}.scale"] = np.array([scale, model.intercept_[0]], dtype=np.float32)
        print(f"{kind:20} {len(rows):5} texts, {faulty.sum()} of them faulty")
    if kept:
        WEIGHTS.write_bytes(save(kept))
        print(f"{WEIGHTS.relative_to(ROOT)}: {WEIGHTS.stat().st_size / 1000:.0f} kB, for `SHA256` in looks.py:")
        print(hashlib.sha256(WEIGHTS.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
