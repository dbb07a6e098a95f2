"""Does lesson 8's filter pay? Its true rows against as many of any kind, and against the faultless ones alone.

    python -m benchmarks.kitchen_filter prompt2data/data/kitchen/filter.json

The comparison was fixed before the first run: five seeds each, equal steps, half b of the exam, calls and `none` apart.
It runs the lesson's own cells up to the training, in a kernel, and then its own. Some ten minutes on two cores; texts
and adapters that are in the cache cost nothing. The result is written to the file, from which the lesson reads it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from builder.source import parse

LESSON = "08_a_dataset_that_teaches"
UNTIL = "bars-plot"  # the first cell that is not needed
COMPARISON = '''
made = rows + small_talk + tales


def like_own(reasons):
    """The rows by hand, and as many as in `own` for each tool, or all there are, with one of the reasons."""
    chosen = list(by_hand)
    for tool, wanted in Counter(row["call"]["tool"] for row in own).items():
        fitting = [row for row in made if row["call"]["tool"] == tool and row["reason"] in reasons]
        some = random.Random(0).sample(fitting, min(wanted, len(fitting)))
        if tool in things:
            some[::3] = [say_in_words(row) for row in some[::3]]  # as in the lesson: only the reasons differ
        chosen += some
    return chosen


found = {}
for name, some in {"true": grown, "any": like_own({row["reason"] for row in made}), "kept": like_own({"kept"})}.items():
    stem = "grown" if name == "true" else name
    runs = {f"{stem}-{seed}": (to_train(some), recipe | {"seed": seed}) for seed in range(5)}
    taken = [with_adapter(adapter, half_b) for adapter in train_all(runs, lora).values()]
    found[name] = {
        "rows": len(some),
        "false": sum(row.get("reason", "kept") not in TRUE for row in some),
        "calls": [one.calls.exact.k for one in taken],
        "of calls": taken[0].calls.exact.n,
        "none": [one.none.exact.k for one in taken],
        "of none": taken[0].none.exact.n,
    }
print("RESULT", json.dumps(found))
'''


def main() -> None:
    root = Path(__file__).resolve().parents[1]
    source = root / "lessons" / f"{LESSON}.py"
    cells = []
    for cell in parse(source).cells:
        if cell.id == UNTIL:
            break
        if cell.code and not {"check", "solution-only"} & set(cell.tags):
            setup = "from prompt2data import MODEL, setup\n\nsetup()"
            cells.append(nbformat.v4.new_code_cell(setup if cell.id == "setup" else cell.source))
    cells.append(nbformat.v4.new_code_cell(COMPARISON))
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(root)}})
    client.on_cell_start = lambda cell, cell_index: print(f"cell {cell_index + 1} of {len(cells)}", flush=True)
    client.execute()
    printed = "".join(output.get("text", "") for output in cells[-1].outputs)
    result = json.loads(printed.split("RESULT", 1)[1])
    for name, one in result.items():
        print(f"{name}: {one['rows']} rows, {one['false']} of them false")
        print(f"    exact calls of {one['of calls']}: {one['calls']}; none of {one['of none']}: {one['none']}")
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
