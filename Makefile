# Two commands matter: `make demo` and `make test`. Everything stays inside this folder.
.DEFAULT_GOAL := help
.PHONY: help audit fuzz histories mutants browser enumeration oidc lighthouse demo docs rows sbom test test-pure test-rooms test-whole test-pages test-staff test-long campaign faults drills clocks lint format lock bench bench-growth fresh release fresh-root release-check upgrade-check install-check image-check charts screenshots clean setup-demo setup-dev reference
BIN := .venv/bin
PYTHON_FILES := activities adapters bench demo domain ledger recognition security starter support settings tests translations web workflows postgres.py worker.py

help: ## show these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup-demo:
	@requirements/install.sh demo

setup-dev:
	@requirements/install.sh dev

demo: setup-demo ## start everything on this machine; Ctrl-C stops it
	@exec $(BIN)/activation demo up

# Tests start hundreds of processes; without this, some environments compile every module in each.
export PYTHONDONTWRITEBYTECODE :=

# Only where every line and branch must be tested: measuring makes tests half as slow again.
MEASURED := tests/domain tests/replay tests/workflows
# Walks at random: no line of these counts as tested, so that nothing depends on a seed.
RANDOM := $(addprefix tests/domain/,test_codes_model.py test_typed.py) \
	$(addprefix tests/workflows/,test_model.py test_traces.py)
# What starts a demo or a browser; each of the others works on a few parts.
WHOLE := tests/browser tests/demo tests/profiles tests/whole $(wildcard tests/test_*.py)
PAGES := tests/starter
STAFF := tests/support tests/web
# What waits for outages, and for several demos.
LONG := tests/faults tests/demo/test_neighbours.py
# What fetches a provider by npm.
CERTIFIED := tests/certified
# What brings back older stores, and mounts a small disk.
DRILLS := tests/drills
# Of what tries many things in the same way, each part but test-long tries a few.
FEW := -m "not long"
ROOMS := $(filter-out %__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
ignored = $(patsubst %,--ignore=%,$(1))
# The longest first, so that none is left to run alone.
PARTS := test-whole test-rooms test-pages test-staff test-pure
test: setup-dev ## run the tests on real parts of their own
	@$(MAKE) --no-print-directory --assume-old=setup-dev --jobs=3 --output-sync=target $(PARTS)

test-pure: # every line and branch of domain/ and workflows/ is run by these
	@$(BIN)/coverage run -m pytest $(FEW) $(MEASURED) $(call ignored,$(RANDOM))
	@$(BIN)/coverage report --include='domain/*,workflows/*'

test-rooms:
	@$(BIN)/pytest $(FEW) $(filter-out $(MEASURED) $(WHOLE) $(PAGES) $(STAFF) $(LONG) $(CERTIFIED) $(DRILLS),$(ROOMS)) $(RANDOM)

test-pages:
	@$(BIN)/pytest $(FEW) $(PAGES)

test-staff:
	@$(BIN)/pytest $(FEW) $(STAFF)

test-whole:
	@$(BIN)/pytest $(FEW) $(WHOLE) $(call ignored,$(LONG))

test-long: setup-dev ## run the longer tests: outages, demos beside each other, walks through every state and branch
	@$(BIN)/pytest $(LONG)
	@$(BIN)/pytest -m long $(filter-out $(LONG) $(CERTIFIED) $(DRILLS),$(ROOMS)) $(wildcard tests/test_*.py) $(call ignored,$(LONG))
	@$(BIN)/pytest -m hypothesis --hypothesis-profile=many tests/activities tests/adapters tests/domain tests/security tests/workflows

STUDENTS := 5000
OUTAGE := 600
campaign: setup-dev ## invite 5,000 students through a gateway that is away for ten minutes, with a worker that is killed twice
	@STUDENTS=$(STUDENTS) OUTAGE=$(OUTAGE) $(BIN)/python -m tests.campaign

faults: setup-dev ## play the whole fault programme, three seeds each, and print its table
	@$(BIN)/pytest tests/faults --ignore=tests/faults/test_clocks.py --faults=all

drills: setup-dev ## bring back an older ledger, Temporal and directory, and fill the ledger's disk, with students at every step (as root)
	@$(BIN)/pytest $(DRILLS)

clocks: setup-dev ## play journeys with each process's clock ten minutes off, both ways
	@$(BIN)/pytest tests/faults/test_clocks.py --faults=all --seed $(or $(SEED),1)

browser: setup-dev ## look at every page in Chromium, in every way, and print a table
	@$(BIN)/python -m tests.browser.matrix

oidc: setup-dev ## sign in at a certified OpenID Connect provider, fetched by npm
	@$(BIN)/pytest $(CERTIFIED)

lighthouse: setup-dev ## let Lighthouse judge the five main pages on a phone (needs npm)
	@$(BIN)/python -m tests.browser.lighthouse

lint: setup-dev ## check style, types, the direction of imports and that nothing banned is used
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PYTHON_FILES)
	$(BIN)/lint-imports
	$(BIN)/python -m tests.determinism
	$(BIN)/python -m tests.bans
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml $(filter-out tests,$(PYTHON_FILES))

audit: setup-dev ## look for known vulnerabilities in what is locked; asks a public database
	@$(BIN)/python -m tests.audit $(OPTIONS)

SBOM := .sbom.json
sbom: setup-dev ## write .sbom.json: what an installation holds, in CycloneDX's form
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements/run.txt \
		--pyproject pyproject.toml --output-reproducible --output-file $(SBOM)

format: setup-dev ## put the code into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate
lock: setup-dev ## write requirements/*.txt anew from pyproject.toml
	$(LOCK) pyproject.toml requirements/build.in requirements/lock.in --extra demo --extra traces --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml requirements/build.in --extra demo -c requirements/dev.txt -o requirements/demo.txt
	$(LOCK) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) pyproject.toml --extra traces -c requirements/dev.txt -o requirements/traces.txt
	$(LOCK) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	$(LOCK) --group fuzz -c requirements/dev.txt -o requirements/fuzz.txt
	$(LOCK) --python-version 3.12 --group charts -c requirements/dev.txt -o requirements/charts.txt
	$(LOCK) --group docs -c requirements/dev.txt -o requirements/docs.txt
	@! grep -qE 'https?://' requirements/*.txt || { echo "a lock holds an address"; exit 1; }

abuse: setup-dev ## play 300,000 guesses at codes of 20,000 activations with students among them, then a hall of 200 students and 1,000 activations that are guessed at through the pages
	@$(BIN)/python -m bench.abuse
	@$(BIN)/python -m bench.abuse_live

.schemathesis: requirements/fuzz.txt
	@rm -rf $@ && python3 -m venv $@
	@$@/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r $<

fuzz: setup-dev .schemathesis ## send 100,000 drawn requests to portal and console, and try the codec and each validator
	@$(BIN)/python -m tests.fuzz $(REQUESTS) $(SEED)

upgrade-check: setup-dev ## upgrade a demo of the revision FROM to this tree, with students in mid-way
	@$(BIN)/python -m tests.upgrade $(FROM)

histories: setup-dev ## record what new branches of the workflows do, and the fingerprint of their commands
	@$(BIN)/python -m tests.replay

reference: setup-dev ## write docs/reference/ anew from the code: settings, commands, metrics, states, failure types, tables
	@$(BIN)/python -m tests.reference

.docs: requirements/docs.txt
	@rm -rf $@ && python3 -m venv $@
	@$@/bin/python -m pip --disable-pip-version-check -qq install --require-hashes -r $<

docs: .docs ## build the documentation as a site into .site/, which needs nothing from outside
	@NO_MKDOCS_2_WARNING=1 .docs/bin/mkdocs build --strict --quiet
	@echo "The site is .site/index.html."

# Helm's library says that it needs Python 3.12, and runs with 3.11 as well.
.charts: requirements/charts.txt
	@rm -rf $@ && python3 -m venv $@
	@$@/bin/python -m pip --disable-pip-version-check -qq install --ignore-requires-python --require-hashes -r $<

charts: .charts ## lint the Helm chart, render it and validate all objects
	@.charts/bin/python -m tests.charts

mutants: setup-dev ## put 36 faults of security into a copy, one after the other: a test must fail by each
	@$(BIN)/python -m tests.mutants $(NAME)

enumeration: setup-dev ## ask the portal with uniform answers by 1,000 contacts on file and 1,000 unknown ones, and compare answers and times
	@$(BIN)/python -m bench.enumeration

rows: setup-dev ## play 20,000 untidy rows of the registrar: report, match, import, and 300 journeys
	@$(BIN)/python -m bench.rows

bench: setup-dev ## measure journeys beside reference workflows and what one asks of each system, the look-up among 100,000 rows, the comparison of 20,000 with the directory, the console with 200 activations, and 300 starts at once
	@$(BIN)/python -m bench.registrar
	@$(BIN)/python -m bench.accounts
	@$(BIN)/python -m bench.console
	@$(BIN)/python -m bench.counts
	@$(BIN)/python -m bench.measure
	@$(BIN)/python -m bench.burst

bench-growth: setup-dev ## measure 100, 1,000 and 10,000 parked activations, an outage of the directory with 1,000 waiting, and the look-up among 200,000 rows
	@$(BIN)/python -m bench.growth

fresh: ## play newcomers on an empty Debian 12 and 13 (needs root; demo/fresh.sh plays some)
	@demo/fresh.sh

fresh-root: setup-dev ## boot an empty Debian, install there by the documentation alone, and tell the minutes to the first student (needs root)
	@$(BIN)/python -m tests.install.fresh

release: sbom ## build what is published into .release/: wheel, sdist, locked versions, list of components, checksums
	@$(BIN)/python -m tests.release

release-check: sbom ## build the same, and play the wheel installed elsewhere, with a demo
	@$(BIN)/pytest -q tests/test_release.py
	@$(BIN)/python -m tests.release try

install-check: setup-dev ## install by the documentation, and restart each unit while 100 students come (needs root)
	@$(BIN)/python -m tests.install

image-check: setup-dev ## build the container image on a Debian made here, and play students with its processes as deploy/compose.yml has them (needs root; BASE=image for another)
	@BASE=$(BASE) $(BIN)/python -m tests.image

screenshots: setup-dev ## take the pictures of docs/screenshots and of the help anew, on a demo of their own
	@$(BIN)/python -m tests.browser.screenshots
	@$(BIN)/python -m tests.browser.help_pictures

clean: ## remove what the commands made, the demo's data included
	rm -rf .venv .schemathesis .charts .docs .site .demo .test .fresh .release .image .sbom.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache *.egg-info
