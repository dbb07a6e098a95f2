"""Everything in the course that is derived: lessons/*.py → notebooks/, solutions/, the tables of README.md.

One module per purpose: `course` (course.toml), `source` (a lesson's cells), `names` and `validate` (what
is refused), `setup_cell` and `notebooks` (what is generated), `record`, `outputs` and `execute` (what is
stored of an execution), `readme`, `state` (nothing changed, nothing done), and the commands: `build`,
`check`, `run`, `classroom`. Start it as `python -m builder`. `lint` and `structure` look at the code of the course.
"""
