"""What all ways have to generate: lists of requests, written to a file that every way reads.

Standard library alone at the top: a peer's interpreter need not have what the course has.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SAMPLING = {"temperature": 0.7, "top_p": 0.9, "top_k": 50, "repetition_penalty": 1.0}
MAX_NEW_TOKENS = 64
SYSTEM = "The user will ask you a question about baking bread at home."
TOPICS = ("flour", "yeast", "salt", "steam", "the oven", "the crust", "kneading", "proofing", "rye", "storing bread")
MAGPIE = {f"m{rows}": rows for rows in (4, 16, 64, 256, 1000, 10_000)}  # work -> rows
UNEQUAL = 64  # rows of u64


@dataclass
class Work:
    """Requests to generate from.

    Attributes:
        rows: how many texts; request `n % len(chats)` is that of row `n`.
        ends: whether a text may end before `MAX_NEW_TOKENS`.
        chats: conversations; in those of Magpie the user is next.
        prompts: what the model reads for each.
        ids: the same in tokens.
    """

    rows: int
    ends: bool
    chats: list[list[dict[str, str]]]
    prompts: list[str]
    ids: list[list[int]]

    def each(self, values: list[Any]) -> list[Any]:
        """One of `chats`, `prompts` or `ids`, with an element for each row."""
        return [values[row % len(values)] for row in range(self.rows)]


@dataclass
class Text:
    """A generated text: its tokens, without the one that ended it, and what it says, where ways are compared by it."""

    tokens: int
    text: str | None = None


@dataclass
class Setting:
    """What a way needs to know: the model's folder, where peers keep their copies of it, and the works by name."""

    model: str
    copies: str
    threads: int
    stop: list[int]  # tokens that end a Magpie row
    works: dict[str, Work]

    def texts(self, work: Work, rows: list[list[int]]) -> list[Text]:
        """The texts of rows of new tokens, in which tokens that end a row, and padding, may be left."""
        ends = set(self.stop) if work.ends else set()
        return [Text(sum(token not in ends for token in row)) for row in rows]


Run = Callable[[Work], list[Text]]


def write(file: Path, copies: Path) -> None:
    """Write the setting of this machine to `file`."""
    from prompt2data import BatchedTransformersLLM
    from prompt2data.ground.machine import available_cores
    from prompt2data.models import EMBEDDED, resolve

    llm = BatchedTransformersLLM(model=EMBEDDED, use_magpie_template=True, cache=False)
    llm.load()

    def work(rows: int, ends: bool, chats: list[list[dict[str, str]]]) -> Work:
        prompts = [llm.prepare_input(chat) for chat in chats]
        return Work(rows, ends, chats, prompts, [llm.local_model.encode(prompt) for prompt in prompts])

    magpie = [{"role": "system", "content": SYSTEM}]
    works = {name: work(rows, True, [magpie]) for name, rows in MAGPIE.items()}
    works["u64"] = work(UNEQUAL, False, unequal())
    setting = Setting(resolve(EMBEDDED), str(copies), available_cores(), sorted(llm.stop_tokens(magpie)), works)
    file.write_text(json.dumps(asdict(setting)), "utf-8")


def unequal() -> list[list[dict[str, str]]]:
    """Conversations whose prompts are of very unequal length: 1 to 60 topics each."""
    draw = random.Random(0)
    topics = [" ".join(draw.choices(TOPICS, k=draw.randint(1, 60))) for _row in range(UNEQUAL)]
    return [[{"role": "user", "content": f"Write about baking: {text}."}] for text in topics]


def read(file: Path) -> Setting:
    """The setting in `file`."""
    content = json.loads(file.read_text("utf-8"))
    return Setting(**content | {"works": {name: Work(**work) for name, work in content["works"].items()}})
