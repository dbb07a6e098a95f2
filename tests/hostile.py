"""Texts that a model might write and that must never do anything but be read. Every place that shows texts gets them.

Each that tries to run code sets `window.hacked`; a test of a page asserts that it stays undefined.
"""

from __future__ import annotations

TEXTS = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "<svg onload=window.hacked=3><g/></svg>",
    '<a href="javascript:window.hacked=4">click me</a>',
    "[click me](javascript:window.hacked=5)",
    "![x](x onerror=window.hacked=6)",
    '" onmouseover="window.hacked=7" autofocus onfocus="window.hacked=7" x="',
    "' onmouseover='window.hacked=8' tabindex=0 onfocus='window.hacked=8",
    "</div></section></textarea></script><script>window.hacked=9</script>",
    "<iframe srcdoc='<script>parent.hacked=10</script>'></iframe>",
    "<style>* { display: none !important }</style><body style='display: none'>",
    "{{ 7 * 7 }} ${7 * 7} {% for x in y %} `alert(1)` $$\\require{html}\\href{javascript:window.hacked=12}{x}$$",
    "\x1b[2J\x1b[31mred\x1b]8;;javascript:window.hacked=13\x07link\x1b]8;;\x07",
    "harmless\rDANGER\x08\x08\x08over it",
    "user\u202e}txet siht fo noitcerid eht denrut{\u2066 and more",
    "nul\x00 bell\x07 half \ud800 not a character \uffff",
    "# A heading\n\n| a | b |\n|---|---|\n| **bold** | <details open ontoggle=window.hacked=17>x</details> |",
    "z\u0301" * 3 + "a" + "\u0301" * 300 + "lgo",
    "W" * 5_000,
    "word <b>bold</b> " * 60_000,  # a megabyte
)
