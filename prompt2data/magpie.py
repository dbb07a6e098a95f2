"""The prompt after which a chat model speaks as the user, derived from its own chat template.

Magpie (Xu et al., 2024, arXiv:2406.08464) sends a chat model everything up to the point where the user's words
would begin, and lets it write on. Which string that is depends on the model's chat template. It need not be looked
up: render a conversation whose last user turn is a marker, and cut at the marker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from prompt2data.i18n import _

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = dict[str, str]
Render = Callable[[list[Message]], str]
MagpiePrompt = Literal["template", "header", "stock"]

# Nothing a template trims, escapes or says by itself.
_MARKER = "UserTextBeginsHere"
_OTHER = "AnotherTurnStandsHere"
_SYSTEM_MARKER = "SystemTextStandsHere"


def pre_query_prompt(render: Render, conversation: Sequence[Message] = ()) -> str:
    """The prompt that ends right where the user's next words would begin.

    Args:
        render: turns a conversation into the model's prompt, without a generation prompt at its end.
        conversation: the messages so far: none, a system message, or whole turns that end with the assistant's.

    Raises:
        ValueError: if the template does not show the user's text.
    """
    rendered = render([*conversation, {"role": "user", "content": _MARKER}])
    before, marker, _after = rendered.rpartition(_MARKER)
    if not marker:
        message = _(
            "This chat template does not show the user's text, so no Magpie prompt can be cut from it; "
            "use another model."
        )
        raise ValueError(message)
    return before


def user_header(render: Render, bos: str | None = None) -> str:
    """The bare header of a user turn: what a template puts between a finished turn and the user's words.

    For ChatML that is `<|im_start|>user\\n`. It is found by comparing a conversation that ends with an assistant's
    turn with the same one and a further user turn. A begin-of-sequence token that the template opens with stays.
    """
    turns = [{"role": "user", "content": _OTHER}, {"role": "assistant", "content": _OTHER}]
    whole, finished = pre_query_prompt(render, turns), render(turns)
    header = whole[len(finished) :] if whole.startswith(finished) else whole.rpartition(_OTHER)[2]
    bos = bos or ""
    opens_with_bos = bool(bos) and render(turns).startswith(bos)
    return bos + header if opens_with_bos and not header.startswith(bos) else header


def renderer(tokenizer: PreTrainedTokenizerBase, add_generation_prompt: bool = False) -> Render:
    """A function that renders a conversation by the tokenizer's chat template.

    A template without a system role (Gemma's) refuses or drops a system message: its text then goes in front of
    the first user turn, as such models' authors advise.
    """
    from jinja2.exceptions import TemplateError

    def apply(conversation: list[Message]) -> str:
        text = tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=add_generation_prompt)
        assert isinstance(text, str)
        return text

    def render(conversation: list[Message]) -> str:
        if len(conversation) < 2 or conversation[0]["role"] != "system":
            return apply(conversation)
        system, first, *rest = conversation
        try:
            # Asked with a marker: the system's own words might also stand in another message.
            if _SYSTEM_MARKER in apply([{**system, "content": _SYSTEM_MARKER}, first, *rest]):
                return apply(conversation)
        except TemplateError:
            pass
        folded = {**first, "content": f"{system['content']}\n\n{first['content']}"}
        return apply([folded, *rest])

    return render
