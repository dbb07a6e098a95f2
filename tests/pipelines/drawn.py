"""Pipelines drawn at random, without models, and what plain Python makes of the same graphs.

A row is `{"n": number, "path": text}`; the path tells through which steps a row came, so no row passes for another.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from distilabel.errors import DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import GeneratorStep, GlobalStep, LoadDataFromDicts, Step, StepInput, StepResources

from prompt2data.ground.errors import PipelineError

Row = dict[str, Any]
BATCH_SIZES = (1, 2, 3, 7, 10, 25, 50)
asked_without_rows: list[str] = []  # steps that had to bear an empty batch


@dataclass
class Node:
    """A step of a drawn graph."""

    name: str
    kind: str
    before: list[str] = field(default_factory=list)
    low: int = 0  # the rows that it keeps have low <= n < high, and (n + 1) % modulus
    high: int = 0
    modulus: int = 1_000
    batch: int = 50
    replicas: int = 1
    sizes: list[int] = field(default_factory=list)  # of a generator's batches
    says_last: bool = True


@dataclass
class Graph:
    """A drawn pipeline, and how it is run."""

    nodes: list[Node]
    options: dict[str, Any]

    def leaves(self) -> list[str]:
        read = {name for node in self.nodes for name in node.before}
        return [node.name for node in self.nodes if node.name not in read]


# What each kind of step does to lists of rows, by plain Python and in a step


def _mark(name: str, row: Row) -> Row:
    return {"n": row["n"], "path": f"{row['path']}>{name}"}


def _pass(node: Node, rows: list[Row]) -> list[Row]:
    return [_mark(node.name, row) for row in rows]


def _keep(node: Node, rows: list[Row]) -> list[Row]:
    return [_mark(node.name, row) for row in rows if node.low <= row["n"] < node.high and (row["n"] + 1) % node.modulus]


def _twice(node: Node, rows: list[Row]) -> list[Row]:
    return [_mark(f"{node.name}{copy}", row) for row in rows for copy in "ab"]


def _zip(node: Node, *tables: list[Row]) -> list[Row]:
    return [
        {"n": rows[0]["n"], "path": f"({'|'.join(row['path'] for row in rows)})>{node.name}"}
        for rows in zip(*tables)  # noqa: B905  (a fan-in ends with its shortest branch)
    ]


def _below(node: Node, *tables: list[Row]) -> list[Row]:
    return [_mark(node.name, row) for rows in tables for row in rows]


def _sort(node: Node, *tables: list[Row]) -> list[Row]:
    return sorted(_below(node, *tables), key=lambda row: (row["n"], row["path"]))


def _count(node: Node, *tables: list[Row]) -> list[Row]:
    return [{"n": sum(map(len, tables)), "path": node.name}]


def _first(node: Node, rows: list[Row]) -> list[Row]:
    return [_mark(node.name, rows[0])]  # raises where there is none


WORK: dict[str, Callable[..., list[Row]]] = {
    "pass": _pass, "keep": _keep, "twice": _twice, "zip": _zip, "below": _below,
    "global keep": _keep, "global sort": _sort, "global zip": _zip, "global count": _count, "global first": _first,
}  # fmt: skip
SINGLE = ["pass", "keep", "keep", "keep", "twice"]
SEVERAL = ["zip", "below"]


class Source(GeneratorStep):
    """Batches of these sizes, some of them empty; it may end without calling one the last."""

    node: dict[str, Any]

    @property
    def outputs(self) -> list[str]:
        return ["n", "path"]

    def process(self, offset: int = 0) -> Iterator[tuple[list[Row], bool]]:
        begin, sizes = 0, self.node["sizes"]
        for position, size in enumerate(sizes):
            rows = [{"n": n, "path": self.name} for n in range(begin, begin + size)]
            begin += size
            yield rows, self.node["says_last"] and position == len(sizes) - 1


class _Works:
    node: dict[str, Any]

    @property
    def inputs(self) -> list[str]:
        return ["n", "path"]

    @property
    def outputs(self) -> list[str]:
        return ["n", "path"]

    def process(self, *inputs: StepInput) -> Iterator[list[Row]]:
        if not any(inputs) and not isinstance(self, GlobalStep):
            asked_without_rows.append(self.node["name"])
        yield WORK[self.node["kind"]](Node(**self.node), *inputs)


class Work(_Works, Step):
    node: dict[str, Any]


class GlobalWork(_Works, GlobalStep):
    node: dict[str, Any]


def plain(graph: Graph) -> dict[str, list[Row]]:
    """The rows at each end of the graph."""
    rows: dict[str, list[Row]] = {}
    for node in graph.nodes:
        if not node.before:
            rows[node.name] = [{"n": n, "path": node.name} for n in range(sum(node.sizes))]
            continue
        tables = [rows[name] for name in node.before]
        none = not any(tables) and node.kind != "global count"
        rows[node.name] = [] if none else WORK[node.kind](node, *tables)
    return {name: rows[name] for name in graph.leaves()}


def build(graph: Graph) -> Pipeline:
    """The graph as a pipeline of distilabel."""
    with Pipeline(name="drawn") as pipeline:
        steps: dict[str, Any] = {}
        for node in graph.nodes:
            if node.kind == "load":
                rows = [{"n": n, "path": node.name} for n in range(sum(node.sizes))]
                steps[node.name] = LoadDataFromDicts(name=node.name, data=rows, batch_size=node.sizes[0])
            elif node.kind == "source":
                steps[node.name] = Source(name=node.name, node=vars(node), batch_size=50)
            elif node.kind.startswith("global"):
                steps[node.name] = GlobalWork(name=node.name, node=vars(node))
            else:
                resources = StepResources(replicas=node.replicas)
                steps[node.name] = Work(
                    name=node.name, node=vars(node), input_batch_size=node.batch, resources=resources
                )
            for name in node.before:
                steps[name].connect(steps[node.name])
    return pipeline


def draw(seed: int) -> Graph:
    """The graph of this seed: one or two generators of 0 to 130 rows, and one to five steps."""
    chance = random.Random(seed)
    nodes = [_generator(chance, f"g{number}") for number in range(chance.choice([1, 1, 1, 2]))]
    ordered = {node.name for node in nodes}  # whose rows have an order that follows from the graph
    for number in range(chance.randint(1, 5)):
        name = f"s{number}"
        several = chance.random() < 0.25 and len(nodes) > 1
        # Mostly a chain, sometimes a branch.
        candidates = [node.name for node in nodes]
        if several:
            before = chance.sample(candidates, chance.randint(2, min(3, len(candidates))))
        else:
            before = [candidates[-1] if chance.random() < 0.65 else chance.choice(candidates)]
        in_order = ordered.issuperset(before)
        kinds = list(SEVERAL if several else SINGLE)
        if chance.random() < 0.3:
            kinds = ["global sort", "global count", *(["global zip"] if several else ["global keep", "global first"])]
        if not in_order:
            kinds = [kind for kind in kinds if kind not in ("zip", "global zip", "global first")]
        kind = chance.choice(kinds)
        low = chance.choice([0, 0, 0, 20, 50, 200])
        high = chance.choice([0, 10, 50, 100, 1_000, 1_000])
        node = Node(name, kind, before, low=low, high=high, modulus=chance.choice([1, 2, 3, 1_000, 1_000]))
        node.batch, node.replicas = chance.choice(BATCH_SIZES), chance.choice([1, 1, 1, 2, 3])
        nodes.append(node)
        if kind == "global sort" or (in_order and kind not in ("below",)):
            ordered.add(name)
    options: dict[str, Any] = {"use_fs_to_pass_data": chance.random() < 0.1}
    groups = chance.random()
    if groups < 0.15:
        options["load_groups"] = "sequential_step_execution"
    elif groups < 0.3:
        chosen = chance.sample(nodes, chance.randint(1, len(nodes)))
        options["load_groups"] = [[node.name] for node in chosen]
    elif groups < 0.45:
        cut = chance.randint(1, len(nodes))
        names = [node.name for node in nodes if not node.kind.startswith("global")]
        options["load_groups"] = [group for group in (names[:cut], names[cut:]) if group]
    return Graph(nodes, options)


def _generator(chance: random.Random, name: str) -> Node:
    rows = chance.choice([0, 1, 49, 50, 51, 60, 100, 120, 130, chance.randint(0, 130)])
    if rows and chance.random() < 0.5:
        size = chance.choice(BATCH_SIZES)
        return Node(name, "load", sizes=[min(size, rows - begin) for begin in range(0, rows, size)])
    sizes: list[int] = []
    while sum(sizes) < rows:
        sizes.append(min(chance.choice([0, 0, 1, 10, 50]), rows - sum(sizes)))
    sizes += [0] * chance.choice([0, 0, 1, 2])
    return Node(name, "source", sizes=sizes, says_last=chance.random() < 0.8)


def difference(graph: Graph) -> str | None:
    """Run the graph as a pipeline; what its rows differ in from the plain ones, if anything."""
    asked_without_rows.clear()
    expected = plain(graph)
    try:
        distiset = build(graph).run(use_cache=False, **graph.options)
    except (DistilabelUserError, PipelineError) as error:
        if graph.options.get("load_groups") and re.search("load.groups?", str(error)):
            return None  # groups that cannot be loaded in any order are refused
        raise
    names = list(expected) if len(expected) > 1 else ["default"]
    if sorted(distiset) != sorted(names):
        return f"ends {sorted(distiset)} instead of {sorted(names)}"
    for name, rows in zip(names, expected.values(), strict=True):
        found = distiset[name]["train"].to_list()
        if sorted(map(_key, found)) != sorted(map(_key, rows)):
            return f"{name}: {len(found)} rows instead of {len(rows)}"
    return f"without rows: {asked_without_rows}" if asked_without_rows else None


def _key(row: Row) -> tuple[int, str]:
    return row["n"], row["path"]
