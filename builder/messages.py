"""`messages`: brings all catalogues up to date with their sources, for translators to go on from."""

from __future__ import annotations

from collections.abc import Callable

from builder.build import replace, validated
from builder.catalogues import merge, sources, store
from builder.course import SOURCE_LANGUAGE, Course, unmatched_sources
from builder.guards.translations import unknown_languages
from builder.problems import Problem, Refused, gathered


def update(course: Course, say: Callable[[str], None] = print) -> None:
    """Write the catalogues of every language of course.toml, built or not.

    Raises Refused, and writes nothing, where a source breaks a rule or a catalogue cannot be read.
    """
    problems: list[Problem] = unmatched_sources(course) + unknown_languages(course)
    if problems:
        raise Refused(problems)
    lessons, expected = {}, {}
    for entry in course.lessons:
        with gathered(problems, course.source(entry.name)):
            lessons[entry.name] = validated(course, entry).lesson
    for name in sources.names(course):
        if name.removeprefix("lessons/") in lessons or not name.startswith("lessons/"):
            with gathered(problems, course.root):
                expected[name] = sources.messages(course, lessons, name)
    languages = [language for language in course.languages if language.code != SOURCE_LANGUAGE]
    before = {}
    for language in languages:
        for name in sources.names(course):
            path = course.catalogue(language.code, name)
            with gathered(problems, path):
                before[path] = store.load(path, language.code)
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    for language in languages:
        missing = fuzzy = gone = 0
        for name, messages in expected.items():
            path = course.catalogue(language.code, name)
            catalogue = merge.merged(before[path], messages)
            kept = {text for entry in catalogue.entries for text in store.texts(entry)}
            gone += sum(not kept.issuperset(store.texts(entry)) for entry in before[path].entries)
            replace(path, store.text_of(catalogue, f"{course.title}: {name}"), say)
            fuzzy += sum(entry.fuzzy for entry in catalogue.entries)
            missing += sum(not store.is_translated(entry) for entry in catalogue.entries)
        left = f", {gone} removed, whose English is gone" if gone else ""
        say(f"{language.name}: {missing} to translate, {fuzzy} to look at again{left}")
