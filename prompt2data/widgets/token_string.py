"""Model of the stepper widget: a chat model's string, grown one token at a time, in turns.

Everything about turns is derived from the model's own chat template: conversations of markers are rendered, and what
stands around the markers are the headers and the ends of turns.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal

import torch

from prompt2data.engine.local_model import empty_prompt_id
from prompt2data.engine.sampling import SamplingParams, next_tokens, stream_key, text_streams, uniforms
from prompt2data.i18n import _
from prompt2data.magpie import pre_query_prompt, renderer, user_header
from prompt2data.untrusted import whole

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Role = Literal["system", "user", "assistant"]

_SYSTEM, _USER = "SystemTextStandsHere", "UserTextStandsHere"  # nothing a template trims, escapes or says by itself
_BROKEN = "\ufffd"  # what a decoder writes for bytes that are no whole character
_LONGEST_CHARACTER = 4  # bytes of a character in UTF-8, so tokens that may share one


class ChatFormat:
    """What a tokenizer's chat template puts around turns, and which tokens are special.

    Attributes:
        headers: what opens a turn of each role; a role the template does not know is missing.
        handover: what stands between the user's words and the assistant's: end of turn, then the assistant's header.
        special: ids of all special tokens.

    Raises:
        ValueError: if there is no chat template, or one that does not say whose turn it is.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        self._render = renderer(tokenizer)
        user = {"role": "user", "content": _USER}
        self.handover = ""
        if tokenizer.chat_template is not None:
            self.handover = renderer(tokenizer, add_generation_prompt=True)([user]).rpartition(_USER)[2]
        if not self.handover:
            raise ValueError(_("This model has no chat template that marks turns: use a chat model."))
        closed = self._render([user]).rpartition(_USER)[2]
        self.headers: dict[Role, str] = {
            "user": user_header(self._render),
            # A template without an assistant's header ([INST] … [/INST]) opens that turn by closing the user's.
            "assistant": (self.handover[len(closed) :] if self.handover.startswith(closed) else "") or self.handover,
            "system": self._render([{"role": "system", "content": _SYSTEM}, user]).partition(_SYSTEM)[0],
        }
        if self.headers["user"] in self.headers["system"]:  # it puts the system's text into the user's turn
            del self.headers["system"]
        self.headers = {role: header for role, header in self.headers.items() if header.strip()}
        added = {id_ for id_, token in tokenizer.added_tokens_decoder.items() if token.special}
        self.special = frozenset({*tokenizer.all_special_ids, *added})

    def prompt(self, system: str | None = None) -> str:
        """The template's rendering up to where the user's words would begin."""
        return pre_query_prompt(self._render, [] if system is None else [{"role": "system", "content": system}])

    def ids(self, text: str) -> list[int]:
        """Token ids of `text`, nothing added; half a surrogate pair is read as U+FFFD."""
        return self.tokenizer(whole(text), add_special_tokens=False)["input_ids"]

    def text(self, ids: Sequence[int], skip_special: bool = False) -> str:
        """The text of token ids."""
        text = self.tokenizer.decode(list(ids), skip_special_tokens=skip_special, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)  # a list only for several rows
        return text


@dataclass(frozen=True)
class Piece:
    """What is shown of the string at once: a token, or the few that make one character.

    `text` is empty while they make none. `written` is false for what the template or the prompt gave.
    """

    text: str
    ids: tuple[int, ...]
    special: bool
    written: bool


@dataclass(frozen=True)
class Turn:
    """A stretch of the string from a header on; `role` is None before the first header."""

    role: Role | None
    pieces: tuple[Piece, ...]
    body: int  # how many of the pieces are the header

    def text(self) -> str:
        """What was written in this turn, without its header and special tokens."""
        return "".join(piece.text for piece in self.pieces[self.body :] if piece.written and not piece.special)


@dataclass(frozen=True)
class Candidate:
    """A token that may come next: its text (empty if it is part of a character), and its probability, 0 to 1."""

    id: int
    text: str
    probability: float
    special: bool


@dataclass(frozen=True)
class State:
    """The string at one moment.

    `written` tells of each token whether the model wrote it (or the reader chose it); `start` is where the tokens that
    are being written begin, and `before` the text up to there.
    """

    ids: tuple[int, ...]
    written: tuple[bool, ...]
    start: int
    before: str


class Stepping:
    """A string that grows token by token, and the way back.

    Args:
        form: the model's chat format.
        end_ids: ids of the tokens that end the assistant's turn. The user's ends with any special token, since a model
            that speaks as the user must not go on and play the next turn.
        prompt: the string to begin with.
        seed: seed of the random draws.
        longest: the most tokens written in a turn.

    Attributes:
        state: the string now.
        seed: seed of the draws.
    """

    def __init__(self, form: ChatFormat, end_ids: frozenset[int], prompt: str, seed: int, longest: int) -> None:
        self.form, self.longest = form, longest
        self._ends_answer = end_ids
        self._ends_question = end_ids | set(form.tokenizer.all_special_ids)
        self._header_ids = {role: form.ids(header) for role, header in form.headers.items()}
        self._texts: dict[tuple[int, ...], str] = {}
        self.restart(prompt, seed)

    def restart(self, prompt: str, seed: int) -> None:
        """Begin anew after this prompt. An empty one stands for the token that opens or closes a text."""
        ids = self.form.ids(prompt) or [empty_prompt_id(self.form.tokenizer)]
        self.seed = seed
        self.state = State(tuple(ids), (False,) * len(ids), len(ids), prompt)
        self._past: list[State] = []
        self._parsed: tuple[State | None, list[Turn]] = (None, [])

    # -- its state --------------------------------------------------------------------------------------------------

    def turns(self) -> list[Turn]:
        """The string in turns, each from its header on."""
        if self._parsed[0] is not self.state:
            self._parsed = (self.state, self._parse())
        return self._parsed[1]

    def _parse(self) -> list[Turn]:
        pieces = self._pieces()
        offsets = list(accumulate((len(piece.text) for piece in pieces), initial=0))
        text = "".join(piece.text for piece in pieces)
        starts: dict[int, tuple[Role | None, int]] = {0: (None, 0)}
        for role, header in self.form.headers.items():
            id_ = self._header_ids[role][0]
            for match in re.finditer(re.escape(header), text):
                first = bisect_right(offsets, match.start()) - 1
                # Ordinary tokens may spell a special one: that is not a header.
                genuine = id_ not in self.form.special or pieces[first].ids[0] == id_
                if genuine and (role != "system" or first == 0):
                    starts[first] = (role, bisect_left(offsets, match.end()) - first)
        return [
            Turn(starts[first][0], tuple(pieces[first:after]), starts[first][1])
            for first, after in pairwise([*sorted(starts), len(pieces)])
        ]

    @property
    def speaker(self) -> Role | None:
        """Whose words come next: "user", "assistant", or None where no header says so."""
        role = self.turns()[-1].role
        return None if role == "system" else role

    def ends(self, id_: int) -> bool:
        """Whether this token would end the turn."""
        return id_ in (self._ends_answer if self.speaker == "assistant" else self._ends_question)

    @property
    def n_written(self) -> int:
        """How many tokens were written since the prompt or the hand-over."""
        return len(self.state.ids) - self.state.start

    @property
    def ended(self) -> bool:
        """Whether the turn was closed by the model (or the reader)."""
        return self.n_written > 0 and self.ends(self.state.ids[-1])

    @property
    def full(self) -> bool:
        """Whether the turn has as many tokens as it may have, and is not closed."""
        return self.n_written >= self.longest and not self.ended

    @property
    def can_grow(self) -> bool:
        """Whether a token may be added."""
        return not self.ended and not self.full

    @property
    def can_hand_over(self) -> bool:
        """Whether the assistant may be given the word."""
        return not self.can_grow and self.speaker != "assistant"

    @property
    def can_go_back(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._past)

    def pair(self) -> tuple[str, str] | None:
        """Instruction and answer, when the assistant's turn is over; the instruction is "" if no user spoke."""
        if self.can_grow or self.speaker != "assistant":
            return None
        turns = self.turns()
        return "".join(turn.text() for turn in turns if turn.role == "user"), turns[-1].text()

    # -- its changes --------------------------------------------------------------------------------------------------

    def append(self, id_: int) -> None:
        """Put a token at the end."""
        now = self.state
        self._become(replace(now, ids=(*now.ids, id_), written=(*now.written, True)))

    def draw(self, logits: torch.Tensor, params: SamplingParams) -> int:
        """The next token, drawn from logits of shape [vocabulary].

        The random numbers are those of the first text that `BatchedTransformersLLM.generate` makes for this prompt,
        seed and sampling: the same tokens come.
        """
        row = stream_key(batch=None, prompt=self.state.before, params=params, seed=self.seed, step="")
        (stream,) = text_streams(row, occurrence=1, number=1)
        uniform = torch.tensor(uniforms(stream, self.n_written + 1)[-1:])
        return int(next_tokens(logits.unsqueeze(0), uniform, params)[0])

    def hand_over(self) -> None:
        """Close the user's turn as the chat template does, and open the assistant's."""
        now, new = self.state, self.form.ids(self.form.handover)
        # The token that closed the turn stays if it is the template's own.
        kept = len(now.ids) - self.ended
        text = now.before + self.form.text(now.ids[now.start : kept], skip_special=True) + self.form.handover
        if self.ended and new[0] == now.ids[-1]:
            kept, new = kept + 1, new[1:]
        ids = (*now.ids[:kept], *new)
        self._become(State(ids, now.written[:kept] + (False,) * len(new), len(ids), text))

    def back(self) -> None:
        """Take back the last token, or the hand-over."""
        if self._past:
            self.state = self._past.pop()

    def _become(self, state: State) -> None:
        self._past.append(self.state)
        self.state = state

    # -- texts --------------------------------------------------------------------------------------------------------

    def candidates(self, logits: torch.Tensor, k: int) -> list[Candidate]:
        """The `k` most likely next tokens, most likely first, before temperature and cut-offs."""
        top = logits.softmax(dim=-1).topk(k)
        return [
            Candidate(id_, self.text_of(id_), probability, id_ in self.form.special)
            for id_, probability in zip(top.indices.tolist(), top.values.tolist(), strict=True)
        ]

    def text_of(self, id_: int) -> str:
        """What this token would add to the string; empty if it is part of a character."""
        text = self._text_after(self.state.ids[-1], (id_,))
        return "" if _BROKEN in text else text

    def _pieces(self) -> list[Piece]:
        pieces = []
        ids, written = self.state.ids, self.state.written
        first = 0
        while first < len(ids):
            before = ids[first - 1] if first else None
            for size in range(1, min(_LONGEST_CHARACTER, len(ids) - first) + 1):
                text = self._text_after(before, ids[first : first + size])
                if _BROKEN not in text:
                    break
            else:
                size, text = 1, ""
            taken = ids[first : first + size]
            pieces.append(Piece(text, taken, taken[0] in self.form.special, written[first]))
            first += size
        return pieces

    def _text_after(self, before: int | None, ids: tuple[int, ...]) -> str:
        """What tokens add to a text; some tokenizers drop the space of a word that stands first."""
        key = (-1 if before is None else before, *ids)
        if key not in self._texts:
            head = "" if before is None else self.form.text([before])
            whole = self.form.text(ids if before is None else [before, *ids])
            self._texts[key] = whole[len(head) :] if whole.startswith(head) else self.form.text(ids)
        return self._texts[key]
