"""Chat templates for the checks of lesson 04: the three that it shows, and others that nobody has seen."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class Family:
    """A chat template, called with messages.

    `refuses`: a system message; `folds`: it into the user's first turn; `asks` for a user's turn.
    """

    name: str
    begin: str = ""
    header: str = "<{role}>"
    end: str = "\n"
    default: str = ""
    trims: bool = False
    refuses: bool = False
    folds: bool = False
    asks: bool = False

    def __repr__(self) -> str:
        return f"renderer({self.name!r})"

    def __call__(self, messages: Messages) -> str:
        messages = [dict(message) for message in messages]
        system = bool(messages) and messages[0]["role"] == "system"
        roles = [message["role"] for message in messages]
        from jinja2 import TemplateError  # as the lesson's templates do

        if self.refuses and "system" in roles:
            raise TemplateError("System role not supported")
        if self.asks and "user" not in roles:
            raise TemplateError("No user query found in messages.")
        if self.folds and system and len(messages) > 1:
            messages[1]["content"] = f"{messages[0]['content']}\n\n{messages[1]['content']}"
            messages = messages[1:]
        text = self.begin + ("" if system else self.default)
        for message in messages:
            content = str(message["content"])
            text += self.header.format(role=message["role"]) + (content.strip() if self.trims else content) + self.end
        return text


_DEFAULT = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
SHOWN = (
    Family("ChatML", "", "<|im_start|>{role}\n", "<|im_end|>\n", _DEFAULT),
    Family("Llama", "<|begin_of_text|>", "<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>", trims=True),
    Family("Gemma", "<bos>", "<start_of_turn>{role}\n", "<end_of_turn>\n", trims=True, refuses=True),
)


def random_family(number: int) -> Family:
    """A template that nobody has seen; the same for the same number."""
    rng = random.Random(number)
    begin, opens, end = ("".join(rng.choices("bo du ka me ri su".split(), k=3)) for _part in range(3))
    return Family(
        f"No. {number}",
        begin=rng.choice(("", f"[{begin}]", f"<{begin}>\n")),
        header=rng.choice((f"[{opens}:{{role}}]", f"<{opens}>{{role}}\n\n", f"{{role}} {opens}: ", "\n## {role}\n")),
        end=rng.choice((f"</{end}>", f"[{end}]\n", "\n\n")),
        default=rng.choice(("", f"[{opens}:system]Be kind.\n")),
        trims=rng.random() < 0.5,
        refuses=number % 2 == 0,
        folds=number % 4 == 1,
        asks=number % 3 == 0,
    )
