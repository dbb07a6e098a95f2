"""Reasons to drop a row: each lesson adds its own `why_drop`, lesson 07 puts them in a chain.

A `why_drop` looks at one row and returns a short reason, or None for a row worth keeping. Reasons are codes, not
sentences: they are counted, plotted and compared.
"""
