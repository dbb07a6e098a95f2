"""Every shape of run ends, with the rows that plain Python makes of the same graph."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distilabel.pipeline import Pipeline, routing_batch_function
from distilabel.pipeline.routing_batch_function import RoutingBatchFunction
from distilabel.steps import LoadDataFromDicts, StepResources

from tests.pipelines import drawn, hunt
from tests.pipelines.drawn import Graph, Node, difference, draw, plain
from tests.pipelines.support import HANG_SECONDS, script
from tests.pipelines.threads import Stuck, steps_in_threads

SEEDS = range(200)
IN_PROCESSES = range(1_000, 1_012)


@pytest.fixture(autouse=True, scope="module")
def in_threads() -> Iterator[None]:
    with steps_in_threads():
        yield


@pytest.mark.parametrize("first", SEEDS[::20])
def test_a_drawn_pipeline_ends_with_the_rows_of_plain_python(first: int) -> None:
    faults = {seed: hunt.fault(seed) for seed in SEEDS if first <= seed < first + 20}
    assert not {seed: fault for seed, fault in faults.items() if fault}


def test_the_same_in_processes(tmp_path: Path) -> None:
    code = (
        "from prompt2data import pipelines\npipelines.install()\n"
        "from tests.pipelines.drawn import difference, draw\n"
        f"for seed in {list(IN_PROCESSES)}:\n    print('seed', seed, difference(draw(seed)), flush=True)\n"
    )
    output, errors = script(tmp_path, code).communicate(timeout=HANG_SECONDS)
    lines = [line for line in output.splitlines() if line.startswith("seed ")]
    assert lines == [f"seed {seed} None" for seed in IN_PROCESSES], output + errors


EMPTY = {  # which of the numbers 0 to 129, in batches of 10, a filter keeps
    "first": (20, 130),
    "last": (0, 110),
    "first and last": (20, 110),
    "all": (200, 300),
    "none": (0, 130),
}
BEHIND = {
    "a step": [Node("b", "pass", ["a"])],
    "a step with replicas": [Node("b", "pass", ["a"], replicas=3, batch=10)],
    "a global step": [Node("b", "global sort", ["a"])],
    "a global step, and a step": [Node("b", "global sort", ["a"]), Node("c", "pass", ["b"], replicas=2)],
    "two steps": [Node("b", "pass", ["a"]), Node("c", "twice", ["a"], batch=3)],
    "two steps that meet": [Node("b", "pass", ["a"]), Node("c", "pass", ["a"], batch=7), Node("d", "zip", ["b", "c"])],
    "a step that joins it with the loader": [Node("b", "below", ["a", "load"], batch=20)],
    "the same, the loader first": [Node("b", "below", ["load", "a"], batch=20)],
    "a global step that joins": [Node("b", "global count", ["load", "a"])],
    "another filter": [Node("b", "keep", ["a"], low=30, high=60, batch=10), Node("c", "global count", ["b"])],
    "nothing": [],
}
OPTIONS: list[dict[str, Any]] = [
    {},
    {"load_groups": "sequential_step_execution"},
    {"load_groups": [["a"]]},
    {"use_fs_to_pass_data": True},
]


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("empty", EMPTY)
def test_batches_without_rows_are_no_end_of_the_world(empty: str, behind: str) -> None:
    low, high = EMPTY[empty]
    for replicas, options in itertools.product((1, 3), OPTIONS):
        load = Node("load", "load", sizes=[10] * 13)
        keep = Node("a", "keep", ["load"], low=low, high=high, batch=10, replicas=replicas)
        assert difference(Graph([load, keep, *BEHIND[behind]], options)) is None, (replicas, options)


@pytest.mark.parametrize("sizes", [[], [0], [0, 0], [0, 50], [50, 0], [0, 10, 0, 0, 60, 0]])
@pytest.mark.parametrize("says_last", [True, False])
def test_a_generator_may_yield_nothing_and_need_not_say_that_it_ends(sizes: list[int], says_last: bool) -> None:
    load = Node("load", "source", sizes=sizes, says_last=says_last)
    assert difference(Graph([load, Node("a", "pass", ["load"]), Node("b", "global count", ["a"])], {})) is None
    assert difference(Graph([load, Node("a", "global first", ["load"])], {})) is None


@pytest.mark.parametrize("options", OPTIONS)
def test_two_generators_of_different_lengths(options: dict[str, Any]) -> None:
    for long, short in itertools.product((60, 130), (0, 40, 50)):
        nodes = [Node("g", "load", sizes=[10] * (long // 10)), Node("h", "source", sizes=[10] * (short // 10))]
        for before in (["g", "h"], ["h", "g"]):
            for kind in ("zip", "below", "global zip"):
                nodes[2:] = [Node("a", kind, before), Node("b", "pass", ["a"])]
                options = {name: value for name, value in options.items() if value != [["a"]] or "global" not in kind}
                assert difference(Graph(nodes, options)) is None, (long, short, before, kind)


def chain(sizes: list[int], *nodes: Node, **options: Any) -> Graph:
    return Graph([Node("load", "load", sizes=sizes), *nodes], options)


LAST_IS_EMPTY = chain([50, 10], Node("a", "keep", ["load"], high=50), Node("b", "pass", ["a"]))


def _let_it_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    from distilabel.pipeline.base import BasePipeline

    original = BasePipeline._should_continue_processing.__wrapped__
    monkeypatch.setattr(BasePipeline, "_should_continue_processing", original)


def test_distilabel_alone_waits_forever_and_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from distilabel.pipeline.batch_manager import _BatchManagerStep

    monkeypatch.setattr(_BatchManagerStep, "get_batch", _BatchManagerStep.get_batch.__wrapped__)
    _let_it_wait(monkeypatch)
    assert difference(chain([50, 10], Node("a", "pass", ["load"]))) is None
    with pytest.raises(Stuck):
        difference(LAST_IS_EMPTY)


REPLICAS_END_A_STAGE = chain([5] * 9, Node("a", "pass", ["load"], batch=5, replicas=3), Node("b", "global sort", ["a"]))
TWO_LOADERS_IN_TURN = Graph(
    [Node("g", "load", sizes=[1]), Node("h", "load", sizes=[1])], {"load_groups": [["g"], ["h"]]}
)


@pytest.mark.parametrize(
    ("name", "graph"), [("_send_batch_to_step", REPLICAS_END_A_STAGE), ("_update_stage", TWO_LOADERS_IN_TURN)]
)
def test_each_mended_wait_is_one(monkeypatch: pytest.MonkeyPatch, name: str, graph: Graph) -> None:
    from distilabel.pipeline.base import BasePipeline

    assert difference(graph) is None
    _let_it_wait(monkeypatch)
    monkeypatch.setattr(BasePipeline, name, getattr(BasePipeline, name).__wrapped__)
    with pytest.raises(Stuck):
        difference(graph)


def test_rows_that_differ_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = plain(LAST_IS_EMPTY)
    for wrong in (expected["b"][1:], [*expected["b"], expected["b"][0]], [{**row, "n": 0} for row in expected["b"]]):
        monkeypatch.setattr(drawn, "plain", lambda graph, rows=wrong: {"b": rows})
        assert difference(LAST_IS_EMPTY).startswith("default: 50 rows instead of")
    monkeypatch.setattr(drawn, "plain", lambda graph: {"other": [], **expected})
    assert difference(LAST_IS_EMPTY).startswith("ends ")


def test_what_is_drawn_has_every_shape() -> None:
    graphs = [draw(seed) for seed in SEEDS]
    kinds = {node.kind for graph in graphs for node in graph.nodes}
    assert kinds == {"load", "source", *drawn.WORK}
    rows = [sum(node.sizes) for graph in graphs for node in graph.nodes if not node.before]
    assert min(rows) == 0 and max(rows) == 130
    assert {len(graph.leaves()) for graph in graphs} >= {1, 2, 3}
    assert any(node.replicas == 3 and len(node.before) > 1 for graph in graphs for node in graph.nodes)
    ends = [rows for graph in graphs for rows in plain(graph).values()]
    assert 20 < sum(not rows for rows in ends) < len(ends) / 2
    assert sum("load_groups" in graph.options for graph in graphs) > 50


def by_turns() -> RoutingBatchFunction:
    turns = itertools.count()

    @routing_batch_function()
    def turn(steps: list[str]) -> list[str]:
        return [steps[next(turns) % len(steps)]]

    return turn


@routing_batch_function()
def to_all(steps: list[str]) -> list[str]:
    return list(steps)


@routing_batch_function()
def to_the_first(steps: list[str]) -> list[str]:
    return steps[:1]


ROUTES = {"by turns": by_turns, "to all": lambda: to_all, "to the first": lambda: to_the_first}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("place", ["before", "in a branch", "nowhere"])
@pytest.mark.parametrize("empty", EMPTY)
def test_routed_batches_may_be_filtered_anywhere(route: str, place: str, empty: str) -> None:
    low, high = EMPTY[empty]
    rows = [{"n": n, "path": "load"} for n in range(130)]
    kept = [row for row in rows if low <= row["n"] < high] if place != "nowhere" else rows
    for meet, replicas, batch in itertools.product((True, False), (1, 3), (5, 10)):
        filters = Node("f", "keep" if place == "before" else "pass", low=low, high=high)
        branches = Node("a", "keep" if place == "in a branch" else "pass", low=low, high=high), Node("b", "pass")
        with Pipeline(name="routed") as pipeline:
            load = LoadDataFromDicts(name="load", data=rows, batch_size=10)
            first = drawn.Work(name="f", node=vars(filters), input_batch_size=10)
            ends = [
                drawn.Work(name=node.name, node=vars(node), input_batch_size=batch, resources=resources(replicas))
                for node in branches
            ]
            load >> first >> ROUTES[route]() >> ends
            if meet:
                ends >> drawn.Work(name="m", node=vars(Node("m", "below")), input_batch_size=3)
        distiset = pipeline.run()
        found = [row for end in distiset.values() for row in end["train"].to_list()]
        if place == "before" or route != "by turns":
            twice = len(kept) if place != "in a branch" or route == "to the first" else len(rows)
            assert len(found) == len(kept) + (twice if route == "to all" else 0), (meet, replicas, batch)
        else:  # every second batch went through the filter
            passed = [row["n"] for row in rows if row["n"] // 10 % 2]
            assert sorted(row["n"] for row in found if row["path"].split(">")[2] == "b") == passed
            filtered = [row["n"] for row in kept if not row["n"] // 10 % 2]
            assert sorted(row["n"] for row in found if row["path"].split(">")[2] == "a") == filtered


def resources(replicas: int) -> StepResources:
    return StepResources(replicas=replicas)


def test_a_run_in_which_no_step_is_at_work_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from distilabel.pipeline.batch_manager import _BatchManagerStep

    from prompt2data.pipelines import PipelineError

    monkeypatch.setattr(_BatchManagerStep, "get_batch", _BatchManagerStep.get_batch.__wrapped__)
    with pytest.raises(PipelineError, match="The run cannot go on: step 'b' waits for rows, but no step") as caught:
        difference(LAST_IS_EMPTY)
    assert "\n" not in str(caught.value)


def test_a_step_that_would_load_too_early_is_refused_in_one_sentence() -> None:
    from prompt2data.pipelines import PipelineError

    nodes = [Node("g", "load", sizes=[1]), *(Node(name, "pass", [name_before]) for name, name_before in
             [("a", "g"), ("b", "g"), ("c", "b")])]  # fmt: skip
    pipeline = drawn.build(Graph(nodes, {}))
    with pytest.raises(PipelineError, match="loads step 'c' before step 'b', whose rows it needs") as caught:
        pipeline.run(load_groups=[["a", "c"], ["b"]])
    assert "\n" not in str(caught.value) and caught.value.step == "c"
    pipeline.run(load_groups=[["a"], ["b", "c"]])


def test_the_hunt_names_the_seeds_at_fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert hunt.main(["--seed", "3", "--runs", "2"]) == 0
    assert capsys.readouterr().out.startswith("2 runs from seed 3: 0 faults, ")
    monkeypatch.setattr(drawn, "difference", None)
    monkeypatch.setattr(hunt, "difference", lambda graph: "b: 1 row instead of 2" if len(graph.nodes) > 4 else 1 / 0)
    assert hunt.main(["--seed", "0", "--runs", "20"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 21 and "20 runs from seed 0: 20 faults" in lines[-1]
    assert {line.split(": ", 1)[1] for line in lines[:-1]} == {
        "b: 1 row instead of 2", "ZeroDivisionError: division by zero",
    }  # fmt: skip
