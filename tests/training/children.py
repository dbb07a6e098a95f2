"""Trainings in processes of their own, to be killed, held up or looked at.

`python -m tests.training.children NAME MODEL` calls the function of this name.

A line of JSON on stdout tells each thing as it happens; `hold` waits there until a line comes on stdin.
"""

from __future__ import annotations

import json
import sys

ROWS = [
    {
        "prompt": [{"role": "user", "content": f"Set a timer for {minutes} minutes."}],
        "completion": [{"role": "assistant", "content": f'{{"tool": "timer", "minutes": {minutes}}}'}],
    }
    for minutes in (3, 10, 45, 8)
]
ARGS = {"max_steps": 4, "per_device_train_batch_size": 2, "learning_rate": 1e-2, "seed": 7}
LORA = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj", "down_proj"]}


def tell(event: str, **what: object) -> None:
    print(json.dumps({"event": event, **what}), flush=True)


def hold(event: str, **what: object) -> None:
    tell(event, **what)
    sys.stdin.readline()


def run(model: str, on_loss=None) -> None:
    from prompt2data.training import train

    made = train(ROWS, ARGS, LORA, model=model, on_loss=on_loss)
    tell("done", found=made.found, folder=str(made.folder), losses=made.losses)


def plain(model: str) -> None:
    """Train, and tell what a found adapter must not have imported and no training may do."""
    asked = []
    sys.addaudithook(lambda event, _: event in ("socket.connect", "socket.getaddrinfo") and asked.append(event))
    run(model)
    stack = ("trl", "peft", "accelerate", "transformers.trainer", "datasets")
    tell("seen", network=asked, imported=[name for name in stack if name in sys.modules])


def first_step(model: str) -> None:
    run(model, lambda step, loss: hold("step 1") if step == 1 else None)


def second(model: str) -> None:
    """Tell when it begins to wait."""
    from prompt2data import training

    shown = training.progress_bar

    def telling(total: int | None, label: str):
        tell("waiting", label=label)
        return shown(total, label)

    training.progress_bar = telling
    run(model)


def several(model: str) -> None:
    """Train two adapters at once, for longer than anybody waits."""
    from prompt2data.training import train_all

    runs = {f"seed-{seed}": (ROWS, ARGS | {"max_steps": 100_000, "seed": seed}) for seed in range(2)}
    train_all(runs, LORA, model=model, processes=2)


PHASES = ("generation", "verify", "step 3", "saving", "exam")


def lesson(model: str, until: str = "") -> None:
    """Lesson 8 in small: sentences for calls, those that verify, a training on them, an exam. Told is each text made.

    It waits in the middle of the phase `until`; "" goes to the end.
    """
    from peft import PeftModel
    from transformers.utils import logging

    from prompt2data import BatchedTransformersLLM, kitchen
    from prompt2data.cache import GenerationCache
    from prompt2data.training import train

    logging.disable_progress_bar()
    phase, kept, save = PHASES[0], GenerationCache.put, PeftModel.save_pretrained
    made = dict.fromkeys(PHASES, 0)

    def put(self: GenerationCache, key: str, kind: str, payload: bytes) -> None:
        kept(self, key, kind, payload)
        if kind == "text":
            tell("text", key=key)
            done_one()

    def saving(self: PeftModel, *args: object, **kwargs: object) -> None:
        save(self, *args, **kwargs)
        if until == "saving":
            hold("killed in saving")

    def done_one() -> None:
        made[phase] += 1
        if phase == until and made[phase] == 3:
            hold(f"killed in {phase}")

    def write(adapter: object, conversations: list[list[dict[str, str]]]) -> list[str]:
        llm = BatchedTransformersLLM(model=model, adapter=adapter, use_magpie_template=True)
        llm.load()
        outputs = llm.generate(conversations, max_new_tokens=6, temperature=0)
        llm.unload()
        return [output["generations"][0] for output in outputs]

    GenerationCache.put, PeftModel.save_pretrained = put, saving
    calls = kitchen.deal(kitchen.things(), kitchen.NUMBERS, 8, seed=0)
    sentences = write(None, [[{"role": "user", "content": kitchen.to_json(call)}] for call in calls])
    phase, rows = "verify", []
    for call, sentence in zip(calls, sentences, strict=True):
        completion = [{"role": "assistant", "content": kitchen.to_json(call)}]
        rows.append({"prompt": [{"role": "user", "content": sentence}], "completion": completion})
        rows[-1]["reason"] = kitchen.verify(call, sentence)
        done_one()
    phase = "step 3"
    trained = train(rows, ARGS, LORA, model=model, on_loss=lambda step, loss: done_one())
    phase = "exam"
    outputs = write(trained, [[{"role": "user", "content": row["sentence"]}] for row in kitchen.exam_rows("a")[:8]])
    tell("done", sentences=sentences, losses=trained.losses, outputs=outputs)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
