# The course's commands. `make help` lists them; the work is in scripts/setup.py and builder/.
# The first call sets up .venv and fetches the model; later calls install and fetch nothing.

PYTHON ?= python3
LAB_ARGS ?=
TESTS ?=
LESSONS ?=
# Two at a time: starting kernels and importing keeps one core busy, so the other has room for a second test.
JOBS ?= 2
DIR ?= classroom
FORCE ?=
# Only from the command line: in the environment this name belongs to gettext, as in LANGUAGE=de_DE:en.
ifneq ($(origin LANGUAGE),command line)
LANGUAGE := en
endif
export LAB_ARGS

SETUP = command -v $(PYTHON) >/dev/null 2>&1 || { \
  echo "The course needs Python 3.11 or newer, and there is no $(PYTHON) here: install it from your system's packages, then run the command again." >&2; \
  exit 1; }; $(PYTHON) scripts/setup.py

.PHONY: help lab lint test times run messages build check classroom clean
.DEFAULT_GOAL := help

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' Makefile | while IFS='|' read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

lab: ## open JupyterLab at lesson 01 (LANGUAGE=vi for another language; LAB_ARGS="--no-browser --port 8890" goes to it)
	@$(SETUP) lab "$(LANGUAGE)"

lint: ## look at the code without running it: names, layout, types, imports, architecture
	@$(SETUP) python dev -m builder.lint

test: ## run every test (TESTS="tests/checks -x" for some)
	@$(SETUP) python dev -m pytest -n $(JOBS) $(TESTS)

times: ## time the notebooks, cold and warm; fails where one takes too long (LESSONS="1 5" for some)
	@$(SETUP) python dev -m tests.notebooks.timing --jobs $(JOBS) $(LESSONS)

run: ## run a worked solution without a browser: make run LESSON=05_pipeline (LANGUAGE=vi for another language)
	@test -n "$(LESSON)" || { echo "Say which lesson: make run LESSON=05_pipeline" >&2; exit 1; }
	@$(SETUP) python learner -m builder run "$(LESSON)" --language "$(LANGUAGE)"

messages: ## bring the catalogues in translations/ up to date with the lessons
	@$(SETUP) python dev -m builder messages

build: ## write notebooks, solutions and READMEs in all languages from lessons/ and translations/
	@$(SETUP) python dev -m builder build

check: ## fail, naming file and cell, where a derived file or a translation is not up to date
	@$(SETUP) python dev -m builder check

classroom: ## write a course folder for nbgrader (DIR=classroom LANGUAGE=en; FORCE=1 overwrites what you changed)
	@$(SETUP) python dev -m builder classroom "$(DIR)" --language "$(LANGUAGE)" $(if $(FORCE),--force)

clean: ## remove .venv and what tests and runs left; models, notebooks and datasets stay
	rm -rf .venv build .cache/lint .pytest_cache .ruff_cache prompt2data.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
