"""The course's diagrams: one Mermaid source each, drawn in every language, shown by lessons.

`source` reads images/NAME.mmd, `draw` makes the pictures, `files` keeps them and tells which are out of date, `place`
puts them into lessons.
"""
