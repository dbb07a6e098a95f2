"""What lesson 06 says of distilabel without showing it in a cell: still true with the installed version."""

from __future__ import annotations

import inspect

import pytest
from distilabel.models.llms.base import LLM
from distilabel.models.llms.utils import prepare_output
from distilabel.steps import GroupColumns, RewardModelScore
from distilabel.steps.tasks import (
    CLAIR,
    ComplexityScorer,
    EvolQuality,
    InstructionBacktranslation,
    PairRM,
    PrometheusEval,
    QualityScorer,
    TextGeneration,
    UltraFeedback,
)


class Scripted(LLM):
    """Says the same of everything."""

    @property
    def model_name(self) -> str:
        return "scripted"

    def load(self) -> None:
        super().load()

    def generate(self, inputs, num_generations=1, **kwargs):
        return [prepare_output([f"text {k}" for k in range(num_generations)]) for _input in inputs]


@pytest.fixture
def llm():
    return Scripted()


def test_group_columns_never_looks_at_the_instruction():
    step = GroupColumns(columns=["generation"], output_columns=["generations"])
    rows = next(step.process([{"instruction": "A?", "generation": "a"}], [{"instruction": "B?", "generation": "b"}]))
    assert rows == [{"instruction": "B?", "generations": ["a", "b"]}]  # the last branch says what was asked


def test_several_generations_are_rows_or_a_list(llm):
    asked = [{"instruction": "A?"}, {"instruction": "B?"}]
    shapes = {}
    for grouped in (False, True):
        task = TextGeneration(llm=llm, num_generations=2, group_generations=grouped)
        task.load()
        shapes[grouped] = [(row["instruction"], row["generation"]) for row in next(task.process(list(asked)))]
    assert shapes[False] == [("A?", "text 0"), ("A?", "text 1"), ("B?", "text 0"), ("B?", "text 1")]
    assert shapes[True] == [("A?", ["text 0", "text 1"]), ("B?", ["text 0", "text 1"])]


def test_two_aspects_ask_for_a_type(llm):
    aspects = ("helpfulness", "honesty", "instruction-following", "truthfulness", "overall-rating")
    typed = {aspect for aspect in aspects if "types" in UltraFeedback(llm=llm, aspect=aspect).outputs}
    assert typed == {"helpfulness", "truthfulness"}


def test_evol_quality_has_five_operators_and_forbids_four_phrases(llm):
    task = EvolQuality(llm=llm, num_evolutions=1)
    assert set(task.mutation_templates) == {"HELPFULNESS", "RELEVANCE", "DEEPENING", "CREATIVITY", "DETAILS"}
    for template in task.mutation_templates.values():
        (ban,) = [line for line in template.splitlines() if "are not allowed to appear" in line]
        assert ban.split(" are not allowed")[0].count("'") == 8


def test_the_table_of_judges(llm):
    rubric = {"rubric": "helpfulness"}
    table = [
        (UltraFeedback(llm=llm), {"instruction", "generations"}, {"ratings", "rationales"}),
        (QualityScorer(llm=llm), {"instruction", "responses"}, {"scores"}),
        (ComplexityScorer(llm=llm), {"instructions"}, {"scores"}),
        (PrometheusEval(llm=llm, mode="absolute", **rubric), {"instruction", "generation"}, {"feedback", "result"}),
        (PrometheusEval(llm=llm, mode="relative", **rubric), {"instruction", "generations"}, {"feedback", "result"}),
        (PairRM(), {"input", "candidates"}, {"ranks", "ranked_candidates"}),
        (InstructionBacktranslation(llm=llm), {"instruction", "generation"}, {"score", "reason"}),
        (CLAIR(llm=llm), {"task", "student_solution"}, {"revision", "rational"}),
    ]
    for task, inputs, outputs in table:
        assert set(task.inputs) == inputs, task
        assert set(task.outputs) - {"model_name"} == outputs, task
    scorer = RewardModelScore(model="none")
    assert set(scorer.inputs) == {"conversation", "instruction", "response"}
    assert set(scorer.outputs) == {"score"}
    assert PairRM().model == "llm-blender/PairRM" and "llm_blender" in inspect.getsource(PairRM.load)


def test_structured_output_imports_pkg_resources():
    from distilabel.steps.tasks.structured_outputs import outlines

    assert "import pkg_resources" in inspect.getsource(outlines)
