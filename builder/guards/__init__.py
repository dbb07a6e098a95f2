"""Guards on translations: each compares a message with its translation and names what is wrong, in one sentence each.

A guard must fire on the fault it is for, and keep quiet on what is right: one that cries wolf gets switched off. Both
are tested, in tests/guards.
"""
