"""From Prompt to Data: the helper module of the course.

Importing it is cheap: neither torch nor distilabel is loaded until something needs them. What it does at once is set
a few environment variables that only count when they are there before torch starts: OpenMP threads that wait
passively (two torch processes side by side otherwise spin against each other) and tokenizers that do not fork.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Read once by libgomp and tokenizers at their start, hence here and not in `setup()`.
for _name, _value in {
    "OMP_WAIT_POLICY": "passive",
    "GOMP_SPINCOUNT": "0",
    "TOKENIZERS_PARALLELISM": "false",
}.items():
    os.environ.setdefault(_name, _value)
del _name, _value

# Public name -> module that defines it. Loaded on first use, so that `import prompt2data` stays light.
_LAZY = {
    "BatchedTransformersLLM": "prompt2data.llm",
    "isolate_failures": "prompt2data.pipelines.isolation",
    "output_path": "prompt2data.ground.folders",
    "setup": "prompt2data.environment",
    "tr": "prompt2data.i18n",
}
__all__ = ["MODEL", *_LAZY]


def __getattr__(name: str) -> Any:
    if name == "MODEL":
        return import_module("prompt2data.models").choose()
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'prompt2data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
