"""What the generation cache promises when nothing is broken."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompt2data import cache
from prompt2data.cache import GenerationCache, database, entry_key, opened
from prompt2data.engine.value_cache import pack_text, unpack_text
from tests.cache.support import ROOT, get, is_right, key_of, newest_database, payload_of, put, run_child

characters = st.text(st.characters())  # surrogates, too
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | characters
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(characters, inner, max_size=4), max_leaves=12
)
names = st.sampled_from(["prompt", "seed", "step", "sampling", "occurrence"])
parts = st.dictionaries(names, values, max_size=4)


def told_apart(value: object) -> object:
    """`value` with its types, in a form that Python's `==` compares as the key must."""
    if isinstance(value, dict):
        return {name: told_apart(item) for name, item in value.items()}
    if isinstance(value, list):
        return [told_apart(item) for item in value]
    return type(value).__name__, repr(value)


@given(parts, parts)
@example({"seed": 1}, {"seed": True})
@example({"seed": 1}, {"seed": 1.0})
@example({"seed": 1}, {"seed": "1"})
@example({"seed": 0.0}, {"seed": -0.0})
@example({"seed": None}, {})
@example({"seed": None}, {"seed": "null"})
@example({"prompt": "a", "step": "b"}, {"prompt": "b", "step": "a"})
@example({"prompt": "\ud800\udc00"}, {"prompt": "\U00010000"})
@example({"prompt": 'a","step":"b'}, {"prompt": "a", "step": "b"})
@example({"prompt": [[], []]}, {"prompt": [[[]]]})
@example({"prompt": "é"}, {"prompt": "e\u0301"})
def test_two_keys_are_equal_only_if_all_parts_are(one, other):
    assert (entry_key(**one) == entry_key(**other)) == (told_apart(one) == told_apart(other))


@given(parts, st.randoms())
def test_the_order_of_parts_does_not_matter(one, order):
    shuffled = list(one.items())
    order.shuffle(shuffled)
    assert entry_key(**dict(shuffled)) == entry_key(**one)
    assert len(entry_key(**one)) == 64 and set(entry_key(**one)) <= set("0123456789abcdef")


@given(parts, st.data())
def test_changing_one_part_changes_the_key(one, data):
    name = data.draw(names)
    value = data.draw(values)
    changed = one | {name: value}
    same = name in one and told_apart(one[name]) == told_apart(value)
    assert (entry_key(**one) == entry_key(**changed)) == same


@pytest.mark.parametrize("value", [{1: "a"}, [{"a": {2: 3}}], {"a": {None: 1}}, {b"a": 1}, {1, 2}, object(), b"a"])
def test_parts_that_are_no_json_values_are_refused(value):
    with pytest.raises(TypeError):
        entry_key(part=value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_numbers_that_are_no_json_values_are_refused(value):
    with pytest.raises(ValueError):
        entry_key(part=value)


def test_the_key_is_the_same_in_every_process():
    code = (
        "from prompt2data.cache import entry_key; print(entry_key(prompt='ä', seed=3, sampling={'b': 1.5, 'a': [1]}))"
    )
    here = entry_key(sampling={"a": [1], "b": 1.5}, seed=3, prompt="ä")
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    there = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert there.stdout.strip() == here


@pytest.fixture(scope="module")
def kept_open(tmp_path_factory):
    one = GenerationCache(tmp_path_factory.mktemp("kept-open"))
    yield one
    one.close()


@given(kind=st.sampled_from(["text", "embedding", "score"]), payload=st.binary())
def test_any_entry_comes_back_as_it_was(kept_open, kind, payload):
    kept_open.put(key_of(1), kind, payload)
    assert kept_open.get([key_of(1)], kind) == {key_of(1): payload}
    assert kept_open.get([key_of(1)], "another") == {}


@given(tokens=st.lists(st.integers(min_value=0, max_value=2**70)), reason=st.sampled_from(["stop", "length"]))
def test_any_text_comes_back_as_it_was(tokens, reason):
    assert unpack_text(pack_text(tokens, reason)) == (tokens, reason)


@pytest.mark.parametrize("payload", [None, 1, "text", [1]])
def test_only_bytes_are_kept(open_cache, payload):
    with pytest.raises(TypeError):
        open_cache().put(key_of(1), "text", payload)


def test_entries_are_counted_by_kind(open_cache, folder):
    one = open_cache()
    put(one, key_of(1))
    for number in (2, 3):
        one.put(key_of(number), "embedding", b"...")
    one.put(key_of(2), "score", b"...")
    stats = one.stats()
    assert stats.kinds == {"embedding": 1, "score": 1, "text": 1} and stats.entries == 1


def test_get_finds_only_what_is_there(open_cache, said):
    one = open_cache()
    for number in range(0, 1200, 2):
        put(one, key_of(number))
    found = get(one, [key_of(number) for number in range(1200)] + [key_of(0)])
    assert set(found) == {key_of(number) for number in range(0, 1200, 2)}
    assert all(is_right(*item) for item in found.items())
    assert get(one, []) == {} and get(one, [key_of(1)]) == {}
    assert said() == []


def test_put_is_there_for_others_when_it_returns_and_the_last_one_counts(open_cache, folder):
    one, other = open_cache(), open_cache()
    one.put(key_of(1), "text", b"one")
    assert get(other, [key_of(1)]) == {key_of(1): b"one"}
    other.put(key_of(1), "text", b"other")
    other.put(key_of(1), "text", b"other")
    assert get(one, [key_of(1)]) == {key_of(1): b"other"}
    assert one.stats().entries == 1


def test_nothing_is_opened_before_the_first_use(open_cache, folder):
    one = open_cache()
    assert one.stats().entries == one.stats().bytes == 0
    one.clear()
    assert get(one, []) == {} and not folder.exists()


def test_importing_it_is_light():
    code = (
        "import sys, prompt2data.cache; print(sorted({'torch', 'distilabel', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_closed_it_opens_again(open_cache, folder):
    one = open_cache()
    put(one, key_of(1))
    one.close()
    one.close()
    assert [path.name for path in newest_database(folder).parent.iterdir()] == ["entries.sqlite"]
    assert get(one, [key_of(1)]) == {key_of(1): payload_of(key_of(1))}


def test_clear_empties_it_for_everybody(open_cache, folder):
    one, other = open_cache(), open_cache()
    for number in range(20):
        put(one, key_of(number))
    assert other.stats().entries == 20
    one.clear()
    assert not get(other, [key_of(number) for number in range(20)])
    put(other, key_of(1))
    assert get(one, [key_of(1)]) == {key_of(1): payload_of(key_of(1))}
    assert (one.stats().entries, len(list(folder.glob("v*")))) == (1, 1)


def test_the_folder_deleted_by_hand_comes_back(open_cache, folder, said):
    import shutil

    one, other = open_cache(), open_cache()
    for number in range(20):
        put(one, key_of(number))
        get(other, [key_of(number)])
    shutil.rmtree(folder)
    put(one, key_of(1))
    assert get(other, [key_of(0), key_of(1)]) == {key_of(1): payload_of(key_of(1))}
    put(other, key_of(2))
    assert one.stats().entries == 2
    assert said() == []


def test_threads_share_one_object(open_cache, said):
    one = open_cache()
    wrong = []

    def work(first: int) -> None:
        for number in range(first, first + 120):
            key = key_of(number % 200)
            put(one, key, 2 + first % 3)
            wrong.extend(key for key, entry in get(one, [key, key_of(number - 50)]).items() if not is_right(key, entry))

    threads = [threading.Thread(target=work, args=(30 * place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and said() == []
    assert one.stats().entries == 200


def test_a_database_without_a_write_ahead_log_works_as_well(open_cache, folder, said):
    """As on a file system without shared memory."""
    one = open_cache()
    put(one, key_of(1))
    one.close()
    with sqlite3.connect(newest_database(folder)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    connection.close()
    other = open_cache()
    for number in range(2, 12):
        put(one, key_of(number))
        put(other, key_of(number + 10))
    assert len(get(other, [key_of(number) for number in range(1, 22)])) == 21
    assert said() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_in_the_middle_of_use(folder):
    run_child("fork", folder)


def test_the_least_recently_used_go_first_and_the_size_stays_under_the_limit(open_cache, folder, said):
    limit = 600_000
    one = open_cache(limit=limit)
    used = [key_of(number) for number in range(20)]
    for number in range(1200):
        put(one, key_of(number), 8)
        if number % 50 == 49:
            assert len(get(one, used)) == 20, "what is used stays"
        if number % 10 == 9:
            assert newest_database(folder).stat().st_size <= limit + 16 * 4096
    stats = one.stats()
    assert 100 < stats.entries < 1000 and stats.limit == limit
    found = get(one, [key_of(number) for number in range(1200)])
    assert key_of(1199) in found and key_of(21) not in found
    assert all(is_right(*item) for item in found.items())
    one.close()
    assert one.stats().bytes <= limit + 16 * 4096 and said() == []


def test_a_lowered_limit_shrinks_the_file(open_cache, folder):
    one = open_cache()
    for number in range(600):
        put(one, key_of(number), 8)
    one.limit = 200_000
    for number in range(600, 616):
        put(one, key_of(number))
    one.close()
    assert newest_database(folder).stat().st_size <= 200_000
    assert get(one, [key_of(615)])


def test_one_object_for_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "here"))
    here = opened()
    assert here is opened() and here.folder == tmp_path / "here"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPT2DATA_CACHE", "here")
    assert opened() is here
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path / "there"))
    assert opened() is not here


@pytest.mark.parametrize("off", ["", "0", "off", "OFF", "No", "false", "False", " off "])
def test_turned_off(monkeypatch, off):
    monkeypatch.setenv("PROMPT2DATA_CACHE", off)
    assert opened() is None


def test_where_it_is_by_itself_and_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.delenv("PROMPT2DATA_CACHE", raising=False)
    monkeypatch.setenv("PROMPT2DATA_HOME", str(tmp_path / "models"))
    assert opened().folder == tmp_path / "models" / "generations"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PROMPT2DATA_CACHE", "~/texts")
    assert opened().folder == tmp_path / "texts"
    assert not list(tmp_path.iterdir()), "looking makes no folder"


@pytest.mark.parametrize(
    ("chosen", "limit"), [("5", 5_000_000), ("0.5", 500_000), ("", cache.LIMIT), (None, cache.LIMIT)]
)
def test_the_limit_from_the_environment(monkeypatch, tmp_path, said, chosen, limit):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    if chosen is None:
        monkeypatch.delenv("PROMPT2DATA_CACHE_LIMIT", raising=False)
    else:
        monkeypatch.setenv("PROMPT2DATA_CACHE_LIMIT", chosen)
    assert opened().limit == limit and said() == []


@pytest.mark.parametrize("chosen", ["much", "-1", "0", "nan", "inf", "12 MB"])
def test_a_limit_that_is_none_is_said_once(monkeypatch, tmp_path, said, chosen):
    monkeypatch.setenv("PROMPT2DATA_CACHE", str(tmp_path))
    monkeypatch.setenv("PROMPT2DATA_CACHE_LIMIT", chosen)
    assert opened().limit == opened().limit == cache.LIMIT
    (sentence,) = said()
    assert chosen in sentence and "256 MB" in sentence


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A file that settled long ago, and a count of how often one was read."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights" * 1000)
    monkeypatch.setattr(cache, "_SETTLED", -1)
    reads = []
    stock = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: reads.append(file.name) or stock(file, name))
    return path, reads


def test_a_file_is_read_once_for_all_processes(open_cache, weights):
    path, reads = weights
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    one = open_cache()
    assert [one.digest_of_file(path), one.digest_of_file(path), open_cache().digest_of_file(path)] == [expected] * 3
    assert len(reads) == 1
    link = path.with_name("link")
    link.symlink_to(path)
    assert one.digest_of_file(link) == expected and len(reads) == 1


def test_a_changed_file_is_read_again(open_cache, weights):
    path, reads = weights
    one = open_cache()
    before = one.digest_of_file(path)
    about = path.stat()
    path.write_bytes(b"WEIGHTS" * 1000)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))  # the same size and time
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert one.digest_of_file(path) == expected != before
    assert open_cache().digest_of_file(path) == expected and len(reads) == 2


def test_a_file_that_was_written_a_moment_ago_is_not_trusted(open_cache, weights, monkeypatch):
    path, reads = weights
    monkeypatch.setattr(cache, "_SETTLED", 3_600_000_000_000)
    one = open_cache()
    one.digest_of_file(path)
    one.digest_of_file(path)
    assert len(reads) == 2


def test_files_are_digested_without_a_cache_too(open_cache, weights, tmp_path, said):
    path, reads = weights
    one = open_cache(path / "below")
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert one.digest_of_file(path) == one.digest_of_file(path) == expected and len(reads) == 1
    assert len(said()) == 1
    with pytest.raises(FileNotFoundError):
        one.digest_of_file(tmp_path / "missing")


def test_a_held_lock_costs_a_moment_and_a_sentence(open_cache, folder, said, monkeypatch):
    monkeypatch.setattr(cache, "_PATIENCE", 0.5)
    attempts, original = [], database.insert
    monkeypatch.setattr(database, "insert", lambda c, key, *entry: attempts.append(key) or original(c, key, *entry))
    one = open_cache()
    put(one, key_of(1))
    holder = sqlite3.connect(newest_database(folder), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for number in range(2, 5):
        put(one, key_of(number))
        assert get(one, [key_of(1), key_of(2)]) == {key_of(1): payload_of(key_of(1))}, "reading waits for nobody"
    assert attempts.count(key_of(2)) > 1 and attempts.count(key_of(3)) == attempts.count(key_of(4)) == 1, (
        "one patient wait, and short ones after it"
    )
    (sentence,) = said()
    assert "locked" in sentence and "prompt2data cache clear" in sentence and str(folder) in sentence
    holder.execute("ROLLBACK")
    holder.close()
    put(one, key_of(2))
    assert len(get(one, [key_of(1), key_of(2)])) == 2


def test_clear_does_not_wait_for_a_lock(open_cache, folder, said):
    one = open_cache()
    put(one, key_of(1))
    holder = sqlite3.connect(newest_database(folder), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    one.clear()
    put(one, key_of(2))
    assert one.stats().entries == 1 and said() == []
    holder.close()


def test_a_transaction_that_an_interrupt_left_open_is_undone(open_cache, said):
    one, other = open_cache(), open_cache()
    put(one, key_of(1))
    one._connection.execute("BEGIN IMMEDIATE")
    put(one, key_of(2))
    assert len(get(other, [key_of(1), key_of(2)])) == 2 and said() == []
