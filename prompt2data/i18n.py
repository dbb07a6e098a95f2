"""The reader's language: every sentence that the package says goes through `_()`.

The messages are English in the source; translations are gettext catalogues in `prompt2data/locale/`. A language without
a catalogue falls back to English, message by message. What the code of a lesson shows is written in the language of its
notebook.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LOCALE_FOLDER = Path(__file__).parent / "locale"

_translations: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def set_language(code: str) -> None:
    """Show messages in the language with this code ("en", "vi", …) from now on, in this process and its workers."""
    global _translations, _language
    _translations = gettext.translation("prompt2data", LOCALE_FOLDER, languages=[code], fallback=True)
    _language = code
    os.environ["PROMPT2DATA_LANGUAGE"] = code


def language() -> str:
    """The code of the language in use."""
    return _language


def _(message: str) -> str:
    """The message in the reader's language. Placeholders are filled after translation: `_("{n} rows").format(n=3)`."""
    return _translations.gettext(message)


def N_(message: str) -> str:
    """Mark a message that is defined before the language is known; `translated()` translates it when it is shown."""
    return message


def translated(message: str) -> str:
    """A message marked with `N_()`, in the reader's language."""
    return _translations.gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of a message that fits the number `n`."""
    return _translations.ngettext(singular, plural, n)


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 in percent, as the language writes it: "12.5 %", "12.5%"."""
    return _("{n} %").format(n=f"{100 * share:.{digits}f}")


def listed(items: Iterable[str]) -> str:
    """Items with the language's comma between them."""
    found = ""
    for item in items:
        found = _("{one}, {two}").format(one=found, two=item) if found else item
    return found


def tr(text: str, /, **values: Any) -> str:
    """A text with its values, as `str.format` fills them. For notebooks of earlier versions: they called it.

    >>> tr("{n} rows in {seconds:.1f} s", n=3, seconds=2.04)
    '3 rows in 2.0 s'
    """
    return text.format(**values) if values else text


if "PROMPT2DATA_LANGUAGE" in os.environ:  # a worker process continues in the language of its notebook
    set_language(os.environ["PROMPT2DATA_LANGUAGE"])
