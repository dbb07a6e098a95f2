"""A trained adapter becomes part of the model's own weights, so that the rest of the engine sees one model."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from prompt2data import models
from prompt2data.ground.errors import ModelNotLoaded
from prompt2data.i18n import _
from prompt2data.models.adapters import FILES

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def merge(model: PreTrainedModel, folder: Path, name: str) -> None:
    """Add the adapter in `folder` to the weights of `model`, in place.

    Args:
        model: the model that it was trained for.
        folder: the adapter's files, as peft saves them.
        name: what a message calls it.

    Raises:
        ModelNotLoaded: if it cannot be used with this model, one sentence.
    """
    from peft import PeftModel, get_peft_model_state_dict, load_peft_weights  # seconds at start-up

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tuned = PeftModel.from_pretrained(model, str(folder))
            # peft only warns of weights that the file lacks, and says nothing of those that the model has no place for.
            if get_peft_model_state_dict(tuned).keys() != load_peft_weights(str(folder), device="cpu").keys():
                raise ValueError(_("it has weights for other layers"))
            tuned.merge_and_unload(safe_merge=True)
        except Exception as error:
            message = _("The adapter {name} does not fit this model ({reason}): use it with {base}, or train it anew.")
            reason = " ".join(str(error).split())[:200]
            raise ModelNotLoaded(message.format(name=name, reason=reason, base=_base(folder))) from error


def _base(folder: Path) -> str:
    """The public name of the model that the adapter was trained on, if its files say."""
    try:
        return models.public_name(json.loads((folder / FILES[0]).read_text("utf-8"))["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError):  # also where it says null
        return _("the model that it was trained on")
