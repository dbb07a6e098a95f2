"""Catalogues: what a course says in English, message by message, and in its other languages (GNU gettext PO).

`blocks` and `code_text` cut lessons into messages, `sources` collects them, `store` reads and writes catalogues,
`merge` brings them up to date, `translate` puts translations in the place of the English.
"""
