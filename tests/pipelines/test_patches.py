"""The table of patches: complete, spelt right, and for one version of distilabel."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from prompt2data import pipelines
from prompt2data.pipelines import patching, preload, preload_models
from prompt2data.pipelines.patches import PATCHES, as_markdown
from prompt2data.pipelines.patching import Patch, UnsupportedDistilabel, Wrapper, apply_patches
from tests.pipelines.support import environment

CHECK_ORIGINALS = """
from pkgutil import resolve_name
from prompt2data.pipelines.patches import PATCHES
for patch in PATCHES:
    owner = resolve_name(patch.owner)
    known = [set(vars(base)) for base in getattr(owner, "__mro__", [owner]) if base is not object]
    known.append({"__init_subclass__"})  # a hook that Python itself calls for every class
    if not any(patch.name in names for names in known):
        print("misspelt:", patch.owner, patch.name)
    module = getattr(getattr(owner, patch.name), "__module__", "") or ""
    if module.startswith("prompt2data."):
        print("patched already:", patch.owner, patch.name)
"""


def test_every_patched_attribute_exists_in_distilabel() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHECK_ORIGINALS], env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_rows_are_distinct_and_give_their_reason() -> None:
    assert len({(patch.owner, patch.name) for patch in PATCHES}) == len(PATCHES) > 30
    for patch in PATCHES:
        assert patch.why.endswith(".") and patch.why.count(". ") == 0, patch


def test_the_table_for_readers_has_a_row_for_each_patch() -> None:
    lines = as_markdown().splitlines()
    assert len(lines) == len(PATCHES)
    for line, patch in zip(lines, PATCHES, strict=True):
        assert line == f"| `{patch.owner}` | `{patch.name}` | {patch.why} | {patch.upstream or ''} |"


FIND_PATCHED = """
import sys
from prompt2data import pipelines
pipelines.install()
from prompt2data.pipelines import worker
worker.prepare_worker()
from prompt2data.pipelines.patches import PATCHES
known = {(patch.owner, patch.name) for patch in PATCHES}
def ours(value):
    function = getattr(value, "fget", value)
    code = getattr(function, "__code__", None)
    return "/prompt2data/" in code.co_filename if code else getattr(value, "__module__", "").startswith("prompt2data.")
for name, module in list(sys.modules.items()):
    if name.startswith("distilabel"):
        classes = {f"{name}.{key}": value for key, value in vars(module).items() if isinstance(value, type)}
        for owner, value in {name: module, **classes}.items():
            if getattr(value, "__module__", name) == name:
                for key, attribute in vars(value).items():
                    if ours(attribute) and (owner, key) not in known:
                        print(owner, key)
"""


@pytest.mark.parametrize("hidden", [False, True], ids=["as it is", "one hidden"])
def test_nothing_but_the_table_replaces_anything_in_distilabel(hidden: bool) -> None:
    code = (
        FIND_PATCHED.replace("{(patch.owner", "{('', '') if patch.name == '_cache' else (patch.owner")
        if hidden
        else FIND_PATCHED
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment(), capture_output=True, text=True
    )
    expected = "distilabel.pipeline.base.BasePipeline _cache\n" if hidden else ""
    assert (done.returncode, done.stdout) == (0, expected), done.stderr


class Owner:
    def double(self, n: int) -> int:
        return 2 * n

    other = "original"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Patch]:
    monkeypatch.setattr(patching, "_applied", set())
    owner = f"{__name__}.Owner"
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _this_module())
    for name in ("double", "other"):
        monkeypatch.setattr(Owner, name, vars(Owner)[name])
    return [
        Wrapper(owner, "double", lambda original, self, n: original(self, n) + 1, "Too small."),
        Patch(owner, "other", "new", "Too old."),
    ]


def _this_module() -> object:
    module = type(sys)(__name__)
    module.Owner = Owner
    return module


def test_patches_are_applied_once(rows: list[Patch]) -> None:
    apply_patches(rows)
    apply_patches(rows)
    assert (Owner().double(3), Owner.other, Owner.double.__name__) == (7, "new", "double")


def test_a_misspelt_name_is_noticed(rows: list[Patch]) -> None:
    with pytest.raises(AttributeError, match="no attribute 'duoble'"):
        apply_patches([Patch(rows[0].owner, "duoble", None, "Misspelt.")])


@pytest.mark.parametrize("version", ["1.5.2", "1.5.4", "1.6.0", "1.5.3.dev0"])
def test_another_version_of_distilabel_is_refused_in_one_sentence(rows, monkeypatch, version: str) -> None:
    monkeypatch.setattr(patching, "version", lambda name: version)
    with pytest.raises(UnsupportedDistilabel, match=f"version {version} is installed") as caught:
        apply_patches(rows)
    assert "\n" not in str(caught.value) and "pip install distilabel==1.5.3" in str(caught.value)
    assert (Owner().double(3), Owner.other) == (6, "original")  # nothing is half patched


def test_installing_again_changes_nothing() -> None:
    from distilabel.pipeline import Pipeline

    pipelines.install()
    run = Pipeline.run
    pipelines.install()
    assert Pipeline.run is run


@pytest.mark.parametrize("name", [*preload.MODULES, *preload_models.MODULES])
def test_every_module_that_is_preloaded_can_be_imported(name: str) -> None:
    importlib.import_module(name)
