# Everything starts from here; nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin
XVFB := xvfb-run -a -s "-screen 0 1920x1080x24"
# virtual displays that may start at once look for a free number from different ones
XVFB_PYQT6 := xvfb-run -a -n 199 -s "-screen 0 1920x1080x24"
XVFB_PYSIDE6 := xvfb-run -a -n 299 -s "-screen 0 1920x1080x24"
WINDOWS := tests/_qt tests/_napari
# three sets of tests, as many at once as there are cores
CORES := $(shell nproc 2>/dev/null || echo 2)

.PHONY: demo test setup lint types contracts headless pyqt6 pyside6 bench docs screenshots clean

## demo: open napari with simulated neurons, segment, count and compare
demo:
	@$(PYTHON) tools/bootstrap.py demo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(BIN)/python tools/demo.py; \
	else $(XVFB) $(BIN)/python tools/demo.py --save demo; fi

## test: all checks and tests, from nothing
test: lint types contracts
	@echo "Running the tests, windows beside the rest; they speak when they end."
	@$(MAKE) --no-print-directory -j$(CORES) --output-sync=line headless pyqt6 pyside6

setup:
	@$(PYTHON) tools/bootstrap.py $(EXTRAS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/npe2 validate napari.yaml

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

## headless: everything that needs no window
headless: setup
	QT_API=pyqt6 PYTEST_QT_API=pyqt6 $(XVFB) $(BIN)/python -m pytest $(WINDOWS:%=--ignore=%)

## pyqt6, pyside6: the window's tests; what knows no Qt runs on one binding only
pyqt6: setup
	QT_API=pyqt6 PYTEST_QT_API=pyqt6 $(XVFB_PYQT6) $(BIN)/python -m pytest $(WINDOWS)

pyside6: setup
	QT_API=pyside6 PYTEST_QT_API=pyside6 $(XVFB_PYSIDE6) $(BIN)/python -m pytest tests/_qt

## bench: every ratio with its reference, also as JSON under benchmarks/results
bench: setup
	$(XVFB) $(BIN)/python -m benchmarks.run

## screenshots: the pictures of README and docs, from the real program
screenshots: setup
	$(XVFB) $(BIN)/python tools/screenshots.py docs/images

## docs: build the site, warnings are errors
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf .venv site demo build dist
