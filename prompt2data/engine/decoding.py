"""Requests through a causal language model, token by token: a row that ends makes room for one that waits.

Why not `model.generate`: it draws all rows from one random stream, so a row's text depends on its neighbours; and
a row that has ended keeps costing as much as one that still writes. Here each row brings its own random numbers,
another takes the place of one that has ended, and what prompts share at their beginning is read only once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from prompt2data.engine.local_model import LocalModel
from prompt2data.engine.rows import rows_of
from prompt2data.engine.sampling import SamplingParams, next_tokens, uniforms


@dataclass(frozen=True)
class Request:
    """One text to generate.

    Attributes:
        prompt: token ids, at least one.
        stop: token ids that end the text.
        stream: key of its random numbers (`sampling.uniforms`).
        entry: where the generation cache keeps it; `None` where nothing is kept.
        room: the most tokens that the model can write after the prompt; `None` where nothing limits it.
    """

    prompt: list[int]
    stop: frozenset[int]
    stream: int
    entry: str | None = None
    room: int | None = None


@dataclass
class DecodedRow:
    """What the model wrote for one prompt: token ids without the end token, and why it stopped."""

    tokens: list[int] = field(default_factory=list)
    finish_reason: str = "length"


class Waiting:
    """The requests that nobody has begun, for all who decode them side by side.

    Args:
        requests: all requests.
        indices: those that wait; all where nothing is said.
    """

    def __init__(self, requests: Sequence[Request], indices: Sequence[int] | None = None) -> None:
        self._requests = requests
        self._lock = threading.Lock()
        # Equal prompts next to each other, because they are read once.
        self._indices = sorted(
            range(len(requests)) if indices is None else indices,
            key=lambda index: (len(requests[index].prompt), requests[index].prompt),
        )

    def __len__(self) -> int:
        return len(self._indices)

    def take(self, number: int) -> list[int]:
        """At most `number` requests, the longest first: if memory is short, that shows at once."""
        with self._lock:
            taken = self._indices[: -number - 1 : -1]
            del self._indices[len(self._indices) - len(taken) :]
        return taken

    def longest(self) -> int:
        """Tokens of the longest prompt that waits; 0 where none does."""
        with self._lock:
            return len(self._requests[self._indices[-1]].prompt) if self._indices else 0


@torch.inference_mode()
def decode(
    model: LocalModel,
    requests: Sequence[Request],
    params: SamplingParams,
    max_new_tokens: int,
    slots: Callable[[int], int] | None = None,
    waiting: Waiting | None = None,
    on_step: Callable[[int, int], None] | None = None,
    on_finish: Callable[[int, DecodedRow], None] | None = None,
) -> Iterator[list[DecodedRow]]:
    """Continue the prompts until a stop token, `max_new_tokens` or the end of their room, and yield after each token.

    Args:
        model: the model to decode with.
        requests: what to generate.
        params: how tokens are drawn.
        max_new_tokens: the most tokens a row may get.
        slots: gives the most rows at once, for the most tokens of a row; all where nothing is said.
        waiting: where to take requests from; all of them where nothing is said.
        on_step: called after each step with the number of tokens it gave and of rows it finished.
        on_finish: called with a request's index and its row, as soon as that ends.

    Yields:
        After each step one `DecodedRow` a request, in the order of the requests: the same objects, which grow.
    """
    waiting = Waiting(requests) if waiting is None else waiting
    most = slots or (lambda _room: len(requests))
    batch = _Batch(model, requests, params, max_new_tokens, most, waiting)
    while (drawn := batch.refill() or batch.advance()) is not None:
        for index in drawn.ended:
            if on_finish is not None:
                on_finish(index, batch.results[index])
        if on_step is not None:
            on_step(drawn.tokens, len(drawn.ended))
        yield batch.results


class _Drawn(NamedTuple):
    """How many tokens were drawn, and the requests that ended with them."""

    tokens: int
    ended: list[int]


class _Batch:
    """The rows under way, and what each needs for its next token. Lists and tensors are indexed by slot."""

    def __init__(
        self,
        model: LocalModel,
        requests: Sequence[Request],
        params: SamplingParams,
        budget: int,
        most: Callable[[int], int],
        waiting: Waiting,
    ) -> None:
        self.results = [DecodedRow() for _request in requests]
        self._model, self._requests, self._params, self._budget = model, requests, params, budget
        self._most, self._waiting = most, waiting
        self._taken: list[int] = []  # requests that are ours, but have no slot yet; the last is the first to get one
        self._request: list[int] = []
        self._token: list[int] = []
        self._holes: list[int] = []  # slots whose rows have ended
        self._slots = 0

    def _allocate(self, room: int) -> None:
        """Make slots for rows of at most `room` tokens; those that there were are gone."""
        self._slots = max(1, self._most(room))
        self._request, self._token, self._holes = [], [], []
        device, vocabulary = self._model.device, self._model.model.config.vocab_size
        self._rows = rows_of(self._model, self._slots, room)
        self._draws = torch.zeros((self._slots, self._budget), dtype=torch.double, device=device)
        self._seen = None
        if self._params.repetition_penalty != 1.0:
            self._seen = torch.zeros((self._slots, vocabulary), dtype=torch.bool, device=device)

    def refill(self) -> _Drawn | None:
        """Let waiting requests into free slots, and draw the first token of each. `None` where nobody comes in."""
        empty = len(self._holes) == len(self._request)
        if not self._taken:
            if not (longest := self._waiting.longest()):
                return None
            room = longest + self._budget
            if not self._slots or not self._rows.joinable or self._most(room) >= 2 * self._slots:
                if not empty:
                    return None  # far more will fit once the rows under way have ended
                self._allocate(room)
            # More than there are free slots for: prompts are read in groups. A few, or others would have none.
            free = self._slots - len(self._request) + len(self._holes)
            ahead = min(self._slots // 4, len(self._waiting) // 8)
            self._taken = self._waiting.take(max(free, ahead))[::-1] if free else []
            if self._taken:
                self._rows.read([self._requests[index].prompt for index in self._taken])
        slots = [*self._holes, *range(len(self._request), self._slots)][: len(self._taken)]
        if not slots:
            return None
        self._holes = [slot for slot in self._holes if slot not in slots]
        added = max(0, max(slots) + 1 - len(self._request))
        self._request += [0] * added
        self._token += [0] * added
        for slot in slots:
            self._request[slot] = self._taken.pop()
            request = self._requests[self._request[slot]]
            if not self._params.greedy:
                self._draws[slot] = torch.from_numpy(uniforms(request.stream, self._budget))
            if self._seen is not None:
                self._seen[slot] = False
                self._seen[slot, request.prompt] = True
        return self._draw(slots, self._rows.add(slots, [self._requests[self._request[slot]].prompt for slot in slots]))

    def advance(self) -> _Drawn | None:
        """Draw the next token of every row. `None` where all have ended."""
        if self._holes:
            self._close_holes()
        if not self._request:
            return None
        logits = self._rows.step(torch.tensor(self._token, device=self._model.device))
        return self._draw(list(range(len(self._request))), logits)

    def _draw(self, slots: list[int], logits: torch.Tensor) -> _Drawn:
        """Draw a token for the rows in these slots, and see which of them end with it."""
        rows = [self.results[self._request[slot]] for slot in slots]
        uniform = None if self._params.greedy else self._draws[slots, [len(row.tokens) for row in rows]]
        seen = None if self._seen is None else self._seen[slots]
        tokens, ended = next_tokens(logits, uniform, self._params, seen).tolist(), []
        for slot, row, token in zip(slots, rows, tokens, strict=True):
            request = self._requests[self._request[slot]]
            if token in request.stop:
                row.finish_reason = "stop"
            else:
                row.tokens.append(token)
            if row.finish_reason == "stop" or len(row.tokens) in (self._budget, request.room):
                ended.append(self._request[slot])
                self._holes.append(slot)
            self._token[slot] = token
        if self._seen is not None:
            self._seen[slots, tokens] = True
        return _Drawn(len(slots), ended)

    def _close_holes(self) -> None:
        """Move the last rows into the slots of those that have ended."""
        order = list(range(len(self._request)))
        for hole in sorted(self._holes, reverse=True):
            last = order.pop()
            if hole < len(order):
                order[hole] = last
        self._holes = []
        self._request, self._token = [self._request[slot] for slot in order], [self._token[slot] for slot in order]
        if order:
            self._rows.keep(order)
            self._draws[: len(order)] = self._draws[order]
            if self._seen is not None:
                self._seen[: len(order)] = self._seen[order]
