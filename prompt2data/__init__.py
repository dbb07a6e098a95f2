"""From Prompt to Data: the helper module of the course.

`setup` prepares a notebook, `BatchedTransformersLLM` generates, `MODEL` is the public name of the model that this
machine uses, `isolate_failures` keeps a pipeline going past bad rows, and `output_path` says where a dataset goes.
`tr` is there for notebooks of earlier versions.

Importing it is cheap: torch and distilabel load on first use. It only sets a few environment variables that must be
there before torch starts: OpenMP threads wait passively (two torch processes side by side otherwise spin against each
other), and tokenizers do not fork.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prompt2data.environment import setup
    from prompt2data.ground.folders import output_path
    from prompt2data.i18n import tr
    from prompt2data.llm import BatchedTransformersLLM
    from prompt2data.pipelines.isolation import isolate_failures

    MODEL: str

__all__ = ["MODEL", "BatchedTransformersLLM", "isolate_failures", "output_path", "setup", "tr"]
__version__ = "0.1.0"

# libgomp and tokenizers read these once, when they load, hence here and not in `setup()`.
for _name, _value in {
    "OMP_WAIT_POLICY": "passive",
    "GOMP_SPINCOUNT": "0",
    "TOKENIZERS_PARALLELISM": "false",
}.items():
    os.environ.setdefault(_name, _value)
del _name, _value

# Public name -> module that defines it, imported on first use.
_LAZY = {
    "BatchedTransformersLLM": "prompt2data.llm",
    "isolate_failures": "prompt2data.pipelines.isolation",
    "output_path": "prompt2data.ground.folders",
    "setup": "prompt2data.environment",
    "tr": "prompt2data.i18n",
}


def __getattr__(name: str) -> Any:
    if name == "MODEL":
        return import_module("prompt2data.models").choose()
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'prompt2data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
