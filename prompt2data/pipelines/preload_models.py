"""Imported as well, and slower than all the rest, where the notebook or script has imported torch."""

from prompt2data.pipelines.preload import preload

MODULES = ("torch", "transformers.pipelines", "transformers.models.llama.modeling_llama", "prompt2data.llm")

preload(MODULES)
