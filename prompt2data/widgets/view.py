"""The base of the course's widgets: HTML is rendered here, in the kernel; the page shows it and reports back.

A widget consists of *parts*: pieces of HTML, each from a Jinja template, which escapes its values. The page replaces a
part when its HTML changes and tells the kernel what the reader did. So logic, language and escaping live in one place,
the form stored in a notebook comes from the same templates, and one small script serves all widgets, with ipywidgets 8
as with 7.

Templates describe interaction with attributes:

* `data-act="step"` on a button: a click calls `do_step(value)` with the value of `data-value`, or "";
* `data-input="temperature"` on an input, select or textarea: a change calls `do_temperature(value)` (a checkbox sends
  "true" or "false"). With `data-enter="ask"`, the Enter key calls `do_ask("")` after that;
* `data-keep` on a scrollable element with an id: its scroll position survives when its part is replaced. A `<details>`
  with an id stays open, or closed.

Only the `do_…` methods of a class can be called this way, so a page cannot call anything else. Arrow keys move within
`role="tree"`, and among the tabs or options of an element with `data-roving`.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import anywidget
import jinja2
import traitlets
from markupsafe import Markup

from prompt2data import i18n
from prompt2data.i18n import _
from prompt2data.untrusted import visible

_Item = TypeVar("_Item")

_FOLDER = Path(__file__).parent
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["visible"] = visible
_TEMPLATES.filters.update(percent=i18n.percent, listed=i18n.listed)


def labelled(label: str, text: str) -> Markup:
    """A text with its label before it, as in "Rows: 1–2"; both are escaped."""
    return Markup(_("{label}: {text}")).format(label=label, text=text)


def sentences(one: str, two: str) -> Markup:
    """Two sentences, one after the other; both are escaped."""
    return Markup(_("{one} {two}")).format(one=one, two=two)


_TEMPLATES.globals.update(_=_, ngettext=i18n.ngettext, labelled=labelled, sentences=sentences)


def render(template: str, **values: Any) -> Markup:
    """Render `templates/<template>.html`. Values are escaped; `{{ text|visible }}` is for what a model wrote."""
    return Markup(_TEMPLATES.get_template(f"{template}.html").render(**values).strip())


class NotFromPage(Exception):
    """A message that no page of ours sends; it is ignored."""


def index_from_page(value: str, size: int) -> int:
    """The index, from 0 to below `size`, that a page sent. Raises `NotFromPage` for anything else."""
    if value.isascii() and value.isdigit() and len(value) < 10 and int(value) < size:
        return int(value)
    raise NotFromPage(value)


def finite(value: Any) -> float | None:
    """`value` as a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@dataclass
class Pages:
    """The position in a long list that is shown `size` items at a time, from index `first`."""

    size: int
    first: int = 0

    def shown(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """The items on the current page."""
        return items[self.first : self.first + self.size]

    def turn(self, direction: str, n: int) -> None:
        """Go to the "next" page of `n` items, or to the previous one; stop at either end."""
        first = self.first + (self.size if direction == "next" else -self.size)
        if first < n:
            self.first = max(first, 0)

    def turn_to(self, index: int) -> None:
        """Go to the page that holds this item, unless it is on the current one."""
        if not self.first <= index < self.first + self.size:
            self.first = index // self.size * self.size


class View(anywidget.AnyWidget):
    """A widget of the course.

    A subclass defines `title()`, `templates` and `part_names`, "status" among them. The HTML of a part comes from its
    method `part_<name>(static)`; without one, from its template alone. `static` is true for the form without a kernel,
    in which nothing can be pressed.
    """

    _esm = (_FOLDER / "view.js").read_text("utf-8")
    _css = (_FOLDER / "view.css").read_text("utf-8")

    parts = traitlets.Dict().tag(sync=True)  # name -> HTML, as the page shows it
    # The part `controls` for a page that opens now, with the sliders where they are; an open page keeps its own.
    fresh = traitlets.Dict().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)  # accessible name
    language = traitlets.Unicode().tag(sync=True)  # code of the language of its labels

    # In page order. Screen readers announce changes of the part `status`.
    part_names: ClassVar[tuple[str, ...]] = ()
    templates: ClassVar[str] = ""  # prefix of the names of its templates

    def __init__(self) -> None:
        # Unique on the page, which may hold the same widget of another notebook or an earlier kernel.
        self.uid = f"p2d-{secrets.token_hex(4)}"
        self.working = False  # whether a task passed to `start` is still running
        self.failure = ""  # the last error, in one sentence; for the part `status`
        super().__init__(label=self.title(), language=i18n.language())
        self.on_msg(self._receive)
        self.redraw()

    def title(self) -> str:
        """The widget's name, as a heading."""
        raise NotImplementedError

    def summary(self) -> str:
        """One line for frontends that show text only."""
        return self.title()

    # -- drawing ------------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        """Whether a part has anything to show at the moment; otherwise it is empty."""
        return True

    def part(self, name: str, static: bool = False) -> str:
        """The HTML of one part."""
        if not self.has_part(name, static):
            return ""
        method = getattr(self, f"part_{name}", None)
        return str(method(static) if method else self.render(name, static=static))

    def render(self, template: str, **values: Any) -> Markup:
        """Render one of the widget's own templates, which sees the widget as `view`."""
        return render(f"{self.templates}_{template}", view=self, uid=self.uid, **values)

    def redraw(self, *names: str) -> None:
        """Redraw these parts, by default all. The page leaves unchanged parts alone."""
        self.parts = {**self.parts, **{name: self.part(name) for name in names or self.part_names}}
        self._refresh()

    def _refresh(self) -> None:
        if "controls" in self.part_names:
            self.fresh = {"controls": self.part("controls")}

    def static(self) -> Markup:
        """The widget as plain HTML: for stored outputs, GitHub, and readers without a kernel."""
        live, self.uid = self.uid, "p2d"  # reproducible
        try:
            parts = [Markup(self.part(name, static=True)) for name in self.part_names]
        finally:
            self.uid = live
        return render("static", label=self.label, language=self.language, style=Markup(self._css), parts=parts)

    def _repr_mimebundle_(self, **_kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_()  # in Colab with metadata that tell the page where to find anywidget
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": self.summary(), "text/html": str(self.static())}, metadata

    def _ipython_display_(self) -> None:  # that of ipywidgets 7 has no static form
        View.show(self)

    def show(self) -> Callable[[], None]:
        """Display the widget; returns a function that updates the stored form to the widget's current state."""
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        handle = display(data, metadata=metadata, raw=True, display_id=True)

        def refresh() -> None:
            if handle is not None:
                data, metadata = self._repr_mimebundle_()
                handle.update(data, metadata=metadata, raw=True)

        return refresh

    # -- what the reader does -----------------------------------------------------------------------------------------

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Handle a message of the page, `{"do": name, "value": text}`, by calling `do_<name>(text)`."""
        name, value = (content.get("do"), content.get("value")) if isinstance(content, dict) else (None, None)
        action = getattr(type(self), f"do_{name}", None) if isinstance(name, str) and name.isidentifier() else None
        if action is None:
            return
        self.failure = ""
        try:
            result = action(self, value if isinstance(value, str) else "")
            if asyncio.iscoroutine(result):
                self.start(result)
            self._refresh()
        except NotFromPage:
            pass
        except Exception as error:
            self.fail(error)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        """Run `work` in the kernel's event loop; it yields at each `await asyncio.sleep(0)`.

        The part `status` is redrawn when it ends.

        Raises:
            RuntimeError: if earlier work is still running.
        """
        if self.working:
            work.close()
            raise RuntimeError(_("It is still running: stop it first."))

        async def until_done() -> None:
            try:
                await work
            except Exception as error:
                self.fail(error)
            finally:
                self.working = False
                self.redraw("status")

        self.working = True
        return asyncio.ensure_future(until_done())

    def fail(self, error: Exception) -> None:
        """Report an error in one sentence, until the reader's next action."""
        self.failure = visible(str(error) or type(error).__name__, 300)
        self.redraw("status")
