"""The strings that `Magpie` really sends: written down by hand, and equal to the template's own rendering.

The task runs on the real model (two tokens a turn); what is compared is the text that goes into the tokenizer.
"""

from __future__ import annotations

import pytest
from distilabel.models import TransformersLLM
from distilabel.steps.tasks import Magpie
from distilabel.steps.tasks.magpie.base import MAGPIE_MULTI_TURN_SYSTEM_PROMPT
from pydantic import PrivateAttr

from prompt2data.engine.local_model import LocalModel
from prompt2data.llm import BatchedTransformersLLM
from prompt2data.magpie import pre_query_prompt, renderer, user_header
from prompt2data.models import EMBEDDED

SYSTEM = "You help people who bake."
DEFAULT = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"

LLAMA = (
    "{% for m in messages %}{% if loop.first %}<|begin_of_text|>{% endif %}"
    "<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "<bos>{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
# Some templates do not refuse a system message: they leave it out.
SILENT_GEMMA = GEMMA.replace("{{ raise_exception('System role not supported') }}{% endif %}", "{% else %}").replace(
    "<end_of_turn>\n{% endfor %}", "<end_of_turn>\n{% endif %}{% endfor %}"
)
LLAMA_USER = "<|start_header_id|>user<|end_header_id|>\n\n"
LLAMA_SYSTEM = f"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{SYSTEM}<|eot_id|>"

TEMPLATES = {"chatml": None, "llama": LLAMA, "gemma": GEMMA, "silent gemma": SILENT_GEMMA}
# What stands before the user's first words: without and with a system prompt.
FIRST = {
    "chatml": (
        DEFAULT + "<|im_start|>user\n",
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n",
    ),
    "llama": ("<|begin_of_text|>" + LLAMA_USER, LLAMA_SYSTEM + LLAMA_USER),
    "gemma": ("<bos><start_of_turn>user\n", f"<bos><start_of_turn>user\n{SYSTEM}\n\n"),
    "silent gemma": ("<bos><start_of_turn>user\n", f"<bos><start_of_turn>user\n{SYSTEM}\n\n"),
}
# A finished turn's end, the next header: after the user's words, and after the assistant's.
TURNS = {
    "chatml": ("<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>\n<|im_start|>user\n"),
    "llama": (
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
    ),
    "gemma": ("<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>\n<start_of_turn>user\n"),
}
TURNS["silent gemma"] = TURNS["gemma"]


class Recording(BatchedTransformersLLM):
    """Gives out the prompts that were sent, once."""

    _sent: list[tuple[str, list[int]]] = PrivateAttr(default_factory=list)

    def sent(self) -> list[str]:
        prompts = [prompt for prompt, _ids in self._sent]
        self._sent.clear()
        return prompts


@pytest.fixture(params=TEMPLATES)
def family(request):
    return request.param


@pytest.fixture
def sent(monkeypatch):
    """Every prompt on its way to the tokenizer, with the ids that come out."""
    sent, encode = [], LocalModel.encode

    def recording(self, prompt):
        ids = encode(self, prompt)
        sent.append((prompt, ids))
        return ids

    monkeypatch.setattr(LocalModel, "encode", recording)
    return sent


@pytest.fixture
def recording(llm, family, sent, monkeypatch):
    """A recording LLM on the loaded model, whose tokenizer has the family's template."""

    def make(**fields):
        made = Recording(model=EMBEDDED, generation_kwargs={"max_new_tokens": 2}, **fields)
        made.local_model, made._sent = llm.local_model, sent
        return made

    if TEMPLATES[family]:
        monkeypatch.setattr(llm.local_model.tokenizer, "chat_template", TEMPLATES[family])
    return make


def cut(llm, conversation):
    """The tokenizer's own rendering of the conversation and a user turn, cut at the user's text."""
    tokenizer = llm.local_model.tokenizer
    text = "What-the-user-says"
    whole = tokenizer.apply_chat_template([*conversation, {"role": "user", "content": text}], tokenize=False)
    return whole[: whole.index(text)]


def folded(conversation):
    """The conversation for a template without a system role: its text in front of the first user turn."""
    system, first, *rest = conversation
    return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]


def run(llm, rows, **fields):
    return next(Magpie(llm=llm, name="magpie", **fields).process(rows))


@pytest.mark.parametrize("only_instruction", [True, False])
def test_without_a_system_prompt(recording, family, only_instruction):
    llm = recording()
    rows = run(llm, [{}], only_instruction=only_instruction)
    expected = [FIRST[family][0]]
    assert expected[0] == cut(llm, [])
    if not only_instruction:
        expected.append(FIRST[family][0] + said(rows[0]["instruction"], family) + TURNS[family][0])
    assert llm.sent() == expected


def test_with_a_system_prompt(recording, family):
    llm = recording()
    rows = run(llm, [{"system_prompt": SYSTEM}])
    before, after_user = FIRST[family][1], TURNS[family][0]
    assert llm.sent() == [before, before + said(rows[0]["instruction"], family, after_system=True) + after_user]
    system = {"role": "system", "content": SYSTEM}
    if "gemma" in family:
        tokenizer = llm.local_model.tokenizer
        turn = {"role": "user", "content": f"{SYSTEM}\n\nWhat-the-user-says"}
        assert before == tokenizer.apply_chat_template([turn], tokenize=False).partition("What-the-user-says")[0]
    else:
        assert before == cut(llm, [system])


@pytest.mark.parametrize("magpie_prompt", ["template", "header"])
def test_second_turn(recording, family, magpie_prompt):
    llm = recording(magpie_prompt=magpie_prompt)
    rows = run(llm, [{"system_prompt": SYSTEM}], n_turns=2, include_system_prompt=True)
    talk = rows[0]["conversation"]
    assert [message["role"] for message in talk] == ["system", "user", "assistant", "user", "assistant"]
    after_user, after_assistant = TURNS[family]

    expected = [FIRST[family][1]]
    for message, ending in zip(talk[1:4], (after_user, after_assistant, after_user), strict=True):
        expected.append(expected[-1] + said(message["content"], family, after_system=message is talk[1]) + ending)
    assert llm.sent() == expected
    finished = talk[:3]
    assert expected[2] == cut(llm, folded(finished) if "gemma" in family else finished)


def test_several_turns_without_a_system_prompt_get_distilabels_own(recording, family):
    llm = recording()
    run(llm, [{}], n_turns=2)
    first = llm.sent()[0]
    assert first == FIRST[family][1].replace(SYSTEM, MAGPIE_MULTI_TURN_SYSTEM_PROMPT)


def test_bare_header_on_request(recording, family):
    llm = recording(magpie_prompt="header")
    run(llm, [{}, {"system_prompt": SYSTEM}], only_instruction=True)
    header = {
        "chatml": "<|im_start|>user\n", "llama": LLAMA_USER,
        "gemma": "<start_of_turn>user\n", "silent gemma": "<start_of_turn>user\n",
    }[family]  # fmt: skip
    # With a system prompt something stands before the header, so the template's rendering is sent.
    assert llm.sent() == [header, FIRST[family][1]]


def test_bare_header_keeps_a_token_that_opens_every_text(llm, monkeypatch):
    tokenizer = llm.local_model.tokenizer
    monkeypatch.setattr(tokenizer, "chat_template", LLAMA)
    assert user_header(renderer(tokenizer), bos="<|begin_of_text|>") == "<|begin_of_text|>" + LLAMA_USER
    monkeypatch.setattr(tokenizer, "chat_template", GEMMA)
    assert user_header(renderer(tokenizer), bos="<bos>") == "<bos><start_of_turn>user\n"
    assert user_header(renderer(tokenizer), bos="<s>") == "<start_of_turn>user\n"


def test_rows_of_one_batch_keep_their_own_prompts(recording, family):
    llm = recording()
    others = ["Bread.", SYSTEM, "Bread.", "A very long prompt about nothing at all. " * 5]
    run(llm, [{"system_prompt": text} for text in others], only_instruction=True)
    # Llama's and Gemma's templates trim what a message says, but not what stands between two texts in one message.
    expected = [text if "gemma" in family or family == "chatml" else text.strip() for text in others]
    assert llm.sent() == [FIRST[family][1].replace(SYSTEM, text) for text in expected]


@pytest.mark.parametrize("family", ["chatml"], indirect=True)
def test_the_tokens_are_those_of_the_prompt(recording, family):
    llm = recording()
    run(llm, [{"system_prompt": SYSTEM}, {}], n_turns=2)
    tokenizer = llm.local_model.tokenizer
    assert len(llm._sent) == 8
    for prompt, ids in llm._sent:
        assert tokenizer.decode(ids) == prompt
        assert ids == tokenizer(prompt, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("name", ["llama", "gemma"])
def test_chat_template_of_the_llm(name, sent):
    """The same when the template is the LLM's own argument, and the model is loaded by the task."""
    llm = Recording(model=EMBEDDED, chat_template=TEMPLATES[name], generation_kwargs={"max_new_tokens": 2})
    llm._sent = sent
    task = Magpie(llm=llm, name="magpie", only_instruction=True)
    task.load()
    next(task.process([{}, {"system_prompt": SYSTEM}]))
    assert llm.sent() == list(FIRST[name])
    task.unload()


# -- distilabel's own strings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["chatml"], indirect=True)
def test_stock_strings_stay_available(recording, family):
    llm = recording(magpie_prompt="stock", magpie_pre_query_template="qwen2")
    rows = run(llm, [{}, {"system_prompt": SYSTEM}], include_system_prompt=True)
    system = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
    bare, stray, *answers = llm.sent()
    assert bare == "<|im_start|>user\n"
    assert stray == system + "<|im_start|>assistant\n<|im_start|>user\n"
    first, second = (row.get("instruction") or row["conversation"][1]["content"] for row in rows)
    assert answers == [
        f"{DEFAULT}<|im_start|>user\n{first}<|im_end|>\n<|im_start|>assistant\n",
        f"{system}<|im_start|>user\n{second}<|im_end|>\n<|im_start|>assistant\n",
    ]


@pytest.mark.parametrize("template", ["qwen2", "llama3", "<|im_start|>"])
def test_stock_strings_are_distilabels(llm, template):
    fields = {"model": EMBEDDED, "magpie_pre_query_template": template, "use_magpie_template": True}
    ours, theirs = BatchedTransformersLLM(magpie_prompt="stock", **fields), TransformersLLM(**fields)
    ours.local_model = llm.local_model
    theirs.load()
    user, assistant = {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}
    for conversation in ([], [{"role": "system", "content": SYSTEM}], [user], [user, assistant]):
        assert ours.prepare_input(conversation) == theirs.prepare_input(conversation)


def test_stock_needs_a_string_of_distilabels(llm):
    ours = BatchedTransformersLLM(model=EMBEDDED, magpie_prompt="stock", use_magpie_template=True)
    ours.local_model = llm.local_model
    with pytest.raises(ValueError, match="also needs magpie_pre_query_template"):
        ours.prepare_input([])


# -- what a template must show ----------------------------------------------------------------------------------------


def test_a_silent_template_is_noticed_whatever_the_system_text_says(llm, monkeypatch):
    """Words of the system text that also stand in the user's turn do not count as shown."""
    tokenizer = llm.local_model.tokenizer
    monkeypatch.setattr(tokenizer, "chat_template", SILENT_GEMMA)
    talk = [{"role": "system", "content": "Bread"}, {"role": "user", "content": "Bread!"}]
    assert renderer(tokenizer)(talk) == "<bos><start_of_turn>user\nBread\n\nBread!<end_of_turn>\n"
    assert pre_query_prompt(renderer(tokenizer), [{"role": "system", "content": "User"}]).endswith("user\nUser\n\n")


def test_a_template_that_hides_the_users_text_is_named():
    with pytest.raises(ValueError, match="does not show the user's text"):
        pre_query_prompt(lambda conversation: "<|user|>")


def test_a_system_text_cannot_be_taken_for_the_users(llm):
    """Whatever is said before, the cut is at the last turn."""
    render = renderer(llm.local_model.tokenizer)
    spoken: list[str] = []

    def listen(conversation):
        spoken.append(conversation[-1]["content"])
        return render(conversation)

    pre_query_prompt(listen)
    system = {"role": "system", "content": f"Never say {spoken[0]}."}
    assert pre_query_prompt(render, [system]).endswith(f"{spoken[0]}.<|im_end|>\n<|im_start|>user\n")


def said(text: str, family: str, after_system: bool = False) -> str:
    """A message as the family's template writes it; a folded system text keeps the space after itself."""
    if "gemma" in family and after_system:
        return text.rstrip()
    return text if family == "chatml" else text.strip()
