"""axe-core on the course's own output areas: what it finds serious or critical there."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")
OUTPUTS = ".jp-NotebookPanel .jp-OutputArea-output"
# Rules about the page as a whole, which is JupyterLab's. axe need not describe what it finds right, nor load the
# page's styles and media once more, for rules none of which is both on and grave.
_OPTIONS = {
    "rules": {"region": {"enabled": False}, "page-has-heading-one": {"enabled": False}},
    "resultTypes": ["violations"],
    "preload": False,
}


def grave(page: Page, *areas: str) -> Sequence[str]:
    """A line for each serious or critical finding in the elements with these selectors (by default all outputs)."""
    areas = [area for area in areas or (OUTPUTS,) if page.locator(area).count()]
    if not areas:
        return []
    # JupyterLab's body hides what stands out of it and has no height: axe takes all that is in it for invisible.
    page.add_style_tag(content="body { min-height: 100vh }")
    found = Axe().run(page, context={"include": [[area] for area in areas]}, options=_OPTIONS)
    lines = []
    for violation in found.response["violations"]:
        if violation["impact"] in GRAVE:
            for node in violation["nodes"]:
                why = " ".join(node["failureSummary"].split())[:200]
                lines.append(f"{violation['id']} ({violation['impact']}): {node['html'][:200]} {why}")
    return lines
