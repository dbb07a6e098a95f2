"""What the tests of all checks share: reference answers from the lesson sources, and how a card is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LESSONS = Path(__file__).parents[2] / "lessons"


@pytest.fixture(scope="session")
def solution() -> Callable[[str, str], dict[str, Any]]:
    """`solution("01_basic_prompting")`: the names bound by a lesson's given and exercise cells, solutions included.

    The reference answers of the tests are the lesson's own, so the two cannot drift apart.
    """
    import jupytext

    def namespace(lesson: str, *cells: str) -> dict[str, Any]:
        names: dict[str, Any] = {"MODEL": "no model in a check"}
        for cell in jupytext.read(LESSONS / f"{lesson}.py").cells:
            tags = cell.metadata.get("tags", [])
            wanted = cell.metadata.get("id") in cells if cells else ("exercise" in tags or "given" in tags)
            if cell.cell_type == "code" and wanted:
                exec(compile(cell.source, f"{lesson}:{cell.metadata.get('id')}", "exec"), names)
        return names

    return namespace


@pytest.fixture
def card(capsys, monkeypatch) -> Callable[..., str]:
    """`card(check, *answers)`: what the card says, with strict mode off."""
    monkeypatch.delenv("PROMPT2DATA_STRICT", raising=False)

    def read(check: Callable[..., None], *answers: Any) -> str:
        capsys.readouterr()
        check(*answers)
        return capsys.readouterr().out.strip()

    return read
