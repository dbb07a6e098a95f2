"""What `benchmarks.generation` asks of one process each: `python -m benchmarks._checks NAME` prints it as JSON.

`ceiling`: GFLOP/s of the fastest fp32 matrix multiplication here, on all cores; without prompt2data, whose OpenMP
settings are part of what it is the measure of. `greedy`: [texts that are those of `model.generate`, texts]. `shift`:
what lesson 4 measures, in fp32 and in bfloat16. `hit`: seconds to take a text of 64 tokens out of a cache with a
thousand others, in batches of 64.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks._works import MAX_NEW_TOKENS, SAMPLING, SYSTEM, TOPICS


def ceiling() -> float:
    """The best of torch's own product (MKL) and oneDNN's on packed weights, over some sizes of ours and larger ones."""
    import torch

    fastest = 0.0
    with torch.inference_mode():
        for rows, inner, outer in ((2048, 2048, 2048), (1024, 2048, 2048), (256, 2048, 2048), (128, 576, 1536)):
            left, weights = torch.rand(rows, inner), torch.rand(outer, inner)
            packed = torch.ops.mkldnn._reorder_linear_weight(weights, rows)
            products: list[Callable[[], torch.Tensor]] = [
                lambda left=left, weights=weights: left @ weights.t(),
                lambda left=left, packed=packed: torch.ops.mkldnn._linear_pointwise(left, packed, None, "none", [], ""),
            ]
            for product in products:
                seconds = min(_timed(product) for _time in range(20))
                fastest = max(fastest, 2 * rows * inner * outer / seconds / 1e9)
    return fastest


def greedy() -> tuple[int, int]:
    """What is faster must not write otherwise."""
    import torch

    from prompt2data import BatchedTransformersLLM
    from prompt2data.models import EMBEDDED

    words = ("How", "Why", "What", "When", "Which", "Who", "Where", "Is")
    pairs = [(topic, word) for topic in TOPICS for word in words][:16]
    chats = [[{"role": "user", "content": f"{word}? Ask one question about {topic}."}] for topic, word in pairs]
    llm = BatchedTransformersLLM(model=EMBEDDED, cache=False)
    llm.load()
    outputs = llm.generate(chats, max_new_tokens=32, temperature=0.0, repetition_penalty=1.0)
    # A model of its own, which our engine has not touched.
    from transformers import AutoModelForCausalLM

    from prompt2data.models import resolve

    model, tokenizer = AutoModelForCausalLM.from_pretrained(resolve(EMBEDDED)).eval(), llm.local_model.tokenizer
    equal = 0
    for chat, output in zip(chats, outputs, strict=True):
        encoded = tokenizer(llm.prepare_input(chat), return_tensors="pt", add_special_tokens=False)
        with torch.inference_mode():
            ids = model.generate(**encoded, do_sample=False, max_new_tokens=32, pad_token_id=tokenizer.pad_token_id)
        text = tokenizer.decode(ids[0, encoded["input_ids"].shape[1] :], skip_special_tokens=True)
        equal += text.strip() == output["generations"][0].strip()
    return equal, len(chats)


def shift() -> dict[str, str]:
    """Texts differ from the first token that rounding tips on; what matters is whether they are as good."""
    from prompt2data import BatchedTransformersLLM
    from prompt2data.metrics import distinct_n, share
    from prompt2data.models import EMBEDDED
    from prompt2data.quality.conversations import reads_like_request

    found = {}
    chats = [[{"role": "system", "content": SYSTEM}]] * 256
    for number_type in ("float32", "bfloat16"):
        llm = BatchedTransformersLLM(model=EMBEDDED, use_magpie_template=True, cache=False, torch_dtype=number_type)
        llm.load()
        outputs = llm.generate(chats, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING)
        texts = [output["generations"][0] for output in outputs]
        tokens = sum(output["statistics"]["output_tokens"][0] for output in outputs) / len(outputs)
        requests = share(reads_like_request(text) for text in texts)
        found[number_type] = (
            f"{requests} read like a request, {tokens:.1f} tokens a row, distinct-2 {distinct_n(texts, 2):.3f}"
        )
    return found


def hit() -> float:
    """The least of some batches."""
    from prompt2data import cache
    from prompt2data.engine.value_cache import TEXT, pack_text, unpack_text

    with tempfile.TemporaryDirectory() as folder:
        store = cache.GenerationCache(folder)
        keys = [cache.entry_key(number=number) for number in range(1000)]
        for key in keys:
            store.put(key, TEXT, pack_text(list(range(64)), "stop"))

        def take(first: int) -> None:
            found = store.get(keys[first : first + 64], TEXT)
            assert len([unpack_text(payload) for payload in found.values()]) == 64

        seconds = [_timed(lambda first=first: take(first)) for first in range(0, 960, 64)]
        store.close()
    return min(seconds) / 64


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps({"ceiling": ceiling, "greedy": greedy, "shift": shift, "hit": hit}[sys.argv[1]]()))
