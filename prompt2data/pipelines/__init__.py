"""What makes `Pipeline.run()` safe in a notebook. Learners use distilabel's own classes; `install()` patches them.

distilabel 1.5.3 forks its workers from the notebook's process (which hangs once torch has computed there), does not
notice when one dies, leaves processes behind when the notebook dies, and takes over logging and the interrupt button.
`patches` lists each attribute that is replaced, and why.
"""

from __future__ import annotations

from prompt2data.ground.errors import (
    CacheInUse,
    NotPortable,
    PipelineError,
    RunInterrupted,
    StepFailed,
    UnsupportedDistilabel,
    WorkerDied,
    install_display,
)
from prompt2data.pipelines.patches import RUN_PATCHES
from prompt2data.pipelines.patching import apply_patches
from prompt2data.pipelines.ray import ray_available
from prompt2data.pipelines.worker_patches import FILE_PATCHES

__all__ = [
    "CacheInUse",
    "NotPortable",
    "PipelineError",
    "RunInterrupted",
    "StepFailed",
    "UnsupportedDistilabel",
    "WorkerDied",
    "install",
    "ray_available",
]


def install() -> None:
    """Patch distilabel's pipelines in this process. Starts nothing; calling it again changes nothing.

    Raises:
        UnsupportedDistilabel: when another version of distilabel is installed than the patches were written for.
    """
    apply_patches([*RUN_PATCHES, *FILE_PATCHES])
    import datasets  # slow to import, and imported by distilabel anyway

    datasets.disable_progress_bars()
    install_display()
