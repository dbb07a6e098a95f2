"""The embedded model for the widgets that show it at work."""

from __future__ import annotations

from tests.engine.conftest import llm  # noqa: F401
