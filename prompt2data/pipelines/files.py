"""The files that distilabel writes for a run.

Functions that take `original` first replace the method of distilabel that `patches` names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt2data.pipelines import folders


def cache_only_if_requested(original: Callable[..., None], self: Any) -> None:
    """Write `pipeline.yaml` once, for the card, in a fresh folder; the whole state after each batch elsewhere."""
    if not folders.is_fresh(self._cache_dir):
        original(self)
    elif not self._dry_run and not self._cache_location["pipeline"].exists():
        self.save(path=self._cache_location["pipeline"], format="yaml")


def reapply_isolation(original: Callable[..., None], self: Any) -> None:
    """Isolate again the steps that were isolated, and that distilabel took from its cache as plain ones."""
    # Imports distilabel, which is slow.
    from prompt2data.pipelines.isolation import is_isolated, isolate_failures

    isolated = [name for name in self.dag if is_isolated(self.dag.get_step(name)["step"])]
    original(self)
    for name in isolated:
        isolate_failures(self.dag.get_step(name)["step"])


def mark_unfinished(original: Callable[..., None], self: Any, use_cache: bool = True) -> None:
    """Mark the run's folder as unfinished at distilabel's first look into the cache, when the folder is known."""
    if getattr(self, "_prompt2data_cached", False):
        folders.begin(self)
    original(self, use_cache)


def dataset_cache_in_run_folder(original: Callable[..., Any], path: str, *args: Any, **kwargs: Any) -> Any:
    """`datasets.load_dataset`, with its copies of a run's rows beside them."""
    files = (kwargs.get("data_files") or {}).get("train") or []
    if path == "parquet" and files and folders.is_fresh(files[0]):
        kwargs.setdefault("cache_dir", str(folders.run_folder(files[0]) / "datasets"))
    return original(path, *args, **kwargs)


def no_bibtex(reference: str) -> str:
    """Refuse to look up a citation: distilabel's `_grab_citations` skips it silently."""
    raise ValueError(reference)
