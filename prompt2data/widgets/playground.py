"""Sampling, moved by sliders: what they do to the next token's chances, and to the texts that come of it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partialmethod
from typing import TYPE_CHECKING, Any

from prompt2data.engine.decoding import DecodedRow, Request, decode
from prompt2data.engine.local_model import Reader
from prompt2data.engine.prompts import fits, prompt_too_long
from prompt2data.engine.sampling import SamplingParams, probabilities, stream_key
from prompt2data.i18n import _
from prompt2data.metrics import distinct_n
from prompt2data.widgets.view import View

if TYPE_CHECKING:
    import torch

    from prompt2data.llm import BatchedTransformersLLM

_LONGEST_PROMPT = 2_000  # characters
_CANDIDATES = 10
_REDRAW_SECONDS = 0.1
_RUNS_SHOWN = 6


@dataclass(frozen=True)
class Settings(SamplingParams):
    """Where the sliders stand: how tokens are drawn, and how many texts."""

    samples: int = 3


# Name of a slider -> lowest, highest, step.
RANGES = {"temperature": (0.0, 2.0, 0.05), "top_p": (0.05, 1.0, 0.05), "top_k": (0, 100, 1), "samples": (1, 8, 1)}


@dataclass(frozen=True)
class Run:
    """One press of *Generate*: its settings, and what came."""

    settings: Settings
    texts: tuple[str, ...]
    ended: int

    @property
    def distinct(self) -> tuple[float, float]:
        return distinct_n(self.texts, 1), distinct_n(self.texts, 2)


class SamplingPlayground(View):
    """Temperature, top-p and top-k as sliders over one prompt.

    The chart shows the first token of an answer, and moves with the sliders at once. The texts are drawn with the same
    random numbers until the reader asks for new ones, so that a change comes from a slider and not from luck.

    Args:
        llm: the engine; it is loaded if it is not.
        prompt: what the user says to the model.
        settings: where the sliders stand at first.
        max_new_tokens: the most tokens of a text.
        seed: seed of the first texts; *Generate* goes on to the next.

    Attributes:
        settings: where the sliders stand.
        texts: the texts on the page.
        runs: what was generated so far, the newest last.
    """

    part_names = ("intro", "controls", "chart", "status", "texts", "runs")
    templates = "playground"

    def __init__(
        self,
        llm: BatchedTransformersLLM,
        prompt: str,
        settings: Settings | None = None,
        max_new_tokens: int = 24,
        seed: int = 0,
    ) -> None:
        llm.load()
        self.llm, self.prompt = llm, prompt if isinstance(prompt, str) else ""
        self.settings = settings or Settings()
        self.max_new_tokens, self.seed = max_new_tokens, seed
        self.by_itself = True  # whether moving a slider generates anew
        self.texts: list[str] = []
        self.runs: list[Run] = []
        self._logits: torch.Tensor | None = None
        self._version, self._cancelled = 0, False
        super().__init__()
        if not self._prompt_fault():
            for _step in self._generation():
                pass
        self.redraw()

    def title(self) -> str:
        return _("Sampling playground")

    # -- what it shows ------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        if name == "chart":
            return not self._prompt_fault()
        if name == "runs":
            return len(self.runs) > 1
        return not static or name in ("intro", "texts")

    def part_controls(self, static: bool) -> str:
        sliders = [
            ("temperature", _("temperature"), _("0 (greedy)")),
            ("top_p", _("top-p"), ""),
            ("top_k", _("top-k"), _("0 (all tokens)")),
            ("samples", _("number of samples"), ""),
        ]
        rows = [(name, label, zero, RANGES[name], getattr(self.settings, name)) for name, label, zero in sliders]
        return self.render("controls", longest=_LONGEST_PROMPT, sliders=rows)

    def part_chart(self, static: bool) -> str:
        ids, _stop = self._input()
        if self._logits is None:
            self._logits = Reader().logits(self.llm.local_model, ids)
        before, after = self._logits.double().softmax(dim=-1), probabilities(self._logits, self.settings)
        rows = []
        for id_ in before.topk(_CANDIDATES).indices.tolist():
            text = self.llm.local_model.tokenizer.decode([id_])
            rows.append((repr(text), float(before[id_]), float(after[id_])))
        alive = int((after > 0).sum())
        entropy = -float((after[after > 0] * after[after > 0].log()).sum())
        return self.render("chart", rows=rows, alive=alive, vocabulary=len(after), alike=math.exp(entropy))

    def message(self) -> str:
        """What it is doing, or why it cannot generate; for the part `status`."""
        if fault := self._prompt_fault():
            return fault
        if self.working:
            return _("Generating …")
        return _("Stopped.") if self._cancelled else _("Ready.")

    def part_texts(self, static: bool) -> str:
        one, two = distinct_n(self.texts, 1), distinct_n(self.texts, 2)
        return self.render("texts", one=one, two=two)

    def part_runs(self, static: bool) -> str:
        return self.render("runs", runs=self.runs[-_RUNS_SHOWN:][::-1])

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_prompt(self, value: str) -> None:
        self.prompt, self._logits = value[:_LONGEST_PROMPT], None
        self._version += 1  # texts of the old prompt stop coming
        self._cancelled = True
        self.redraw("chart", "status")

    def do_by_itself(self, value: str) -> None:
        self.by_itself = value == "true"

    def do_generate(self, _value: str) -> None:
        self.seed += 1
        self._again()

    def do_cancel(self, _value: str) -> None:
        self._cancelled = True
        self.redraw("status")

    def _set(self, name: str, value: str) -> None:
        low, high, _step = RANGES[name]
        number: Any = max(low, min(type(low)(float(value)), high))  # in this order not-a-number becomes the lowest
        self.settings = replace(self.settings, **{name: number})
        self.redraw("chart")
        if self.by_itself:
            self._again()

    do_temperature, do_top_p = partialmethod(_set, "temperature"), partialmethod(_set, "top_p")
    do_top_k, do_samples = partialmethod(_set, "top_k"), partialmethod(_set, "samples")

    # -- generating ---------------------------------------------------------------------------------------------------

    def _prompt_fault(self) -> str:
        if not self.prompt.strip():
            return _("Write a prompt first.")
        ids, _stop = self._input()  # loads what it needs
        context = self.llm.local_model.context
        return "" if fits(ids, context, new=1) else prompt_too_long(len(ids), context)

    def _again(self) -> None:
        """Generate with the present settings; what is on its way is given up."""
        if self._prompt_fault():
            self.redraw("status")
            return
        self._version += 1
        self._cancelled = False
        if not self.working:
            self.start(self._work())
        self.redraw("status")

    async def _work(self) -> None:
        done = None
        while done != self._version and not self._cancelled:
            done, redrawn = self._version, 0.0
            for _step in self._generation():
                if time.monotonic() - redrawn > _REDRAW_SECONDS:
                    self.redraw("texts")
                    redrawn = time.monotonic()
                await asyncio.sleep(0)  # the kernel looks whether the reader did something
                if self._cancelled or done != self._version:
                    break
            self.redraw("texts", "runs")

    def _generation(self) -> Iterator[None]:
        """Fill `texts` token by token; what was generated whole is added to `runs`."""
        settings, budget, (ids, stop) = self.settings, self.max_new_tokens, self._input()
        model = self.llm.local_model
        room = None if model.context is None else model.context - len(ids)
        # The streams know nothing of the sliders: the same luck for each of their positions.
        keys = [stream_key(playground=self.prompt, seed=self.seed, sample=n) for n in range(settings.samples)]
        rows: list[DecodedRow] = []
        for rows in decode(model, [Request(ids, stop, key, room=room) for key in keys], settings, budget):
            self.texts = [model.text(row.tokens) for row in rows]
            yield
        self.runs.append(Run(settings, tuple(self.texts), sum(row.finish_reason == "stop" for row in rows)))

    def _input(self) -> tuple[list[int], frozenset[int]]:
        """Token ids of the prompt, and those that end a text."""
        self.llm.load()  # a later cell may have unloaded it
        messages = [{"role": "user", "content": self.prompt}]
        return self.llm.local_model.encode(self.llm.prepare_input(messages)), self.llm.stop_tokens(messages)
