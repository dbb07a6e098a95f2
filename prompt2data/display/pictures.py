"""Pictures in a notebook as HTML, the only form whose alternative text every front end shows.

JupyterLab ignores `alt` in the metadata of an `image/png`.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape


def html(picture: bytes, alt: str, *, kind: str = "image/png", width: str = "") -> str:
    """`picture` as an `<img>` with embedded data. `width`: in CSS pixels; empty for the picture's own."""
    size = f' width="{escape(width)}"' if width else ""
    return f'<img alt="{escape(alt)}"{size} src="data:{kind};base64,{b64encode(picture).decode()}">'


def show(picture: bytes, alt: str, *, kind: str = "image/png") -> None:
    """Display a picture under the cell, with its alternative text; outside a notebook, nothing."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return
    if get_ipython() is not None:
        display({"text/html": html(picture, alt, kind=kind), "text/plain": alt}, raw=True)
