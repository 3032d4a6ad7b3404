# Each target does all of its own set-up; only Python 3.11+ (with its venv module) must be there.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv/bin
SANDBOX := $(VENV)/python -m prg_admin.launcher.sandbox
TESTS ?= tests
PYTEST_OPTIONS ?= -n 2 --dist loadscope

.PHONY: run test lint lint-with-settings format bench soak soak-model diagrams messages python tools

run: python
	@exec $(PYTHON) -m prg_admin.launcher run

python:
	@test -n "$(PYTHON)" || { echo "PRG Admin needs Python 3.11 or newer with its venv module" \
		"(on Debian: apt-get install python3 python3-venv)." >&2; exit 2; }

tools: python
	@$(PYTHON) -m prg_admin.launcher install --dev

test: tools
	@$(VENV)/python -m tests.plugins.chromium
	@$(VENV)/python -m tests.plugins.slapd
	$(VENV)/python -m pytest $(PYTEST_OPTIONS) $(TESTS)
	$(VENV)/python -m tests.lab

lint: tools
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports
	$(VENV)/djlint --lint --quiet templates
	find templates -name '*.html' -exec $(VENV)/djade --check --target-version 5.2 {} +
	$(VENV)/python -m prg_admin.lib.messages --check
	$(SANDBOX) $(MAKE) --no-print-directory lint-with-settings

# These read the settings, which want a database; mypy does because its Django plugin does.
lint-with-settings:
	$(VENV)/mypy
	$(VENV)/python manage.py makemigrations --check --dry-run
	$(VENV)/python manage.py check --fail-level WARNING

format: tools
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .
	find templates -name '*.html' -exec $(VENV)/djade --target-version 5.2 {} +

bench: tools
	$(VENV)/python -m benchmarks

# Random faults: on the pure core, then on a whole installation, for so many MINUTES each.
# A run is repeated with SEED=n.
soak: soak-model
	$(VENV)/python -m tests.lab.soak $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

soak-model: tools
	$(VENV)/python -m tests.soak --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

diagrams: tools
	$(VENV)/python -m docs.draw_states

messages: tools
	$(VENV)/python -m prg_admin.lib.messages
