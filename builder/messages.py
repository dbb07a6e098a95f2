"""`messages`: brings all catalogues up to date with their sources, for translators to go on from."""

from __future__ import annotations

from collections.abc import Callable

from builder.build import replace, validated
from builder.catalogues import merge, sources, store
from builder.course import SOURCE_LANGUAGE, Course


def update(course: Course, say: Callable[[str], None] = print) -> None:
    """Write the catalogues of every language of course.toml, built or not. Raises Refused."""
    lessons = {entry.name: validated(course, entry).lesson for entry in course.lessons}
    expected = sources.all_messages(course, lessons)
    for language in course.languages:
        if language.code == SOURCE_LANGUAGE:
            continue
        missing = fuzzy = 0
        for name, messages in expected.items():
            path = course.catalogue(language.code, name)
            catalogue = merge.merged(store.load(path, language.code), messages)
            replace(path, store.text_of(catalogue, f"{course.title}: {name}"), say)
            fuzzy += sum(entry.fuzzy for entry in catalogue.entries)
            missing += sum(not entry.msgstr and not any(entry.msgstr_plural.values()) for entry in catalogue.entries)
        say(f"{language.name}: {missing} to translate, {fuzzy} to look at again")
