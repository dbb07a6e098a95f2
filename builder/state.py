"""Whether anything changed since the last build, found by hashes alone, before anything heavy is imported.

The state lies in runs/ (never committed) and only saves work: `check` does not trust it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

from builder.course import Course

_TOOLS = ("jupytext", "nbgrader", "nbformat", "markdown-it-py", "polib", "mermaidx", "novasvg", "pillow")
PICTURES = "docs/pictures"  # of widgets, a folder for each language (tests/browser/pictures.py)
DOMAIN = "prompt2data"  # what the helper package looks texts up in


def _hash(paths: list[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        content = path.read_bytes() if path.is_file() else b"missing"
        digest.update(f"\0{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def checks_module(course: Course, name: str) -> Path:
    """The module with a lesson's checks; the builder looks up the names of the checks in it."""
    return course.root / course.package / "checks" / f"lesson_{name[:2]}.py"


class State:
    """What the last build read and wrote, per lesson."""

    def __init__(self, course: Course):
        self.course = course
        self.path = course.root / "runs" / ".build.json"
        try:
            self.last = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.last = {}
        if not isinstance(self.last, dict) or not all(isinstance(one, dict | str) for one in self.last.values()):
            self.last = {}  # as if nothing had been built
        own = sorted(Path(__file__).parent.rglob("*.py"))
        tools = [f"{name} {version(name)}" for name in _TOOLS]
        self.builder = _hash([*own, course.root / "course.toml"], sys.version, *tools)

    def of(self, name: str) -> str:
        """Hash over everything lesson `name` is made of and everything made of it."""
        course = self.course
        files = [course.source(name), checks_module(course, name), *sorted(course.images.rglob("*.*"))]
        for language in course.built_languages:
            catalogues = [course.catalogue(language.code, part) for part in (f"lessons/{name}", "course")]
            files += [*catalogues, course.exercise(name, language.code), course.solution(name, language.code)]
        return _hash(files, self.builder)

    def of_readme(self) -> str:
        """Hash over the READMEs, the binary catalogues, and all they are made of."""
        course = self.course
        files = [course.source(lesson.name) for lesson in course.lessons]
        files += sorted((course.root / PICTURES).rglob("*.png"))
        for language in course.built_languages:
            files += [course.readme(language.code), course.compiled(language.code, DOMAIN)]
            files += sorted((course.root / "translations" / language.code).rglob("*.po"))
        return _hash(files, self.builder)

    def unchanged(self, name: str, executed: bool) -> bool:
        """Whether lesson `name` is as the last build left it (and executed, if that is asked for)."""
        last = self.last.get(name, {})
        return last.get("hash") == self.of(name) and (last.get("executed", False) or not executed)

    def remember(self, name: str, executed: bool) -> None:
        self.last[name] = {"hash": self.of(name), "executed": executed}
        self.save()

    def readme_unchanged(self) -> bool:
        return self.last.get("README.md") == self.of_readme()

    def remember_readme(self) -> None:
        self.last["README.md"] = self.of_readme()
        self.save()

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.last, indent=1, sort_keys=True), encoding="utf-8")
