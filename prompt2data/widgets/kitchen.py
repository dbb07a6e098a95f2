"""Say something to two models: one chats, the other moves a timer, an oven or a scale. And how its exam went."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prompt2data import kitchen
from prompt2data.ground.rows import records
from prompt2data.i18n import _, listed, ngettext
from prompt2data.untrusted import is_blank, visible
from prompt2data.widgets.view import View

if TYPE_CHECKING:
    from prompt2data.llm import BatchedTransformersLLM

_LONGEST = 300  # characters of a sentence; one order takes fewer
_LONGEST_THING = 60
_ROWS = 12  # of the exam, in its table
_SETTINGS: dict[str, Any] = {"max_new_tokens": 28, "temperature": 0}


@dataclass(frozen=True)
class Instrument:
    """What a tool moves: a hand that goes from 0, at `start` degrees from the top, over `sweep` degrees to `end`."""

    tool: str
    end: int  # in the unit of the tool's calls
    start: int
    sweep: int
    step: int  # from a mark to the next
    label: int  # from a number to the next

    def angle(self, number: int) -> float:
        """Where the hand points, in degrees from the top; beyond the end it stops there."""
        return round(self.start + self.sweep * min(number, self.end) / self.end, 1)

    def marks(self) -> list[tuple[float, str]]:
        """The angle of each mark of the dial, and its number, or "". Where the dial closes, 0 stands for the end."""
        last = self.end - self.step if self.sweep == 360 else self.end
        numbers = range(0, last + 1, self.step)
        return [(self.angle(number), "" if number % self.label else str(number)) for number in numbers]


INSTRUMENTS = (
    Instrument("timer", end=180, start=0, sweep=360, step=5, label=30),
    Instrument("oven", end=300, start=-135, sweep=270, step=25, label=50),
    Instrument("scale", end=1000, start=-135, sweep=270, step=50, label=250),
)


class Kitchen(View):
    """Say something to a model before and after its training, and see what moves.

        Kitchen(llm, pupil, exam=best, rows=half_a)

    Both are asked like in lesson 8: `kitchen.SYSTEM`, then the sentence, and the most likely token at each place.

    Args:
        untouched: the model before its training, such as `BatchedTransformersLLM()`; it is loaded if it is not.
        trained: the same one with its adapter.
        exam: what `kitchen.exam` found in the trained model's outputs; below the instruments it is shown as a table.
        rows: the rows of the exam, each with `sentence` and `call`, in the same order. Rows of the exam that come after
            them are not shown, so that what is closed stays closed.
        sentence: what is said first.

    Attributes:
        sentence: what stands in the field.
        asked: the sentence that both models were given.
        chat: what the untouched model wrote; None for no text.
        output: the same of the trained model.
        call: the output as a call; None if it is none.

    Raises:
        TypeError: if `exam` is not what `kitchen.exam` gave, or `rows` no table.
        ValueError: if only one of them is given, or the rows are not those of the exam.
    """

    part_names = ("intro", "controls", "status", "answers", "exam")
    templates = "kitchen"
    instruments = INSTRUMENTS
    longest = _LONGEST

    def __init__(
        self,
        untouched: BatchedTransformersLLM,
        trained: BatchedTransformersLLM,
        exam: kitchen.Exam | None = None,
        rows: Iterable[Mapping[str, Any]] | None = None,
        sentence: str = "Wake me in 75 minutes, the starter will be ready then.",
    ) -> None:
        self.exam, self.sentences = _matched(exam, rows)
        self.engines = {"chat": untouched, "output": trained}
        self.asked = self.asking = self.cut = self._wanted = ""
        self.chat: str | None = None
        self.output: str | None = None
        self.call: kitchen.Call | None = None
        self.before = self.positions()
        self._set(sentence if isinstance(sentence, str) else "")
        super().__init__()
        if not is_blank(self.sentence):
            self._begin(self.sentence)
            for name in self.engines:
                self._ask(name)
        self.redraw()

    def title(self) -> str:
        return _("The kitchen")

    def summary(self) -> str:
        return _("{label}: {text}").format(label=self.title(), text=self.verdict()) if self.asked else self.title()

    # -- what it shows ------------------------------------------------------------------------------------------------

    def has_part(self, name: str, static: bool) -> bool:
        if name == "exam":
            return self.exam is not None
        return not static or name in ("intro", "answers")

    def positions(self) -> dict[str, int]:
        """The number that each instrument shows; 0 at rest."""
        moved = self.call or {}
        return {one.tool: _number(moved) if moved.get("tool") == one.tool else 0 for one in INSTRUMENTS}

    def name(self, tool: str) -> str:
        """A tool's name for readers; that of a tool of one's own as it is."""
        return {"timer": _("Timer"), "oven": _("Oven"), "scale": _("Scale")}.get(tool, visible(tool, _LONGEST_THING))

    def words(self, call: kitchen.Call) -> dict[str, str]:
        """The fields of a call in words, by their names: an amount, and its thing."""
        return {field: _words(field, value) for field, value in call.items() if field != "tool"}

    def verdict(self) -> str:
        """What the trained model's output did, in one sentence."""
        if self.call is None:
            return _("This is no call: nothing moves.")
        if self.call["tool"] == kitchen.NONE:
            return _("No tool is called: all three stay at rest.")
        told = listed(self.words(self.call).values())
        return _("{label}: {text}").format(label=self.name(self.call["tool"]), text=told)

    def message(self) -> str:
        """What it is doing, or what moved; for the part `status`."""
        if self.working:
            return _("Both models are asked …")
        if not self.asked:
            return _("Write a sentence first.")
        return _("{one} {two}").format(one=self.verdict(), two=self.cut) if self.cut else self.verdict()

    def part_exam(self, static: bool) -> str:
        assert self.exam is not None
        failed, right = self.exam.failures, [row for row in self.exam.rows if not row["wrong"]]
        n = max(_ROWS // 2, _ROWS - len(right))  # failures, as long as there are some
        shown = [*failed[:n], *right[: _ROWS - min(n, len(failed))]]
        return self.render("exam", rows=shown, more=len(self.exam.rows) - len(shown), static=static)

    # -- what the reader does -----------------------------------------------------------------------------------------

    def do_sentence(self, value: str) -> None:
        self._set(value)

    def do_ask(self, _value: str) -> None:
        """Ask both models; a sentence that is on its way is given up for a new one."""
        if is_blank(self.sentence):
            self.failure = _("Write a sentence first.")
        else:
            self._wanted = self.sentence
            if not self.working:
                self.start(self._work())
        self.redraw("status")

    def _set(self, sentence: str) -> None:
        self.sentence = sentence.strip()[: _LONGEST + 1]  # one more tells that there was more

    # -- the models ---------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        done = None
        try:
            while done != self._wanted:
                done = self._wanted
                self._begin(done)
                self.redraw("status", "answers")
                for name in self.engines:
                    await asyncio.sleep(0)  # the kernel looks whether the reader pressed something
                    if done != self._wanted:
                        break
                    self._ask(name)
                    self.redraw("answers")
        finally:
            self.asking = ""
            self.redraw("answers")

    def _begin(self, sentence: str) -> None:
        """Put the instruments to rest before a new sentence."""
        self.before, self.asked, self.asking = self.positions(), sentence[:_LONGEST], "chat"
        self.chat = self.output = self.call = None
        self.cut = _("Only the first {n} characters were read.").format(n=_LONGEST) if len(sentence) > _LONGEST else ""

    def _ask(self, name: str) -> None:
        """Fill `chat` or `output` with what its model writes."""
        llm = self.engines[name]
        llm.load()  # a later cell may have unloaded it
        messages = [{"role": "system", "content": kitchen.SYSTEM}, {"role": "user", "content": self.asked}]
        mark = llm.mark()
        try:
            (answer,) = llm.generate([messages], **_SETTINGS)
        finally:
            llm.rewind(mark)  # the same sentence is found again, and other cells get what they would get anyway
        self.before = self.positions()
        setattr(self, name, answer["generations"][0])
        self.asking = "output" if name == "chat" else ""
        self.call = kitchen.parse_call(self.output)


def _matched(exam: Any, rows: Any) -> tuple[kitchen.Exam | None, list[Any]]:
    """The exam as far as there are rows for it, and their sentences."""
    if exam is None and rows is None:
        return None, []
    if not isinstance(exam, kitchen.Exam | None):
        raise TypeError(_("`exam` should be what `kitchen.exam` returned."))
    if exam is None or rows is None:
        raise ValueError(_("Give the exam and its rows together: Kitchen(untouched, trained, exam=…, rows=…)."))
    rows = records(rows, ("sentence", "call"))
    marked = exam.rows[: len(rows)]
    if [_plain(row["call"]) for row in rows] != [row["expected"] for row in marked]:
        raise ValueError(_("`rows` should be the rows of this exam, in its order."))
    return kitchen.Exam(marked), [row["sentence"] for row in rows]


def _plain(call: Any) -> Any:
    """A call without the empty fields that a table gives it, which are those of other tools."""
    return {field: value for field, value in call.items() if value is not None} if isinstance(call, Mapping) else call


def _number(call: Mapping[str, Any]) -> int:
    return next((value for value in call.values() if isinstance(value, int)), 0)


def _words(field: str, value: Any) -> str:
    """A value with its unit, or a thing."""
    if not isinstance(value, int):
        return visible(value, _LONGEST_THING)
    shown = f"{value:,}"
    if field == "minutes":
        return ngettext("{n} minute", "{n} minutes", value).format(n=shown)
    units = {"celsius": _("{n} °C"), "grams": _("{n} g")}
    return units.get(field, "{n}").format(n=shown)
