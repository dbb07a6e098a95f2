"""Checks on exercises: one module a lesson, one function an exercise. They run on given data, never on a model."""
