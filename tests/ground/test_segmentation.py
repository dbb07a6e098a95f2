"""Words in every script: where they begin and end, how many there are, and that long texts take no time."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.tokenize import tokenize

from prompt2data.ground.segmentation import pieces, same_form, word_count, word_spans, words
from prompt2data.quality.planted import SETS, planted_rows
from prompt2data.quality.texts import COLUMNS
from tests.endless import endless
from tests.hostile import TEXTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't over-proof: 3.5 hours, a_b!", "don t over proof 3 5 hours a b"),
        ("面包要烤多久？", "面 包 要 烤 多 久"),
        ("パンを1時間焼く。", "パ ン を 1 時 間 焼 く"),
        ("スーパー 々", "ス ー パ ー 々"),
        ("오븐에서 구워요.", "오븐에서 구워요"),
        ("Muối để làm gì?", "muối để làm gì"),
        ("Сколько печь хлеб при 200?", "сколько печь хлеб при 200"),
        ("ที่นี่น้ำ", "ที่ นี่ น้ำ"),
        ("မြန်မာ", "မြ န် မာ"),
        ("ນ້ຳ ក្រ", "ນ້ຳ ក្រ"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),
        ("كَتَبَ الوَلَد", "كَتَبَ الوَلَد"),
        ("می\u200cخواهم", "میخواهم"),
        ("Brot\u00adlaib STRASSE Straße", "brotlaib strasse strasse"),
        ("Λόγος ΛΌΓΟΣ", "λόγοσ λόγοσ"),
        ("I ❤\ufe0f 🍞🔥, 👩\u200d🍳 and 🇻🇳!", "i ❤ 🍞 🔥 👩\u200d🍳 and 🇻🇳"),
        ("面包bread面包", "面 包 bread 面 包"),
        ("２００度 ｶﾞｽ", "200 度 ガ ス"),
        ("??? … -", ""),
        ("", ""),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_words(text, expected):
    assert words(text) == expected.split()


@given(st.text(st.characters(max_codepoint=127)))
def test_for_plain_english_they_are_those_of_rouge_score(text):
    assert words(text) == tokenize(text, None)
    assert pieces(text) == text.lower().split() and word_count(text) == len(text.split())


def test_for_the_courses_rows_they_are_those_of_rouge_score():
    texts = [row.get(column) for name in SETS for row in planted_rows(name) for column in COLUMNS]
    english = [text for text in texts if isinstance(text, str) and text.isascii()]
    assert len(english) > 1000
    assert [words(text) for text in english] == [tokenize(text, None) for text in english]


@pytest.mark.parametrize("text", ["Muối để làm gì?", "Crème brûlée", "パンがべとつく", "빵을 굽다", "ΛΌΓΟΣ"])
def test_however_a_letter_was_typed_it_is_the_same(text):
    apart = unicodedata.normalize("NFD", text)
    assert apart != text and words(apart) == words(text)
    assert pieces(apart) == pieces(text) and word_count(apart) == word_count(text)


@given(st.text())
def test_spans_are_where_the_words_stand(text):
    end = 0
    for start, stop, word in word_spans(text):
        assert end <= start < stop and word == same_form(text[start:stop])
        end = stop


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The loaf, the Loaf", "the|loaf,|the|loaf"),
        ("面包，要bread!好🍞。", "面|包|要|bread!|好|🍞"),
        ("빵을 구워요.", "빵을|구워요."),
        ("- 🍞🍞 C++", "-|🍞🍞|c++"),
        ("น้ำดี", "น้ำ|ดี"),
        (None, ""),
    ],
)
def test_pieces(text, expected):
    assert pieces(text) == list(filter(None, expected.split("|")))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Bake it for an hour.", 5),
        ("빵을 사십 분 구워요.", 4),
        ("Nướng bốn mươi phút.", 4),
        ("大约四十分钟。", 3),
        ("大约四十分", 3),
        ("約40分焼きます。", 4),
        ("ประมาณสี่สิบนาที", 4),
        ("请用 Python 写代码", 4),
        ("", 0),
        (None, 0),
    ],
)
def test_word_count(text, count):
    assert word_count(text) == count


@pytest.mark.parametrize("count", [words, pieces, word_count])
def test_long_texts_come_to_an_end(count):
    for text in endless():
        count(text)
    for text in TEXTS:
        count(text)
