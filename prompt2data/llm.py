"""`BatchedTransformersLLM`: distilabel's `TransformersLLM`, with true batches and a memory.

distilabel hands its prompts to a transformers pipeline whose batch size is 1, so rows are generated one after the
other. This class has the same constructor and decodes many rows at once. Each row has a random
stream of its own, so its text depends on its prompt, the sampling arguments, the seed, the step and on how often this
prompt came before in it, and never on what shares its batch. What was generated once is taken from the generation
cache (`prompt2data.cache`) the next time, and the model is loaded only when something is missing there.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

from prompt2data.ground.quiet import quiet

quiet()  # first: importing distilabel already warns about itself

# ruff: noqa: E402
from distilabel.models.llms.utils import prepare_output
from distilabel.typing import GenerateOutput
from pydantic import Field, PositiveInt, PrivateAttr, validate_call

from prompt2data.display.progress import generation_progress
from prompt2data.engine.batches import Batcher
from prompt2data.engine.calling_step import calling_step, install_step_names
from prompt2data.engine.decoding import DecodedRow, Request
from prompt2data.engine.lazy_llm import LazyTransformersLLM
from prompt2data.engine.prompts import MISSING, TOO_LONG, NoPrompt, fits, readable, too_long
from prompt2data.engine.sampling import SamplingParams, stream_key, text_streams
from prompt2data.engine.text_counts import count_texts
from prompt2data.engine.value_cache import TEXT, ValueCache, pack_text, unpack_text

install_step_names()


class BatchedTransformersLLM(LazyTransformersLLM):
    """A `TransformersLLM` that generates in batches, row by row reproducible, and nothing twice.

    It takes every argument of `TransformersLLM`, and those below. Sampling defaults suit small chat models
    (temperature 0.7, top_p 0.9, top_k 50, no repetition penalty).

    Attributes:
        model: public name of the model (a hub id, the embedded model's name) or a folder. Defaults to the model
            that `prompt2data` chose for this machine. A folder is remembered, and shown by its public name.
        adapter: what `prompt2data.training.train` returned, or a folder with an adapter that peft saved; it is added to
            the weights when the model is loaded. Rows name both: `SmolLM2-135M-Instruct-Q4_1 + kitchen`.
        torch_dtype: number type to compute with, `"auto"` for that of the model's files. `"bfloat16"` reads half as
            many bytes for each token, faster where the processor computes in it (AMX, AVX512-BF16); it gives other
            texts, which may also change with what shares their batch.
        seed: seed of all random streams. Defaults to the seed given to `setup()`, or 0.
        batch_size: the most rows to decode at once. Chosen from memory and cores where nothing is said, and halved
            by itself when memory runs out.
        cache: whether texts that were generated before, by this run or an earlier one, are taken from the generation
            cache, and new ones put there. They are the same texts either way. Turn it off to time a generation.
        magpie_prompt: which prompt makes the model speak as the user in `Magpie`: `"template"`, the chat template's
            own rendering up to the user's text; `"header"`, the same but a bare user header where no message
            comes before; `"stock"`, the string distilabel itself builds from `magpie_pre_query_template`.
    """

    seed: int = Field(default_factory=lambda: int(os.environ.get("PROMPT2DATA_SEED", "0")))
    batch_size: PositiveInt | None = None
    cache: bool = True

    _batch: int | None = PrivateAttr(default=None)  # of the step, where its replicas share the batches
    _occurrences: Counter[int] = PrivateAttr(default_factory=Counter)
    _batcher: Batcher | None = PrivateAttr(default=None)

    def __getstate__(self) -> dict[str, Any]:
        # A copy for a pipeline's worker counts its own occurrences.
        state = super().__getstate__()
        private = {**state["__pydantic_private__"], "_batch": None, "_occurrences": Counter(), "_batcher": None}
        return {**state, "__pydantic_private__": private}

    @validate_call
    def generate(  # type: ignore[override]
        self,
        inputs: list[Any],
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

        A row that cannot be used gets `None` as its text and costs nothing else: its messages hold `None` ("none"), it
        is no conversation, holds something other than texts or is refused by the chat template ("unreadable"), or its
        prompt leaves the model no room to write ("too long"). Where the room is less than `max_new_tokens`, as much is
        written as fits.

        Args:
            inputs: a list of inputs in chat format to generate responses for; texts may come in parts.
            num_generations: the number of texts to create per input. Defaults to `1`.
            max_new_tokens: the maximum number of new tokens that the model will generate. Defaults to `128`.
            temperature: the temperature to use for the generation; `0` takes the most likely token. Defaults to `0.7`.
            repetition_penalty: the repetition penalty to use for the generation. Defaults to `1.0`.
            top_p: the top-p value to use for the generation. Defaults to `0.9`.
            top_k: the top-k value to use for the generation; `0` means all tokens. Defaults to `50`.
            do_sample: whether to use sampling or not. Defaults to `True`.
            seed: seed of this call's random streams. Defaults to the seed of the LLM.

        Returns:
            For each input its texts, with token counts and the reason each text ended ("stop" or "length") or is not
            there (above). The first row of a kind that cannot be used is told in a warning.
        """
        model = self.local_model
        params = SamplingParams(temperature, top_p, top_k, repetition_penalty, do_sample)
        if self.structured_output is not None:
            # Outlines' processors count the tokens of one call; distilabel's own path knows how to drive them.
            return super().generate(inputs, num_generations, max_new_tokens, **asdict(params))
        budget = min(max_new_tokens, int(os.environ.get("PROMPT2DATA_REHEARSAL") or max_new_tokens))
        seed = self.seed if seed is None else seed
        values = self.value_cache(TEXT)
        mark = self.mark()
        try:
            asked = [self._requests(input, num_generations, params, budget, seed, values) for input in inputs]
            requests = [own if isinstance(own, list) else [] for own in asked]
            rows = iter(self._rows(list(chain.from_iterable(requests)), params, budget, values))
        except BaseException:
            self.rewind(mark)
            raise
        outputs = []
        for request, own in zip(asked, requests, strict=True):
            decoded = list(islice(rows, len(own)))
            texts: list[str | None] = [model.text(row.tokens) for row in decoded]
            output = prepare_output(
                texts or [None] * num_generations,
                input_tokens=[len(request.prompt) for request in own] or [0] * num_generations,
                output_tokens=[len(row.tokens) for row in decoded] or [0] * num_generations,
            )
            reasons = [row.finish_reason for row in decoded] or [str(request)] * num_generations
            output["statistics"]["finish_reason"] = reasons
            outputs.append(output)
        return outputs

    def value_cache(self, kind: str) -> ValueCache:
        """What the generation cache keeps of one kind of values for this LLM."""
        return ValueCache(self.local_model, kind, self.cache)

    def _requests(
        self,
        input: Any,
        num_generations: int,
        params: SamplingParams,
        budget: int,
        seed: int,
        values: ValueCache,
    ) -> list[Request] | str:
        """What to generate for one input: its prompt, where it ends, its random streams, and its keys in the cache.

        Or else the reason why nothing can be generated.

        The stream leaves out the budget and the model: more tokens go on with the same text, and two models are
        compared with the same luck.
        """
        try:
            input = readable(input)
            text = self.prepare_input(input)
        except NoPrompt as error:
            if error.reason != MISSING:  # distilabel's way to say that an earlier step failed
                self.warn_once(error.reason, str(error))
            return error.reason
        prompt, stop, context = self.local_model.encode(text), self.stop_tokens(input), self.local_model.context
        if not fits(prompt, context, new=1):
            self.warn_once(TOO_LONG, too_long(len(prompt), context))
            return TOO_LONG
        room = None if context is None else context - len(prompt)
        row = stream_key(batch=self._batch, prompt=text, params=params, seed=seed, step=calling_step())
        self._occurrences[row] += 1
        streams = text_streams(row, self._occurrences[row], num_generations)
        parts = {"prompt": prompt, "stop": sorted(stop), "max_new_tokens": budget}
        # The key leaves out the room as well: a text that was kept before is cut to it.
        keys = [values.key(stream=f"{stream:032x}", **parts) for stream in streams]
        return [Request(prompt, stop, *own, room) for own in zip(streams, keys, strict=True)]

    def _rows(
        self, requests: list[Request], params: SamplingParams, budget: int, values: ValueCache
    ) -> list[DecodedRow]:
        """The row of each request: from the cache, or decoded now, with a progress bar, and kept there."""
        found = values.find({index: request.entry for index, request in enumerate(requests)})
        rows = {index: _within(DecodedRow(*unpack_text(payload)), requests[index]) for index, payload in found.items()}
        missing = [index for index in range(len(requests)) if index not in rows]

        def finish(number: int, row: DecodedRow) -> None:
            rows[missing[number]] = row
            values.put(requests[missing[number]].entry, pack_text(row.tokens, row.finish_reason))

        if missing:
            if self._batcher is None:
                self._batcher = Batcher(self.batch_size)
            self.local_model.load()  # before the bar of the texts, with a bar of its own
            with generation_progress(total=len(requests)) as progress:
                progress.update(0, len(requests) - len(missing))
                self._batcher.decode(
                    self.local_model, [requests[index] for index in missing], params, budget, progress, finish
                )
        count_texts(len(missing), len(requests) - len(missing))
        return [rows[index] for index in range(len(requests))]

    def begin_batch(self, number: int) -> None:
        """Count occurrences anew, for batch `number` of a step.

        Replicas share a step's batches as they come, so that only the batch can say how often a prompt came before.
        """
        self._batch = number
        self._occurrences.clear()

    def mark(self) -> Counter[int]:
        """How often each prompt came so far, for `rewind`."""
        return self._occurrences.copy()

    def rewind(self, mark: Counter[int]) -> None:
        """Forget what came after `mark`: whoever tries the same rows again gets the texts that are there already."""
        self._occurrences = mark.copy()


def _within(row: DecodedRow, request: Request) -> DecodedRow:
    """A row as far as there is room for it."""
    fits_whole = request.room is None or len(row.tokens) < request.room
    return row if fits_whole else DecodedRow(row.tokens[: request.room], "length")
