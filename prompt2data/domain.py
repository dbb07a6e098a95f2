"""The course's running domain, home baking, and the course's own text in which lessons ground their instructions.

Chosen because everybody has eaten bread, and because a program can easily find the words of the domain.
"""

from __future__ import annotations

import re

DOMAIN = "baking bread at home"

TEXT = """\
A sourdough starter is a mixture of flour and water in which wild yeast and lactic acid bacteria live. It is fed \
every day with equal weights of fresh flour and water. A starter that doubles within six hours at room temperature \
is ready to raise a loaf. For one loaf, mix 100 grams of starter with 350 grams of water and 500 grams of flour, \
wait half an hour, then add 10 grams of salt. The dough is folded four times, once every thirty minutes, instead of \
being kneaded. In a cold kitchen the dough needs longer: at 18 degrees it rises for about nine hours, at 26 degrees \
for about five. Shaped and covered, it can rest in the refrigerator overnight, which makes the crust darker and the \
taste more sour. The loaf is baked in a hot, closed pot at 240 degrees for twenty-five minutes, then for twenty \
minutes without the lid. It should cool for an hour before it is cut, because the crumb is still setting.\
"""

# Words that rarely occur in a question about something else. Whole words, any case.
_WORDS = re.compile(
    r"\b(bak(e|es|ed|er|ers|ery|ing)|breads?|sourdough|dough|doughs|loaf|loaves|flours?|yeast|starters?|knead\w*"
    r"|crusts?|crumbs?|ovens?|rises?|rising|ferment\w*|pastry|pastries|cakes?|cookies?|recipes?|ingredients?)\b",
    re.IGNORECASE,
)


def on_topic(text: str) -> bool:
    """Whether `text` uses at least one word of the domain. A program's view of a topic: fast, checkable, shallow."""
    return _WORDS.search(text) is not None
