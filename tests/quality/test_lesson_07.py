"""Lesson 07's chain, and what surrounds it: planted rows, rules, duplicates, contamination, selection, report."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt2data.quality import contamination, duplicates, selection, texts
from prompt2data.quality.chain import Verdict, each, measure, run_chain, standard_filters
from prompt2data.quality.datasheet import Datasheet, personal_data
from prompt2data.quality.language import language_of
from prompt2data.quality.planted import SETS, evaluation_rows, planted_rows
from prompt2data.quality.report import before_after, render_report, write_report
from tests.endless import endless
from tests.hostile import TEXTS as HOSTILE

# -- the planted sets ---------------------------------------------------------------------------------------------

REASONS = {
    "empty", "refusal", "leak", "language", "too short", "too long", "contaminated", "exact duplicate",
    "near duplicate", "paraphrase",
}  # fmt: skip


@pytest.fixture(scope="module", params=[(name, seed) for name in SETS[:2] for seed in (None, 1)], ids=str)
def sifted(request):
    name, seed = request.param
    return run_chain(planted_rows(name, seed), standard_filters(evaluation_rows(name)))


def test_every_reason_is_found_and_nothing_else(sifted):
    """On the sets on which thresholds and rules were chosen, and with copies that other seeds drew."""
    found = measure(sifted.rows, sifted.verdicts)
    assert set(found) == REASONS
    for reason, (recall, precision) in found.items():
        assert recall.value >= 0.95, (reason, recall)
        assert precision.value >= 0.9, (reason, precision)


def test_the_chain_holds_on_rows_that_played_no_part_in_building_it():
    """One miss among a dozen rows is 0.92, so the bound of a single reason is lower here, and that of all is not."""
    rows = planted_rows("untouched")
    found = measure(rows, run_chain(rows, standard_filters(evaluation_rows("untouched"))).verdicts)
    assert set(found) == REASONS
    for reason, (recall, precision) in found.items():
        assert recall.value >= 0.9 <= precision.value, (reason, recall, precision)
    both = sum(recall.k for recall, _precision in found.values())
    assert both / sum(recall.n for recall, _precision in found.values()) >= 0.95
    assert both / sum(precision.n for _recall, precision in found.values()) >= 0.95


def test_what_a_duplicate_collides_with_is_its_original(sifted):
    ids = [row["id"] for row in sifted.rows]
    for row, verdict in zip(sifted.rows, sifted.verdicts, strict=True):
        if verdict and "duplicate" in verdict.reason + (row["planted"] or ""):
            assert ids[verdict.other] == row["of"]


def test_without_planted_labels_the_verdicts_are_the_same(sifted):
    bare = [{column: row[column] for column in texts.COLUMNS if column in row} for row in sifted.rows]
    name = "given" if len(bare) == 200 else "held out"
    assert run_chain(bare, standard_filters(evaluation_rows(name))).verdicts == sifted.verdicts


@pytest.mark.parametrize("name", SETS)
def test_planted_rows(name):
    rows = planted_rows(name)
    assert rows == planted_rows(name) != planted_rows(name, seed=1)
    assert all("of" in row and "planted" in row for row in rows)
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    position = {ident: index for index, ident in enumerate(ids)}
    questions = {row["id"] for row in evaluation_rows(name)}
    for index, row in enumerate(rows):
        if row["planted"] == "contaminated":
            assert row["of"] in questions
        elif row["of"]:
            assert position[row["of"]] < index, "a copy comes after its original"
    assert all(row["key"].lower() in row["answer"].lower() for row in evaluation_rows(name) if row["key"].isalpha())
    if name == "given":
        assert len(rows) == 200


def test_the_sets_have_no_text_in_common():
    words = [
        {duplicates.plain(row[c]) for row in planted_rows(name) for c in texts.COLUMNS if texts.text(row, c)}
        for name in SETS
    ]
    assert not any(a & b for a, b in itertools.combinations(words, 2))


# By others as well, who did not know the chain. It was run on them as it was. What each must reach.
FURTHER = {
    "paraphrases": {"paraphrase": (0.95, 0.9)},
    "quiz": {"contaminated": (0.95, 0.9)},
    "spoiled": {
        "leak": (0.95, 0.9), "refusal": (0.95, 0.9), "language": (0.9, 0.9), "too short": (1, 1), "too long": (1, 1),
        "empty": (1, 1),
    },
    # Its paraphrases hardly share a word with their originals, and a fifth of its good rows look alike in pairs.
    "mixed": {
        "contaminated": (0.95, 0.9), "language": (0.95, 0.9), "too short": (1, 1), "too long": (1, 1), "empty": (1, 1),
        "leak": (0.9, 0.9), "refusal": (0.9, 0.9), "paraphrase": (0.6, 0.6),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FURTHER)
def test_the_chain_on_further_sets(name):
    rows, evaluation = further(name), further(f"{name}_evaluation")
    found = measure(rows, run_chain(rows, standard_filters(evaluation)).verdicts)
    assert set(found) - {"roles"} == set(FURTHER[name]), "a dialogue that goes on is a leak there, and roles here"
    for reason, (recall, precision) in FURTHER[name].items():
        assert found[reason][0].value >= recall and found[reason][1].value >= precision, (reason, found[reason])


def further(name):
    path = Path(__file__).parent / "planted" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def test_free_paraphrases_show_that_the_chain_is_not_perfect():
    """Hardly a word of the original is left. Good rows that look alike stay all the same."""
    rows = planted_rows("free")
    found = measure(rows, run_chain(rows, standard_filters(evaluation_rows("free"))).verdicts)
    assert 0.4 <= found["paraphrase"][0].value < 0.9 < found["paraphrase"][1].value
    for reason in ("contaminated", "leak", "refusal"):
        assert found[reason][0].value == found[reason][1].value == 1


def test_an_unknown_set_is_refused():
    with pytest.raises(ValueError, match="'given', 'held out', 'untouched', 'free'"):
        planted_rows("other")
    with pytest.raises(ValueError, match="'given', 'held out', 'untouched', 'free'"):
        evaluation_rows("other")


# -- rules on one row ---------------------------------------------------------------------------------------------


def row(response, instruction="How do I bake a loaf?"):
    return {"instruction": instruction, "response": response}


@pytest.mark.parametrize(
    "given_row",
    [{}, row(None), row(""), row(" \n"), row(3), row(["a"]), row("Bake it.", None), {"response": "Bake it."}],
)
def test_empty(given_row):
    assert texts.empty(given_row) == "empty"


@pytest.mark.parametrize(
    "response",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry.",
        "As an AI language model, I have never eaten bread.",
        "I cannot assist with this.",
        "I don't have access to the internet.",
        "I am unable to taste.",
        "Being an artificial intelligence, I do not eat.",
        "I was trained on texts and never tasted a thing.",
        "I have no way of seeing your oven.",
        "That is beyond what I can do.",
        "I must decline.",
        "I'm not comfortable giving advice on mould.",
        "It would not be appropriate for me to answer.",
        "This goes against my content guidelines.",
        "My training data does not cover last week.",
        "I regret that a menu is nothing I can help with.",
        "I'm afraid the shop's hours are unknown to me.",
    ],
)
def test_refusals(response):
    assert texts.refusal(row(response)) == "refusal"


@pytest.mark.parametrize(
    "response",
    [
        "You cannot help a burnt crust, but the crumb is good.",
        "If the dough is sorry to look at, fold it again.",
        "I can't recommend this flour for bread; take one with more protein.",
        "A starter has access to wild yeast in the flour.",
        "As an assistant cook I weigh flour all day.",
        "I am a baker and cannot stand the smell of margarine.",
        "It is not appropriate for rye, and beyond what an oven at home can do.",
        "The guidelines of the guild do not allow it.",
        "Do not be afraid of a wet dough.",
        "I have no rye left, so I take spelt.",
        "Keep the pot outside my kitchen door.",
        "That is beyond my grandmother's patience.",
        " ".join(["Bake it in a hot pot."] * 12) + " I don't have access to your oven, so watch the colour.",
        None,
    ],
)
def test_innocent_look_alikes_of_refusals(response):
    assert texts.refusal(row(response)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Bake it.<|im_end|>", "</s>", "[INST] How? [/INST]", "### Response: Bake it.", "assistant: Bake it.",
        "#Rewritten Prompt#: How?", "A user query about bread", "<<SYS>> Be a baker. <</SYS>>", "<bos>Bake it.",
        "Human: How?", "Response: Bake it.", "Below is an instruction that describes a task.", "<｜User｜>How?",
        "You are a helpful AI assistant. Bake it.", "Come up with a question about bread.", "user\nHow do I bake?",
        "Here is a more complex version of the question: how?",
    ],
)  # fmt: skip
def test_leaks(text):
    assert texts.leak(row(text)) == "leak"
    assert texts.leak(row("Bake it.", text)) == "leak"


@pytest.mark.parametrize(
    "text",
    [
        "Share it with #sourdough.",
        "x < 3 | y > 2",
        "# Bread\nBake it.",
        "The user: a baker.",
        "2 <b>loaves</b>",
        "My instructions: bake it.",
        "You are a baker's assistant now.",
        "Come up with me.",
        "A more complex loaf, rewritten by hand.",
        "Users cannot bake in this system.",
        "If you are a new assistant, wash your hands.",
        "The dish evolved into a version with cheese.",
        "A harder version of the loaf keeps longer.",
    ],
)
def test_innocent_look_alikes_of_leaks(text):
    assert texts.leak(row(text)) is None


def test_length_and_cut_off():
    assert texts.length(row("Yes.")) == "too short"
    assert texts.length(row("Bake it for an hour.", "Bread?")) == "too short"
    assert texts.length(row("word " * 121)) == "too long"
    assert texts.length(row("word " * 120)) is None
    for reason, expected in [("length", "cut off"), (["stop", "length"], "cut off"), (["stop"], None), (None, None)]:
        assert texts.cut_off({"finish_reason": reason}) == expected
    assert texts.cut_off({}) is None


@pytest.mark.parametrize(
    ("instruction", "response", "reason"),
    [
        ("面包要烤多长时间才算熟？", "大约四十分钟，然后放在架子上晾凉。", None),
        ("面包要烤多久？", "一小时。", "too short"),
        ("面包？", "大约四十分钟，然后放在架子上晾凉。", "too short"),
        ("面包要烤多长时间才算熟？", "烤箱要先预热。" * 30, None),
        ("面包要烤多长时间才算熟？", "烤箱要先预热。" * 41, "too long"),
        ("パンはどのくらい焼けばいいですか。", "だいたい四十分焼いて、網の上で冷まします。", None),
        ("ขนมปังต้องอบนานเท่าไร", "อบประมาณสี่สิบนาทีแล้วพักไว้", None),
        ("빵은 얼마나 구워야 하나요?", "사십 분쯤 구운 뒤 식히세요.", None),
        ("Bánh mì cần nướng bao lâu?", "Khoảng bốn mươi phút.", None),
    ],
)
def test_length_counts_what_fits_the_script(instruction, response, reason):
    assert texts.length(row(response, instruction)) == reason


ORDINARY = {
    "zh": """面包要烤多长时间才算熟？|大约四十分钟，然后放在架子上晾凉。
        怎么判断鸡蛋是不是新鲜？|放进水里，沉下去的就是新鲜的。
        请列出三种适合夏天的水果。|西瓜、桃子和葡萄都很适合夏天吃。
        写一首关于秋天的短诗。|落叶轻轻飘，秋风送晚潮，月光照旧桥。
        解释一下什么是通货膨胀。|通货膨胀是指物价普遍上涨，同样的钱买到的东西变少。""",
    "ja": """パンはどのくらい焼けばいいですか。|だいたい四十分焼いて、網の上で冷まします。
        夏に合う果物を三つ挙げてください。|すいか、桃、ぶどうがよく合います。
        秋についての短い詩を書いてください。|落ち葉舞う橋の上には月ひとつ。
        英語を学ぶいちばんいい方法は何ですか。|毎日聞いて話し、好きなものをたくさん読むことです。""",
    "ko": """빵은 얼마나 구워야 하나요?|사십 분쯤 구운 뒤 식힘망에서 식히세요.
        여름에 어울리는 과일 세 가지를 알려 주세요.|수박과 복숭아와 포도가 잘 어울립니다.
        서울에서 부산까지 기차로 얼마나 걸려요?|가장 빠른 열차로 두 시간 반쯤 걸립니다.""",
    "vi": """Bánh mì cần nướng bao lâu?|Khoảng bốn mươi phút, rồi để nguội trên giá.
        Hãy kể ba loại trái cây hợp với mùa hè.|Dưa hấu, đào và nho đều rất hợp.
        Cách học tiếng Anh tốt nhất là gì?|Mỗi ngày nghe và nói, đọc nhiều thứ mình thích.""",
}


@pytest.mark.parametrize("language", ORDINARY)
def test_ordinary_rows_in_the_wanted_language_pass_the_chain(language):
    """The model of the embeddings knows English only: for it, two texts in Chinese or Korean are paraphrases."""
    rows = [row(*reversed(line.strip().split("|"))) for line in ORDINARY[language].splitlines()]
    kept = run_chain([*rows, rows[0]], standard_filters(evaluation_rows(), language=language))
    assert [verdict and verdict.reason for verdict in kept.verdicts] == [None] * len(rows) + ["exact duplicate"]
    foreign = run_chain(rows, standard_filters(language="en"))
    assert set(verdict.reason for verdict in foreign.verdicts) == {"language"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How long does phở broth simmer?", "en"),
        ("Name the flour that bakers in Kyōto use for 食パン bread.", "en"),
        ("Crème fraîche and jalapeños go well with the bread.", "en"),
        ("Làm sao để nuôi men tự nhiên?", "vi"),
        ("为什么我的面团发得这么慢？", "zh"),
        ("パンの皮", "ja"),
        ("오븐이 뜨거워요", "ko"),
        ("Warum ist die Kruste von meinem Brot so hell?", "other"),
        ("Pourquoi la croûte de mon pain est-elle pâle ?", "other"),
        ("¿Por qué la corteza de mi pan está tan pálida?", "other"),
        ("Perché la crosta del mio pane è così chiara?", "other"),
        ("Two loaves.", None),
        ("240", None),
        ("", None),
        (None, None),
    ],
)
def test_language(text, language):
    assert language_of(text) == language


# -- duplicates and contamination ---------------------------------------------------------------------------------


def test_exact_and_near_name_the_first():
    found = duplicates.exact(["A loaf.", "Other", "a  LOAF", "A loaf!"])
    assert found == {2: 0, 3: 0}
    long = "How long should dough rise in a kitchen that has only 18 degrees?"
    near = duplicates.near([long, "Which flour is good for rye bread?", long.replace("should", "shoudl")])
    assert list(near) == [2] and near[2][0] == 0 and 0.7 < near[2][1] < 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("🍞", "🔥"), ("🍞🍞", "🍞🔥"), ("???", "!!!"), ("2+3", "2-3"), ("2*3", "2/3"), ("C", "C++"), ("C", "C#"),
        ("1.5", "15"), ("-5", "5"), ("a < b", "a > b"), ("$5", "€5"), ("5 %", "5"), ("½", "¼"), ("→", "←"),
        (":)", ":("), ("👍", "👎"), ("🇻🇳", "🇯🇵"), ("10:30", "10/30"), ("A+", "A-"), ("", "?"),
    ],
)  # fmt: skip
def test_signs_that_differ_are_no_duplicates(a, b):
    assert duplicates.exact([a, b]) == {} == duplicates.near([a, b])
    assert duplicates.exact([a, b, a]) == {2: 0}
    same_answer = texts.joined([a, b], ["That is it."] * 2)
    assert duplicates.exact(same_answer) == {}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Why rye?", "why rye ?"), ("**Why** rye", "Why rye!"), ("#bread", "bread"), ("面包？", "面包！"),
        ("2–3", "2 - 3"), ("“Why” (rye)?", "Why rye"), ("cafe\u0301", "CAFÉ"), ("sour-dough", "sour dough"),
        ("❤\ufe0f", "❤"), ("`rye`", "rye"),
    ],
)  # fmt: skip
def test_case_punctuation_and_typing_make_no_difference_between_duplicates(a, b):
    assert duplicates.exact([a, b]) == {1: 0} and list(duplicates.near([a, b])) == [1]


def test_near_duplicates_in_scripts_without_spaces():
    near = duplicates.near(["面包要烤多长时间才算熟？", "猫为什么喜欢在晚上叫？", "面包要烤多长的时间才算熟？"])
    assert list(near) == [2] and near[2][0] == 0


@pytest.mark.parametrize(
    "rule",
    [
        lambda text: duplicates.exact([text, "a"]),
        lambda text: duplicates.topic_words(text),
        lambda text: contamination.common_run(text, "Which gas do yeast cells give off that lifts the dough?"),
        lambda text: texts.length(row(text, text)),
    ],
    ids=["exact", "topic words", "common run", "length"],
)
def test_long_texts_come_to_an_end(rule):
    for text in endless():
        rule(text)


def test_missing_texts_are_no_duplicates():
    assert duplicates.exact([None, "a", None, float("nan"), "A"]) == {4: 1}
    assert list(duplicates.near([None, "a", None, float("nan"), "A"])) == [4]


def test_jaccard():
    assert duplicates.jaccard(frozenset("ab"), frozenset("bc")) == pytest.approx(1 / 3)
    assert duplicates.jaccard(frozenset(), frozenset()) == 0.0
    assert duplicates.shingles("Ab c") == {"ab c"}
    assert duplicates.shingles("bread!") == {"bread"}


def test_numbers_that_differ_are_no_paraphrase():
    asked = [f"How long should dough rise at {n} degrees?" for n in (18, 28)]
    said = ["Trust the volume of the dough, not the clock."] * 2
    assert duplicates.paraphrases(asked, said) == {}
    assert list(duplicates.paraphrases([*asked, "How long should dough rise in the cold?"], [*said, said[0]])) == [2]


def test_one_word_apart_needs_the_same_answer():
    asked = ["How should I store onions?", "How should I store potatoes?"]
    said = ["Dry and airy in a net, where light does no harm.", "In the dark, or they turn green and bitter."]
    assert duplicates.paraphrases(asked, said) == {}
    assert list(duplicates.paraphrases(asked, [said[0], "Airy and dry in a net; light does no harm."])) == [1]
    assert duplicates.paraphrases([], []) == {}


def test_a_dropped_row_does_not_drop_others():
    """b is near a, c near b only: b goes, c stays."""
    close = {(1, 0): 0.9, (2, 1): 0.9}
    assert duplicates._first_of_each(3, lambda a, b: close.get((a, b), 0.0), 0.8) == {1: (0, 0.9)}


def test_a_row_has_three_embeddings():
    from prompt2data.engine.embeddings import embed

    asked, said = ["How do I bake bread?", "Bread?"], ["Hot.", "In a hot oven."]
    points = duplicates.embed_rows(asked, said)
    assert points.shape == (2, 1152)
    views = [asked, said, [f"{a}\n{b}" for a, b in zip(asked, said, strict=True)]]
    cosines = [embed([a]) @ embed([b]).T for a, b in views]
    assert points[0] @ points[1] == pytest.approx(np.mean(cosines), abs=1e-5)
    assert np.linalg.norm(points[0]) == pytest.approx(1, abs=1e-5)


def test_common_runs():
    question = "Which gas do yeast cells give off that lifts the dough?"
    assert contamination.common_run(f"Tell me: {question.lower()}", question)
    assert contamination.common_run("do yeast cells give off that lifts the", question)
    assert not contamination.common_run("yeast cells give off that lifts the", question), "seven words"
    assert contamination.common_run("what is gluten, please", "What is gluten?"), "a short question counts whole"
    assert not contamination.common_run("what is it", "What is gluten?")
    assert not contamination.common_run("", question) and not contamination.common_run(question, "")
    assert contamination.by_words(["x", question], ["nothing of it", question]) == {1: 1}
    asked = "为什么酵母能让面团在温暖的厨房里慢慢发起来？"
    assert contamination.common_run(f"请问：{asked}", asked) and not contamination.common_run("", "")
    assert not contamination.common_run("为什么酵母能让面团变酸？", asked), "nine characters are no eight words"
    assert contamination.by_words([None, "", asked], [None, "", asked]) == {2: 2}
    assert contamination.by_neighbours([], evaluation_rows()) == {} == contamination.by_neighbours([row("It is.")], [])


def test_the_parrot_repeats_the_nearest_row():
    test = [{"question": "Which country gave the world the bagel?", "key": "poland"}]
    rows = [row("Bake it."), row("It is Poland.", "Which country gave us the bagel?")]
    assert contamination.memorised(rows, test) == [True]
    assert contamination.memorised(rows[:1], test) == [False]
    assert contamination.memorised([], test) == [False]
    assert contamination.memorised(rows, []) == []


# -- the chain ----------------------------------------------------------------------------------------------------


def test_the_first_reason_counts_and_zeros_are_counts():
    filters = [
        each("one", ["a", "never"], lambda row: "a" if row["x"] == 1 else None),
        each("two", ["b"], lambda row: "b" if row["x"] < 3 else None),
    ]
    done = run_chain([{"x": 1}, {"x": 2}, {"x": 3}], filters)
    assert done.counts == {"a": 1, "never": 0, "b": 1}
    assert done.kept == [{"x": 3}]
    assert done.verdicts[:2] == [Verdict("a"), Verdict("b")]


cells = st.one_of(
    st.none(), st.integers(), st.text(max_size=30), st.sampled_from(["How do I bake?", "Bake it for an hour."]),
    st.lists(st.text(max_size=3), max_size=2), st.sampled_from(HOSTILE),
)  # fmt: skip
dirty = st.dictionaries(st.sampled_from(["instruction", "response", "finish_reason", "other"]), cells, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(dirty, max_size=6))
def test_dirty_rows_never_stop_the_chain_and_every_row_is_accounted_for(rows):
    filters = [filter_ for filter_ in standard_filters() if filter_.name != "paraphrases"]  # no model for each example
    done = run_chain(rows, filters)
    assert len(done.kept) + sum(done.counts.values()) == len(rows)
    assert all(texts.empty(row) is None for row in done.kept)
    assert "<script" not in render_report(done, "<script>")
    for index, verdict in enumerate(done.verdicts):
        if verdict and isinstance(verdict.other, int):
            assert verdict.other < index and done.verdicts[verdict.other] is None


def test_an_empty_set_stays_empty():
    done = run_chain([], standard_filters(evaluation_rows()))
    assert done.kept == [] and not any(done.counts.values()) and done.table() == []
    assert run_chain([{"instruction": "?"}], standard_filters()).counts["empty"] == 1


# -- selection ----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 6.28), st.one_of(st.none(), st.floats(-5, 5))), max_size=12),
    st.integers(0, 12),
    st.floats(0, 2),
)
def test_select_keeps_its_promises(points, k, distance):
    embeddings = np.array([[np.cos(angle), np.sin(angle)] for angle, _quality in points]).reshape(-1, 2)
    quality = [value for _angle, value in points]
    chosen = selection.select(embeddings, quality, k, distance)
    assert len(chosen) == len(set(chosen)) <= k
    assert all(quality[index] is not None for index in chosen)
    assert [quality[index] for index in chosen] == sorted((quality[index] for index in chosen), reverse=True)
    for number, index in enumerate(chosen):
        assert all(1 - embeddings[index] @ embeddings[other] >= distance for other in chosen[:number])


def test_nan_is_never_taken():
    assert selection.select(np.eye(2), [float("nan"), 1.0], 2, 0.0) == [1]


def test_percentile():
    pool = list(range(20))
    assert selection.percentile(sum, [100], pool) == 100
    assert selection.percentile(sum, [-1], pool) == 0
    assert selection.percentile(len, [1, 2], pool) == 50
    state = random.getstate()
    assert selection.percentile(sum, [9, 10], pool, seed=3) == selection.percentile(sum, [9, 10], pool, seed=3)
    assert random.getstate() == state
    with pytest.raises(ValueError, match="3 rows cannot be drawn from 2"):
        selection.percentile(sum, [1, 2, 3], [1, 2])


def test_stand_ins():
    assert selection.complexity_stand_in("How do I bake rye bread, and bake it well?") == 4
    asked = ["How do I store bread?", "How do I store bread?"]
    near, far = selection.quality_stand_in(asked, ["Keep the bread in a box.", "Paris is in France."])
    assert 0 <= far < near <= 1
    assert selection.topics([{"topic": "a"}, {"topic": "b"}, {"topic": "a"}]) == 2


# -- report and data sheet ----------------------------------------------------------------------------------------


def test_the_report_escapes_what_rows_say(tmp_path):
    rows = [row(f"{text} I'm sorry.", text) for text in HOSTILE] + [row("I'm sorry <script>alert(1)</script>")]
    page = render_report(run_chain(rows, [each("all", ["<b>reason</b>"], lambda row: "<b>reason</b>")]), "<i>title</i>")
    assert not re.search(r"<(script|img|svg|iframe|b>|i>|a\s)", page)
    assert "\x1b" not in page and "\u202e" not in page
    path = write_report(tmp_path / "page.html", run_chain([], []), "Nothing")
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_before_and_after():
    before = [row("Bake it now."), row("Bake it now."), row(None), {}]
    lines = {name: (a, b) for name, a, b in before_after(before, before[:1])}
    assert lines["rows"] == ("4", "1")
    assert lines["words in a response (median)"] == ("3", "3")
    assert lines["different instructions (share)"] == ("0.33", "1.00")
    assert dict((name, b) for name, _a, b in before_after(before, []))["words in a response (median)"] == "–"


def answers(**changed):
    names = ("title", "motivation", "sources", "collection", "uses", "not_for", "licence", "contact")
    return Datasheet(**({name: f"the {name}" for name in names} | changed))


def test_the_data_sheet_has_every_answer_and_count(tmp_path):
    rows = [row("Write to baker@example.org."), row("I'm sorry."), row("Call +49 30 1234 5678 or 555-0100.")]
    done = run_chain(rows, [each("refusals", ["refusal", "other"], texts.refusal)])
    sheet = answers().write(tmp_path / "sheet.md", done).read_text("utf-8")
    for expected in (
        "# the title",
        "the not_for",
        "2 rows.",
        "- refusal: 1",
        "- other: 0",
        "- e-mail: 1",
        "- phone: 1",
    ):
        assert expected in sheet
    assert Counter(line[:2] for line in sheet.splitlines())["##"] == 9
    with pytest.raises(ValueError, match="licence"):
        answers(licence=" ").render(done)


def test_personal_data_look_alikes():
    innocent = ["Bake at 240 degrees for 25 minutes.", "In 1832 or 1610.", "3 @ 2 euros", "1000000 loaves", None]
    assert set(personal_data([{"a": text} for text in innocent], ["a"]).values()) == {0}
    assert personal_data([{"a": "see https://example.org/x"}], ["a"])["web address"] == 1
