# Everything starts from here; nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin
XVFB := xvfb-run -a -s "-screen 0 1920x1080x24"
# virtual displays that may start at once look for a free number from different ones
XVFB_PYQT6 := xvfb-run -a -n 199 -s "-screen 0 1920x1080x24"
XVFB_PYSIDE6 := xvfb-run -a -n 299 -s "-screen 0 1920x1080x24"
XVFB_NAPARI := xvfb-run -a -n 399 -s "-screen 0 1920x1080x24"
PYQT6 := QT_API=pyqt6 PYTEST_QT_API=pyqt6
PYSIDE6 := QT_API=pyside6 PYTEST_QT_API=pyside6
# sets of tests, as many at once as there are cores; after what fails soon, the longest
FORMAT_SETS := formats catalogue
OTHER_SETS := _qt _napari training $(FORMAT_SETS)
SETS := types contracts pyside6 pyqt6 headless formats napari training
CORES := $(shell nproc 2>/dev/null || echo 2)
# what else is made beside them
ALSO ?=
AT_ONCE := $(MAKE) --no-print-directory -j$(CORES) --output-sync=line

.PHONY: demo test setup lint $(SETS) bench docs screenshots clean

## demo: open napari with simulated neurons, segment, count and compare
demo:
	@$(PYTHON) tools/bootstrap.py demo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(BIN)/python tools/demo.py; \
	else $(XVFB) $(BIN)/python tools/demo.py --save demo; fi

## test: all checks and tests, from nothing
test: lint
	@echo "Running the tests, windows beside the rest; they speak when they end."
	@$(AT_ONCE) $(SETS) $(ALSO)

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

# programs that tests start need not be compiled each time
unexport PYTHONDONTWRITEBYTECODE
# napari colours labels with all cores, of which each set has one
$(SETS): export NUMBA_NUM_THREADS := 1

## pyqt6, pyside6: the window's tests, on both bindings
pyqt6: setup
	$(PYQT6) $(XVFB_PYQT6) $(BIN)/python -m pytest tests/_qt

pyside6: setup
	$(PYSIDE6) $(XVFB_PYSIDE6) $(BIN)/python -m pytest tests/_qt

## napari: layers without a window, on one binding only
napari: setup
	$(PYQT6) $(XVFB_NAPARI) $(BIN)/python -m pytest tests/_napari

## training: what learns
training: setup
	$(PYQT6) $(BIN)/python -m pytest tests/training

## formats: files and data sets
formats: setup
	$(PYQT6) $(BIN)/python -m pytest $(FORMAT_SETS:%=tests/%)

## headless: everything else
headless: setup
	$(PYQT6) $(XVFB) $(BIN)/python -m pytest $(OTHER_SETS:%=--ignore=tests/%)

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
