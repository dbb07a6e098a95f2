"""Magpie, token by token: the string a chat model reads, what may come next, and whose turn it is."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping

import torch
from markupsafe import Markup, escape

from prompt2data.engine.lazy_llm import LazyTransformersLLM
from prompt2data.engine.local_model import Reader
from prompt2data.engine.sampling import SamplingParams
from prompt2data.i18n import _, percent
from prompt2data.untrusted import visible
from prompt2data.widgets.token_string import Candidate, ChatFormat, Stepping
from prompt2data.widgets.view import View

_LONGEST_TURN = 120  # tokens
_LONGEST_PROMPT = 1_000  # tokens: what two cores read in some seconds, and a page shows at once
_CANDIDATES = 8
_CHANGING = ("buttons", "status", "string", "pair")
_REDRAW_SECONDS = 0.1
_UNSPACED = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥"})


class MagpieStepper(View):
    """A chat model's string token by token, to be grown by drawing tokens or by choosing them.

    It begins with the prompt after which the model speaks as the user. When that turn has ended it is handed over, and
    the model answers: a pair of instruction and response.

    Args:
        llm: an LLM that runs here, such as `BatchedTransformersLLM`; it is loaded if it is not.
        system: text of a system message to begin with; None leaves it to the chat template.
        seed: seed of the first run; *Start again* goes on to the next.
        prompt: a string of your own to begin with, or several by name, between which the reader may choose.

    Attributes:
        stepping: the string and what may be done with it.
        temperature: where the slider stands; 0 takes the most likely token.

    Raises:
        TypeError: if the LLM does not run here.
        ValueError: if the model has no chat template, or a prompt is too long.
    """

    part_names = ("intro", "controls", "buttons", "status", "string", "pair")
    templates = "stepper"
    highest = 2.0  # end of the slider of the temperature

    def __init__(
        self,
        llm: LazyTransformersLLM,
        system: str | None = None,
        seed: int = 0,
        prompt: str | Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(llm, LazyTransformersLLM):
            raise TypeError(_("The stepper needs a model that runs here, such as BatchedTransformersLLM()."))
        if system is not None and prompt is not None:
            raise ValueError(_("Give the stepper a system text or a prompt of your own, not both."))
        llm.load()
        self.llm = llm
        form = ChatFormat(llm.local_model.tokenizer)
        if isinstance(prompt, Mapping):
            self.prompts = {str(name): str(text) for name, text in prompt.items()} or {"": form.prompt()}
        else:
            self.prompts = {"": form.prompt(system) if prompt is None else str(prompt)}
        for text in self.prompts.values():
            n = len(form.ids(text))
            if n > _LONGEST_PROMPT:
                message = _("The prompt has {n} tokens, and the stepper takes {most} at most: shorten it.")
                raise ValueError(message.format(n=f"{n:,}", most=f"{_LONGEST_PROMPT:,}"))
        self.name = next(iter(self.prompts))
        self.temperature = 0.7
        self._reader = Reader()
        self.running = self._stopped = False
        self.last = ""  # what the last step did, as text or HTML
        self.stepping = Stepping(form, llm.local_model.stop_tokens, self.prompts[self.name], int(seed), _LONGEST_TURN)
        super().__init__()

    def title(self) -> str:
        return _("Magpie, token by token")

    # -- what it shows ------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        if name == "pair":
            return self.stepping.pair() is not None
        return not static or name in ("intro", "string")

    def part_string(self, static: bool) -> str:
        return self.render("string", static=static, candidates=self._candidates(), shown=_shown)

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_temperature(self, value: str) -> None:
        number = float(value)
        self.temperature = min(max(number, 0.0), self.highest) if math.isfinite(number) else self.temperature

    def do_prompt(self, value: str) -> None:
        self._check_idle()
        if value in self.prompts:
            self.name = value
            self._restart(self.stepping.seed)

    def do_step(self, _value: str) -> None:
        self._check_idle()
        if self.stepping.can_grow:
            self._step()
            self.redraw(*_CHANGING)

    def do_choose(self, value: str) -> None:
        """Append the candidate with this token id."""
        self._check_idle()
        for candidate in self._candidates():
            if str(candidate.id) == value:
                self._append(candidate.id)
                self.redraw(*_CHANGING)

    async def do_run(self, _value: str) -> None:
        self.running, self._stopped, self.last = True, False, ""
        redrawn = 0.0
        try:
            while self.stepping.can_grow and not self._stopped:
                self._step()
                if time.monotonic() - redrawn > _REDRAW_SECONDS:
                    self.redraw("buttons", "status", "string")
                    redrawn = time.monotonic()
                await asyncio.sleep(0)  # the kernel looks whether the reader pressed something
        finally:
            self.running, self.last = False, _("Stopped.") if self._stopped else ""
            self.redraw(*_CHANGING)

    def do_stop(self, _value: str) -> None:
        self._stopped = True

    def do_hand_over(self, _value: str) -> None:
        self._check_idle()
        if self.stepping.can_hand_over:
            self.stepping.hand_over()
            self.last = _("The template closed the user's turn and opened the assistant's.")
            self.redraw(*_CHANGING)

    def do_back(self, _value: str) -> None:
        self._check_idle()
        self.stepping.back()
        self.last = ""
        self.redraw(*_CHANGING)

    def do_restart(self, _value: str) -> None:
        self._check_idle()
        self._restart(self.stepping.seed + 1)

    def _restart(self, seed: int) -> None:
        self.last = ""
        self.stepping.restart(self.prompts[self.name], seed)
        self.redraw(*_CHANGING)

    def _check_idle(self) -> None:
        if self.running:
            raise RuntimeError(_("It is still running: stop it first."))

    # -- the model ----------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        self._append(self.stepping.draw(self._logits(), SamplingParams(temperature=self.temperature)))

    def _append(self, id_: int) -> None:
        logits = self._logits()
        text, chance = self.stepping.text_of(id_), float(logits.softmax(dim=-1)[id_])
        token = Markup("<code>{}</code>").format(_shown(text))
        message = escape(_("Appended {token}: the model gave it {chance}."))
        self.last = message.format(token=token, chance=percent(chance))
        self.stepping.append(id_)

    def _candidates(self) -> list[Candidate]:
        return self.stepping.candidates(self._logits(), _CANDIDATES) if self.stepping.can_grow else []

    def _logits(self) -> torch.Tensor:
        self.llm.load()  # it may have been unloaded meanwhile
        return self._reader.logits(self.llm.local_model, self.stepping.state.ids)


def _shown(text: str) -> str:
    """A token's text with spaces and line breaks that can be seen."""
    return visible(text.translate(_UNSPACED), 40) if text else _("·bytes·")
