"""The base of the course's widgets: HTML that is made here, in the kernel, and a page that shows it and reports back.

A widget has *parts*: pieces of HTML, each from a Jinja template that escapes what it is given. The page replaces a
part when its HTML changes and tells the kernel what the reader did. So the logic, the language and the escaping are
in one place; what is stored in a notebook is made from the same templates; and one small script serves all widgets,
with ipywidgets 8 as with 7.

A template says what may be done with attributes:

* `data-act="step"` on a button: pressing it calls `do_step(value)`, with the value of `data-value` or "";
* `data-input="temperature"` on an input, select or textarea: changing it calls `do_temperature(value)` (a checkbox
  sends "true" or "false");
* `data-keep` on an element with an id that scrolls: it stays where it was when its part is replaced. A `<details>` with
  an id stays open, or closed.

The set of such names of a class is the set of its `do_…` methods, so a page cannot call anything else. Arrow keys move
within `role="tree"`, and among the tabs or options that carry `data-roving`.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import jinja2
import traitlets
from markupsafe import Markup

from prompt2data import i18n
from prompt2data.i18n import _
from prompt2data.untrusted import visible

_FOLDER = Path(__file__).parent


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.globals.update(_=_, ngettext=i18n.ngettext)
    return environment


def render(template: str, **values: Any) -> Markup:
    """The HTML of `templates/<template>.html`. Values are escaped; `{{ text|visible }}` is for what a model wrote."""
    return Markup(_templates().get_template(f"{template}.html").render(**values).strip())


@functools.cache
def _style() -> str:
    return (_FOLDER / "view.css").read_text("utf-8")


class View(anywidget.AnyWidget):
    """A widget of the course.

    A subclass gives `title()` and `part_names`, and for each part a method `part_<name>(static)` that returns HTML.
    `static` is true for the form without a kernel, in which nothing can be pressed: a part may then be empty.

    Attributes:
        parts: name -> HTML, as the page shows it.
        fresh: the part `controls` as a page draws it that opens now. It knows where the sliders stand, while a page
            that is open keeps the ones the reader has in hand.
        label: the widget's name for people who cannot see it.
        language: code of the language it speaks.
    """

    _esm = (_FOLDER / "view.js").read_text("utf-8")
    _css = _style()

    parts = traitlets.Dict().tag(sync=True)
    fresh = traitlets.Dict().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)

    # In the order on the page. A screen reader says what changes in the part `status`.
    part_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **kwargs: Any) -> None:
        # Unique on the page, where another notebook or an earlier kernel may have drawn the same widget.
        self.uid = f"p2d-{secrets.token_hex(4)}"
        self.working = False  # whether something that was started has not ended
        self.failure = ""  # what went wrong last, as one sentence; for the part `status`
        super().__init__(label=self.title(), language=i18n.language(), **kwargs)
        self.on_msg(self._receive)
        self.redraw()

    def title(self) -> str:
        """The widget's name, as a heading."""
        raise NotImplementedError

    def summary(self) -> str:
        """One line for places that show text only."""
        return self.title()

    # -- drawing ------------------------------------------------------------------------------------------------------

    def part(self, name: str, static: bool = False) -> str:
        """The HTML of one part."""
        return str(getattr(self, f"part_{name}")(static))

    def redraw(self, *names: str) -> None:
        """Draw these parts anew, by default all. Parts that did not change are left alone by the page."""
        self.parts = {**self.parts, **{name: self.part(name) for name in names or self.part_names}}
        self._refresh()

    def _refresh(self) -> None:
        if "controls" in self.part_names:
            self.fresh = {"controls": self.part("controls")}

    def static(self) -> Markup:
        """The widget as plain HTML: for stored outputs, GitHub, and whoever has no kernel."""
        live, self.uid = self.uid, "p2d"  # the same each time
        try:
            parts = [Markup(self.part(name, static=True)) for name in self.part_names]
        finally:
            self.uid = live
        return render("static", label=self.label, language=self.language, style=Markup(_style()), parts=parts)

    def _repr_mimebundle_(self, **_kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        stock = super()._repr_mimebundle_()  # in Colab with metadata that say where the page finds anywidget
        data, metadata = stock if isinstance(stock, tuple) else (stock or {}, {})
        return {**data, "text/plain": self.summary(), "text/html": str(self.static())}, metadata

    def _ipython_display_(self) -> None:  # ipywidgets 7 has a method of this name, which knows no static form
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)

    def show(self) -> Callable[[], None]:
        """Display the widget; returns a function that brings the stored form up to what the widget shows then."""
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
        """A message of the page: `{"do": name, "value": text}`. What it may ask for are the `do_…` methods."""
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
        except Exception as error:
            self.fail(error)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        """Go on with `work` between the kernel's other business; it gives way at each `await asyncio.sleep(0)`.

        The part `status` is drawn anew when it has ended.
        """
        if self.working:
            work.close()
            raise RuntimeError(_("It is still at work: stop it first."))

        async def until_done() -> None:
            try:
                await work
            except Exception as error:
                self.working = False
                self.fail(error)
            finally:
                self.working = False
                if "status" in self.part_names:
                    self.redraw("status")

        self.working = True
        return asyncio.ensure_future(until_done())

    def fail(self, error: Exception) -> None:
        """Say in one sentence what went wrong, until the reader does the next thing."""
        self.failure = visible(str(error) or type(error).__name__, 300)
        if "status" in self.part_names:
            self.redraw("status")
