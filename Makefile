# Everything starts from here; nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin
XVFB := xvfb-run -a -s "-screen 0 1920x1080x24"

.PHONY: demo test setup lint types contracts unit pyside bench docs screenshots clean

## demo: open napari with simulated neurons, segment, count and compare
demo:
	@$(PYTHON) tools/bootstrap.py demo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(BIN)/python tools/demo.py; \
	else $(XVFB) $(BIN)/python tools/demo.py --save demo; fi

## test: all checks and tests, from nothing
test: lint types contracts unit pyside

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

unit: setup
	QT_API=pyqt6 PYTEST_QT_API=pyqt6 $(XVFB) $(BIN)/python -m pytest

## pyside: the window's tests once more on the other Qt binding
pyside: setup
	QT_API=pyside6 PYTEST_QT_API=pyside6 $(XVFB) $(BIN)/python -m pytest tests/_qt tests/_napari

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
