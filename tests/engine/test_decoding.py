"""A text depends on nothing that shares its batch, in every architecture, and is what transformers would write."""

from __future__ import annotations

import copy
import pickle
import random
import signal
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from prompt2data import models
from prompt2data.display.progress import GenerationProgress
from prompt2data.engine import batches, rows
from prompt2data.engine.batches import Batcher
from prompt2data.engine.decoding import Request, Waiting, decode
from prompt2data.engine.llama import LlamaStep, bytes_of_token
from prompt2data.engine.packed import PackedLinear, activated, combined, pack
from prompt2data.engine.rows import GrowingRows, SlotRows, rows_of
from prompt2data.engine.sampling import SamplingParams
from prompt2data.models import EMBEDDED
from tests.engine.tiny import BUILT_LIKE_LLAMA, BUILT_OTHERWISE, local, tiny_model

BUDGET = 12
SAMPLED = SamplingParams(temperature=1.0, top_p=0.95, top_k=40)
GREEDY = SamplingParams(do_sample=False)


def prompts(number: int, longest: int = 30) -> list[list[int]]:
    """Prompts of random length; some are equal, and all begin alike."""
    chance = random.Random(number)
    made = [[7] * 10 + [chance.randrange(3, 500) for _ in range(chance.randint(1, longest))] for _ in range(number)]
    return [chance.choice(made) for _ in range(number)]


def requests(number: int, stop: tuple[int, ...] = (2, 5, 11)) -> list[Request]:
    return [Request(prompt, frozenset(stop), stream=n) for n, prompt in enumerate(prompts(number))]


def written(model, wanted, size=None, params=SAMPLED, budget=BUDGET):
    """Tokens and ends of all texts, by `Batcher`."""
    found = {}
    progress = GenerationProgress(len(wanted))
    Batcher(size).decode(model, wanted, params, budget, progress, lambda index, row: found.setdefault(index, row))
    assert progress.rows == len(found) == len(wanted)
    return [(found[index].tokens, found[index].finish_reason) for index in range(len(wanted))]


@pytest.fixture(autouse=True)
def _one_thread():
    """Tiny models have too little work for two: on a busy machine these would wait for each other all the time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizer(llm):
    return llm.local_model.tokenizer


@pytest.fixture(scope="module")
def llama(tokenizer):
    return local(tiny_model("llama"), tokenizer)


@pytest.mark.parametrize("penalty", [1.0, 1.3])
@pytest.mark.parametrize("name", [*BUILT_LIKE_LLAMA, *BUILT_OTHERWISE])
def test_greedy_tokens_are_those_of_generate(name, penalty, tokenizer):
    plain, model = tiny_model(name), local(tiny_model(name), tokenizer)
    assert isinstance(rows_of(model, 2, 8), SlotRows if name in BUILT_LIKE_LLAMA else GrowingRows)
    wanted = requests(9, stop=(2,))
    ours = written(model, wanted, 4, SamplingParams(do_sample=False, repetition_penalty=penalty))
    for request, (tokens, reason) in zip(wanted, ours, strict=True):
        ids = plain.generate(
            torch.tensor([request.prompt]),
            attention_mask=torch.ones(1, len(request.prompt), dtype=torch.long),
            max_new_tokens=BUDGET,
            do_sample=False,
            repetition_penalty=penalty,
        )[0, len(request.prompt) :].tolist()
        assert (tokens, reason) == ((ids[:-1], "stop") if ids[-1] == 2 else (ids, "length"))


def test_logits_are_those_of_transformers(llm, chats):
    plain = AutoModelForCausalLM.from_pretrained(models.resolve(EMBEDDED), dtype=torch.float32).eval()
    model = llm.local_model
    texts = [model.encode(llm.prepare_input(chat)) for chat in chats]
    slots = SlotRows(model, len(texts), max(map(len, texts)) + 3)
    with torch.inference_mode():
        slots.read(texts)
        ours = [slots.add(range(len(texts)), texts)]
        for token in (28, 253, 1000):
            ours.append(slots.step(torch.full((len(texts),), token)))
        for row, text in enumerate(texts):
            theirs = plain(torch.tensor([[*text, 28, 253, 1000]])).logits[0, len(text) - 1 :]
            mine = torch.stack([logits[row] for logits in ours])
            assert (mine - theirs).abs().max() < 1e-4 * theirs.abs().max()


@settings(max_examples=25)
@given(
    number=st.integers(1, 40),
    size=st.integers(1, 40),
    loops=st.integers(1, 4),
    seed=st.integers(0, 99),
    name=st.sampled_from(["llama", "qwen2", "gpt2"]),
)
def test_a_text_depends_on_nothing_that_shares_its_batch(number, size, loops, seed, name, tokenizer, several):
    model = several(name)
    wanted = requests(number)
    alone = [written(model, [request], 1)[0] for request in wanted[:3]]
    order = list(range(number))
    random.Random(seed).shuffle(order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "_FOR_A_LOOP", max(1, size // loops))
        patch.setattr(torch, "get_num_threads", lambda: loops)
        shuffled = written(model, [wanted[index] for index in order], size)
    together = dict(zip(order, shuffled, strict=True))
    assert [together[index] for index in range(min(3, number))] == alone


@pytest.fixture(scope="module")
def several(tokenizer):
    """Models by name, each made once."""
    made = {}
    return lambda name: made.setdefault(name, local(tiny_model(name), tokenizer))


def test_a_slot_is_never_empty_while_a_row_waits(llama, monkeypatch):
    """Each step of a batch has as many rows as there are slots, until nobody waits; all prompts are read once."""
    steps, read = [], []
    step, read_in = SlotRows.step, rows._read
    monkeypatch.setattr(SlotRows, "step", lambda self, tokens: steps.append(len(tokens)) or step(self, tokens))
    monkeypatch.setattr(rows, "_read", lambda model, group: read.extend(group) or read_in(model, group))
    wanted = requests(60)
    waiting = Waiting(wanted)
    for _rows in decode(llama, wanted, SAMPLED, BUDGET, lambda room: 8, waiting):
        steps.append("drawn")
        left = len(waiting)
        if left:
            last = left
    numbers = [number for number in steps if number != "drawn"]
    assert len(waiting) == 0 and last < 8
    full = [number == 8 for number in numbers]
    assert full.index(False) >= len(numbers) - BUDGET and sum(numbers) > 8 * full.index(False) - 1
    assert sorted(set(read)) == sorted({tuple(request.prompt) for request in wanted})
    assert len(read) < 1.2 * len(set(read))


def test_a_prompt_that_comes_again_is_read_once(llama, monkeypatch):
    """In Magpie all rows have the same prompt."""
    read, read_in = [], rows._read
    monkeypatch.setattr(rows, "_read", lambda model, group: read.extend(group) or read_in(model, group))
    wanted = [Request([7, 8, 9], frozenset({2, 5, 11}), stream) for stream in range(60)]
    for _rows in decode(llama, wanted, SAMPLED, BUDGET, lambda room: 8):
        pass
    assert read == [(7, 8, 9)]


def test_the_longest_prompts_come_first_and_equal_ones_together():
    wanted = [Request([1] * length, frozenset(), 0) for length in (3, 1, 2, 3)]
    waiting = Waiting(wanted)
    assert waiting.longest() == 3
    assert sorted(waiting.take(2)) == [0, 3] and waiting.take(5) == [2, 1]
    assert waiting.take(1) == [] and waiting.longest() == 0
    assert Waiting(wanted, [1, 2]).take(5) == [2, 1]


def test_few_long_rows_do_not_hold_the_many_short_ones_to_few_slots(llama, monkeypatch):
    sizes = []
    make = rows.Slots
    monkeypatch.setattr(
        rows, "Slots", lambda model, slots, room: sizes.append((slots, room)) or make(model, slots, room)
    )
    wanted = [Request([3] * 200, frozenset(), 0), *requests(40)]
    for _rows in decode(llama, wanted, SAMPLED, BUDGET, lambda room: 2 if room > 100 else 20):
        pass
    assert sizes[0] == (2, 212) and sizes[-1][0] == 20 and sizes[-1][1] < 60


def test_what_has_ended_is_kept_when_the_run_is_interrupted(llama):
    wanted, kept = requests(30, stop=()), []

    def keep(index, row):
        kept.append(index)
        if len(kept) == 5:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        Batcher(8).decode(llama, wanted, SAMPLED, BUDGET, GenerationProgress(30), keep)
    assert 5 <= len(kept) < 30
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decoding")]


def test_an_error_in_a_loop_reaches_the_caller(llama, monkeypatch):
    def fail(self, tokens):
        raise ValueError("of the model")

    monkeypatch.setattr(SlotRows, "step", fail)
    threads = torch.get_num_threads()
    with pytest.raises(ValueError, match="of the model"):
        written(llama, requests(40))
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("size", [None, 7])
def test_a_lack_of_memory_halves_the_batch_and_loses_nothing(llama, monkeypatch, size):
    step, expected = SlotRows.step, written(llama, requests(30))

    def short(self, tokens):
        if len(tokens) > 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return step(self, tokens)

    monkeypatch.setattr(SlotRows, "step", short)
    monkeypatch.setattr(batches, "_FOR_A_LOOP", 100)
    assert written(llama, requests(30), size) == expected

    monkeypatch.setattr(SlotRows, "step", lambda self, tokens: short(self, [0] * 4))
    with pytest.raises(MemoryError, match="smaller model"):
        written(llama, requests(4))


def test_the_batch_is_as_large_as_memory_allows(llama, monkeypatch):
    """Rows at once, for so many tokens of each: at most 256, and their keys and values at most a gigabyte."""
    fitting = Batcher(None)._fitting(llama)
    assert bytes_of_token(llama.model) == 2 * 2 * 2 * 12 * 4
    assert fitting(50) == 256
    assert fitting(2**30 // bytes_of_token(llama.model) // 100) in (100, 101)
    assert fitting(2**40) == 1
    assert Batcher(5)._fitting(llama)(2**40) == 5
    monkeypatch.setattr(batches.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 2**20})())
    assert Batcher(None)._fitting(llama)(2**16 // bytes_of_token(llama.model)) == 4


# -- packed layers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_gives_what_the_plain_one_does(dtype, bias):
    torch.manual_seed(0)
    layer = torch.nn.Linear(40, 24, bias=bias, dtype=dtype)
    packed = PackedLinear(layer.weight, layer.bias)
    near = {"atol": 1e-5, "rtol": 1e-5} if dtype == torch.float32 else {"atol": 0.02, "rtol": 0.02}
    with torch.inference_mode():
        for shape in [(1, 40), (7, 40), (2, 3, 40)]:
            x = torch.randn(shape, dtype=dtype)
            torch.testing.assert_close(packed(x), layer(x), **near)
        x, other = torch.randn(5, 40, dtype=dtype), torch.randn(5, 24, dtype=dtype)
        torch.testing.assert_close(activated(packed, x), activated(layer, x), **near)
        for by in ("add", "mul"):
            torch.testing.assert_close(combined(packed, x, other, by), combined(layer, x, other, by), **near)
    torch.testing.assert_close(packed.weight, layer.weight.detach())


def test_a_packed_model_can_be_copied_and_pickled(llama, tokenizer):
    expected = written(llama, requests(4))
    for model in (copy.deepcopy(llama.model), pickle.loads(pickle.dumps(llama.model))):
        assert isinstance(model.lm_head, PackedLinear)
        assert written(local(model, tokenizer), requests(4)) == expected


def test_only_layers_that_work_are_packed(monkeypatch):
    def model():
        return torch.nn.Sequential(torch.nn.Linear(40, 24), torch.nn.Linear(24, 8).double(), torch.nn.Embedding(4, 4))

    first = model()
    pack(first)
    assert [type(layer).__name__ for layer in first] == ["PackedLinear", "Linear", "Embedding"]
    wrong = model()
    monkeypatch.setattr(PackedLinear, "forward", lambda self, x: torch.zeros(len(x), self.out_features))
    pack(wrong)
    assert type(wrong[0]) is torch.nn.Linear
    missing = model()
    monkeypatch.setattr(PackedLinear, "__init__", lambda self, weight, bias: torch.ops.mkldnn.no_such_operator)
    pack(missing)
    assert type(missing[0]) is torch.nn.Linear


def test_models_that_only_look_like_llama_are_left_to_transformers():
    model = tiny_model("llama")
    assert LlamaStep.supported(model)
    model.hf_device_map = {"model.layers.0": 0, "model.layers.1": "cpu"}
    assert not LlamaStep.supported(model)
    for change in ({"hidden_act": "gelu"}, {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4}}):
        model = tiny_model("llama")
        for name, value in change.items():
            setattr(model.config, name, value)
        assert not LlamaStep.supported(model)
    assert not LlamaStep.supported(tiny_model("gpt2"))


def test_a_learners_own_layers_still_work(tokenizer):
    """Somebody may put a layer of their own into a model, a LoRA adapter for instance."""

    class Adapter(torch.nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return 2 * self.layer(x)

    ours, theirs = tiny_model("llama"), tiny_model("llama")
    for one in (ours, theirs):
        mlp = one.model.layers[0].mlp
        mlp.up_proj = Adapter(mlp.up_proj)
    (tokens, _reason), *_rest = written(local(ours, tokenizer), requests(3, stop=()), params=GREEDY)
    prompt = requests(3)[0].prompt
    expected = theirs.generate(torch.tensor([prompt]), max_new_tokens=BUDGET, do_sample=False, eos_token_id=None)
    assert tokens == expected[0, len(prompt) :].tolist()


def test_two_stage_top_k_is_top_k():
    from prompt2data.engine.sampling import _topk

    torch.manual_seed(0)
    logits = torch.randn(5, 64 * 200)
    values, tokens = _topk(logits, 50)
    expected = logits.topk(50)
    assert torch.equal(values, expected.values) and torch.equal(tokens, expected.indices)
    assert np.array_equal(_topk(logits[:, :777], 50)[1], logits[:, :777].topk(50).indices)
