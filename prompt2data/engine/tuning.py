"""One training of a LoRA adapter by TRL's `SFTTrainer`: told by a bar, without a network, and without a trace after it.

TRL, peft and the model are imported and loaded here only, since an adapter that is there already needs none of them.
"""

from __future__ import annotations

import copy
import gc
import logging
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from prompt2data.display.progress import Progress, in_words, progress_bar, steps
from prompt2data.engine.batches import is_out_of_memory
from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.i18n import _

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from trl import SFTTrainer

# What is told and kept of a training is the course's affair; what comes of it is decided by the caller's arguments.
FIXED: dict[str, Any] = {
    "disable_tqdm": True,
    "eval_strategy": "no",
    "load_best_model_at_end": False,
    "logging_first_step": False,
    "logging_steps": 1,
    "logging_strategy": "steps",
    "push_to_hub": False,
    "report_to": [],
    "save_strategy": "no",
}
# SFTConfig's own defaults are for a GPU that computes in bfloat16, and refuse a CPU.
ON_CPU: dict[str, Any] = {"use_cpu": True, "bf16": False, "fp16": False, "dataloader_pin_memory": False}

Losses = list[tuple[int, float]]  # (step, loss)


@contextmanager
def tuned(
    base: Path,
    rows: Sequence[Mapping[str, Any]],
    arguments: Mapping[str, Any],
    adapter: PeftConfig | Mapping[str, Any],
    on_loss: Callable[[int, float], object] | None = None,
) -> Iterator[tuple[PeftModel, Losses]]:
    """Yield a model with a trained adapter, and the losses of the training; the memory is free after the `with` block.

    Args:
        base: the folder of the model.
        rows: conversations as `prompt` and `completion`.
        arguments: those of `SFTConfig`, among them `output_dir`, a folder in which nothing is written.
        adapter: peft's configuration, or its arguments; it is left as it is.
        on_loss: called with (step, loss) after each step.

    Raises:
        ModelNotLoaded: if the model cannot be loaded.
        MemoryError: if the memory does not suffice.
    """
    with _without_trace():
        trainer = None
        try:
            with progress_bar(None, _("loading the model")):
                trainer = _trainer(base, rows, arguments, adapter)
            losses: Losses = []
            with ExitStack() as bar, _logits_of_completions():
                trainer.add_callback(_watch(losses, on_loss, bar))
                trainer.train()
            yield trainer.accelerator.unwrap_model(trainer.model), losses
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise MemoryError(
                _(
                    "There is not enough memory for this training: use a smaller per_device_train_batch_size (more "
                    "gradient_accumulation_steps make up for it), or shorter rows."
                )
            ) from error
        finally:
            del trainer
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def _trainer(
    base: Path,
    rows: Sequence[Mapping[str, Any]],
    arguments: Mapping[str, Any],
    adapter: PeftConfig | Mapping[str, Any],
) -> SFTTrainer:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, set_seed
    from trl import SFTConfig, SFTTrainer

    args = SFTConfig(**arguments, **FIXED)
    # peft fills in what it is given, and the caller may train with the same object again.
    lora = LoraConfig(**adapter) if isinstance(adapter, Mapping) else copy.deepcopy(adapter)
    lora.task_type = lora.task_type or "CAUSAL_LM"
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
        # TRL's own number type for what is trained; mixed precision takes it from there.
        chosen: Any = args.model_init_kwargs or {}
        options = {"dtype": torch.float32, **chosen}
        model = AutoModelForCausalLM.from_pretrained(base, **options)
    except Exception as error:
        message = _("The model {name} could not be loaded for training ({reason}): use another, or fetch it again.")
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ModelNotLoaded(message.format(name=base.name, reason=reason)) from error
    set_seed(args.seed)  # before the adapter's first weights are drawn
    data = Dataset.from_list(list(rows))
    trainer = SFTTrainer(model, args, train_dataset=data, processing_class=tokenizer, peft_config=lora)
    trainer.remove_callback(PrinterCallback)
    return trainer


@contextmanager
def _logits_of_completions() -> Iterator[None]:
    """Let TRL compute logits where something is learned, on a CPU as it does with Triton; else a fifth of a step goes
    into prompts, whose logits nobody looks at."""
    from trl.trainer import utils

    name = "_use_triton"  # private: a version without it trains slower and not otherwise
    chosen = getattr(utils, name, None)
    if chosen is not None:
        setattr(utils, name, lambda _device: True)
    try:
        yield
    finally:
        if chosen is not None:
            setattr(utils, name, chosen)


def _watch(losses: Losses, on_loss: Callable[[int, float], object] | None, bar: ExitStack) -> Any:
    """A callback of transformers that notes each step's loss, shows it, and passes it on."""
    from transformers import TrainerCallback

    def words(done: int, total: int) -> str:
        return in_words(steps(done, total), _("loss {loss:.2f}").format(loss=losses[-1][1]) if losses else "")

    class Watch(TrainerCallback):
        progress: Progress

        def on_train_begin(self, args: Any, state: Any, control: Any, **_more: Any) -> None:
            self.progress = bar.enter_context(progress_bar(state.max_steps, _("training"), unit=words))

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_more: Any) -> None:
            if logs and "loss" in logs:
                losses.append((state.global_step, float(logs["loss"])))
                self.progress.done = state.global_step
                if on_loss is not None:
                    on_loss(*losses[-1])

    return Watch()


@contextmanager
def _without_trace() -> Iterator[None]:
    """Keep libraries silent and off the network, and what is global in them as it was."""
    import datasets
    import numpy as np
    import transformers
    from huggingface_hub import constants

    bars = transformers.utils.logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled()
    told, disabled = transformers.utils.logging.get_verbosity(), logging.root.manager.disable
    drawn, drawn_by_numpy, threads = random.getstate(), np.random.get_state(), torch.get_num_threads()
    offline = constants.HF_HUB_OFFLINE
    try:
        logging.disable(logging.WARNING)
        transformers.utils.logging.disable_progress_bar()
        datasets.disable_progress_bars()
        # TRL tells its makers of each training, and peft looks at the hub for whatever it does not find.
        constants.HF_HUB_OFFLINE = True
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        constants.HF_HUB_OFFLINE = offline
        random.setstate(drawn)
        np.random.set_state(drawn_by_numpy)
        torch.set_num_threads(threads)
        transformers.utils.logging.set_verbosity(told)
        logging.disable(disabled)
        if bars[0]:
            transformers.utils.logging.enable_progress_bar()
        if not bars[1]:
            datasets.enable_progress_bars()
