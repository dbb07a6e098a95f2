"""`BatchedTransformersLLM`: distilabel's `TransformersLLM`, with true batches and a memory.

distilabel hands its prompts to a transformers pipeline whose batch size is 1, so rows are generated one after the
other. This class takes its place with the same constructor and decodes many rows at once. Each row has a random
stream of its own, so its text depends on its prompt, the sampling arguments, the seed, the step and on how often this
prompt came before in it, and never on what shares its batch. What was generated once is taken from the generation
cache (`prompt2data.cache`) the next time, and the model is loaded only when something is missing there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel already warns about itself

# ruff: noqa: E402
from distilabel.models.llms.utils import prepare_output
from distilabel.typing import GenerateOutput, StandardInput
from pydantic import Field, PositiveInt, PrivateAttr, validate_call

from prompt2data import cache
from prompt2data.display.progress import generation_progress
from prompt2data.engine import text_codec
from prompt2data.engine.batches import Batcher, Request
from prompt2data.engine.calling_step import calling_step, install_step_names
from prompt2data.engine.decoding import DecodedRow
from prompt2data.engine.lazy_llm import LazyTransformersLLM
from prompt2data.engine.sampling import SamplingParams, stream_key
from prompt2data.engine.text_counts import count_texts
from prompt2data.i18n import _

install_step_names()


class BatchedTransformersLLM(LazyTransformersLLM):
    """A `TransformersLLM` that generates in batches, row by row reproducible, and nothing twice.

    It takes every argument of `TransformersLLM`, and those below. Sampling defaults suit small chat models
    (temperature 0.7, top_p 0.9, top_k 50, no repetition penalty).

    Attributes:
        model: public name of the model (a hub id, the embedded model's name) or a folder. Defaults to the model
            that `prompt2data` chose for this machine. A folder is remembered, and shown by its public name.
        seed: seed of all random streams. Defaults to the seed given to `setup()`, or 0.
        batch_size: the most rows to decode at once. Halved by itself when memory runs out.
        cache: whether texts that were generated before, by this run or an earlier one, are taken from the generation
            cache, and new ones put there. They are the same texts either way. Turn it off to time a generation.
        magpie_prompt: which prompt makes the model speak as the user in `Magpie`: `"template"`, the chat template's
            own rendering up to the user's text; `"header"`, the same but a bare user header where nothing was said
            before; `"stock"`, the string distilabel itself builds from `magpie_pre_query_template`.
    """

    seed: int = Field(default_factory=lambda: int(os.environ.get("PROMPT2DATA_SEED", "0")))
    batch_size: PositiveInt = 64
    cache: bool = True

    # How often a prompt with the same arguments was generated in this step: the same prompt twice gives two texts.
    _occurrences: Counter = PrivateAttr(default_factory=Counter)
    _batch: int | None = PrivateAttr(default=None)
    _batcher: Batcher | None = PrivateAttr(default=None)

    def __getstate__(self) -> dict[str, Any]:
        # A copy for a pipeline's worker counts its own occurrences.
        state = super().__getstate__()
        private = {**state["__pydantic_private__"], "_occurrences": Counter(), "_batch": None, "_batcher": None}
        return {**state, "__pydantic_private__": private}

    @validate_call
    def generate(  # type: ignore[override]
        self,
        inputs: list[list[dict[str, Any]]],
        num_generations: int = 1,
        max_new_tokens: int = 128,
        temperature: float = 0.7,
        repetition_penalty: float = 1.0,
        top_p: float = 0.9,
        top_k: int = 50,
        do_sample: bool = True,
        seed: int | None = None,
    ) -> list[GenerateOutput]:
        """Generate `num_generations` texts for each input, in the order of the inputs.

        A row whose messages hold `None` gets `None` as its text and costs nothing else.

        Args:
            inputs: a list of inputs in chat format to generate responses for.
            num_generations: the number of texts to create per input. Defaults to `1`.
            max_new_tokens: the maximum number of new tokens that the model will generate. Defaults to `128`.
            temperature: the temperature to use for the generation; `0` takes the most likely token. Defaults to `0.7`.
            repetition_penalty: the repetition penalty to use for the generation. Defaults to `1.0`.
            top_p: the top-p value to use for the generation. Defaults to `0.9`.
            top_k: the top-k value to use for the generation; `0` means all tokens. Defaults to `50`.
            do_sample: whether to use sampling or not. Defaults to `True`.
            seed: seed of this call's random streams. Defaults to the seed of the LLM.

        Returns:
            For each input its texts, with token counts and the reason each text ended ("stop" or "length").
        """
        if self._pipeline is None:
            raise RuntimeError(_("The model is not loaded: call load() on the task or the LLM first."))
        if self.structured_output is not None:
            # Outlines' processors count the tokens of one call; distilabel's own path knows how to drive them.
            return super().generate(
                inputs=inputs,
                num_generations=num_generations,
                max_new_tokens=max_new_tokens,
                temperature=temperature,
                repetition_penalty=repetition_penalty,
                top_p=top_p,
                top_k=top_k,
                do_sample=do_sample,
            )
        params = SamplingParams(temperature, top_p, top_k, repetition_penalty, do_sample)
        budget = min(max_new_tokens, int(os.environ.get("PROMPT2DATA_REHEARSAL") or max_new_tokens))
        seed = self.seed if seed is None else seed
        complete = [all(message["content"] is not None for message in input) for input in inputs]
        with self._taken_back_on_failure():
            requests = [
                request
                for input, usable in zip(inputs, complete, strict=True)
                if usable
                for request in self._requests(input, num_generations, params, budget, seed)
            ]
            rows = iter(zip(requests, self._rows(requests, params, budget), strict=True))
        outputs = []
        for usable in complete:
            if usable:
                made = [next(rows) for _generation in range(num_generations)]
                outputs.append(self._as_output([row for _request, row in made], len(made[0][0].prompt)))
            else:
                empty = prepare_output([None] * num_generations)
                counts = {"input_tokens": [0] * num_generations, "output_tokens": [0] * num_generations}
                outputs.append({**empty, "statistics": {**counts, "finish_reason": ["none"] * num_generations}})
        return outputs

    def _requests(
        self, input: StandardInput, num_generations: int, params: SamplingParams, budget: int, seed: int
    ) -> list[Request]:
        """What to generate for one input: its prompt, where it ends, its random streams, and its places in the cache.

        The stream leaves out the budget and the model: more tokens go on with the same text, and two models are
        compared with the same luck.
        """
        text = self.prepare_input(input)
        prompt, stop = self._encode(text), self._stop_tokens(input)
        row = stream_key(prompt=text, params=params, seed=seed, step=calling_step(), batch=self._batch)
        self._occurrences[row] += 1
        row = stream_key(row=row, occurrence=self._occurrences[row])
        streams = [stream_key(row=row, generation=generation) for generation in range(num_generations)]
        identity = self._pipeline.identity if self._store() is not None else None
        if identity is None:
            return [Request(prompt, stop, stream) for stream in streams]
        parts = {"prompt": prompt, "stop": sorted(stop), "max_new_tokens": budget, "model": identity}
        return [Request(prompt, stop, stream, cache.entry_key(stream=f"{stream:032x}", **parts)) for stream in streams]

    def _rows(self, requests: list[Request], params: SamplingParams, budget: int) -> list[DecodedRow]:
        """The row of each request: from the cache, or decoded now, with a progress bar, and kept there."""
        store = self._store()
        entries = [request.entry for request in requests if request.entry]
        known = store.get(entries, text_codec.KIND) if store is not None else {}
        rows: list[DecodedRow | None] = [None] * len(requests)
        for place, request in enumerate(requests):
            if request.entry in known:
                rows[place] = DecodedRow(*text_codec.unpack(known[request.entry]))
        missing = [place for place, row in enumerate(rows) if row is None]

        def finish(number: int, row: DecodedRow) -> None:
            rows[missing[number]] = row
            entry = requests[missing[number]].entry
            if store is not None and entry and self._pipeline.identity is not None:
                store.put(entry, text_codec.KIND, text_codec.pack(row.tokens, row.finish_reason))

        if missing:
            if self._batcher is None:
                self._batcher = Batcher(self.batch_size)
            tokenizer, model = self._pipeline.tokenizer, self._pipeline.model
            pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
            wanted = [requests[place] for place in missing]
            with generation_progress(total=len(requests)) as progress:
                progress.update(0, len(requests) - len(missing))
                self._batcher.decode(model, wanted, params, budget, pad, progress, finish)
        count_texts(len(missing), len(requests) - len(missing))
        return rows

    def _store(self) -> cache.GenerationCache | None:
        return cache.opened() if self.cache else None

    def begin_batch(self, number: int) -> None:
        """Count occurrences anew, for batch `number` of a step.

        Replicas share a step's batches as they come, so that only the batch can say how often a prompt came before.
        """
        self._batch = number
        self._occurrences.clear()

    def mark(self) -> Counter:
        """How often each prompt came so far, for `rewind`."""
        return self._occurrences.copy()

    def rewind(self, mark: Counter) -> None:
        """Forget what came after `mark`: who tries the same rows again gets the texts that are there already."""
        self._occurrences = mark.copy()

    @contextmanager
    def _taken_back_on_failure(self) -> Iterator[None]:
        mark = self.mark()
        try:
            yield
        except BaseException:
            self.rewind(mark)
            raise

    def _as_output(self, rows: list[DecodedRow], input_tokens: int) -> GenerateOutput:
        texts = [self._pipeline.tokenizer.decode(row.tokens, skip_special_tokens=True) for row in rows]
        output = prepare_output(
            texts,
            input_tokens=[input_tokens] * len(rows),
            output_tokens=[len(row.tokens) for row in rows],
        )
        output["statistics"]["finish_reason"] = [row.finish_reason for row in rows]
        return output
