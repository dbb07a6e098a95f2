"""Convert the embedded model's GGUF file to an ordinary transformers folder.

`embedded.py` runs this as a child process (`python -m prompt2data.models.convert FILE FOLDER`): the memory it takes
(about 1.2 GB at its peak) is returned to the system at once, and no OpenMP thread is left in the learner's kernel.
A line "step NAME" on stdout, for each of `STEPS`, tells that it begins.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

STEPS = ("libraries", "tokenizer", "weights", "writing")

# The model ends a turn with <|im_end|> and a document with <|endoftext|> (in plain continuation).
END_TOKENS = ("<|im_end|>", "<|endoftext|>")


def convert(gguf: Path, folder: Path) -> None:
    """Write `gguf` (Llama architecture, any quantization) to `folder` as fp32 safetensors with its tokenizer."""
    _begin("libraries")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    _begin("tokenizer")
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    _begin("weights")
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # transformers 5 refuses to save a model that is still marked as quantized, though its weights are plain fp32 now.
    # The annotations of torch's modules allow only tensors and modules as attributes.
    model.hf_quantizer = None  # type: ignore[assignment]
    model.is_quantized = False  # type: ignore[assignment]
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    ends = [tokenizer.convert_tokens_to_ids(token) for token in END_TOKENS]
    model.generation_config = GenerationConfig(
        bos_token_id=model.config.bos_token_id, eos_token_id=ends, pad_token_id=ends[0]
    )
    tokenizer.clean_up_tokenization_spaces = False  # made for other tokenizers; here it would delete spaces
    tokenizer.model_max_length = model.config.max_position_embeddings
    _begin("writing")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _tidy(folder / "tokenizer_config.json", drop=("is_local", "local_files_only"))
    _tidy(folder / "config.json", drop=("_model_name_or_path",))


def _begin(step: str) -> None:
    print("step", step, flush=True)


def _tidy(path: Path, drop: tuple[str, ...]) -> None:
    """Drop keys from the JSON file `path` that only say where it was made."""
    content = {key: value for key, value in json.loads(path.read_text("utf-8")).items() if key not in drop}
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    # Ends this process when stdin closes, that is, when the parent dies.
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
