# Each target sets up all that it needs: a virtual environment from requirements.lock.

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
# Imports are most of a short job; compiled once, they take half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo quick ablation ablations released paper baselines hero test test-wheel test-cluster test-report test-paper test-faults fuzz audit paper-sample docs lint bench lock sbom clean

# A study: results/<study>/ with weights, images, scores, tables, figures, report.html (what was found)
# and workflow.html (Snakemake's own report: how it was made).
# As many jobs at a time on GPUs as there are, or as ZERO_LEINR_GPUS says. Killed in any way, the same
# command goes on.
demo quick ablation ablations released paper baselines: .venv/ready
	zero-leinr run $@
	snakemake $@ --report results/$@/workflow.html

# The picture of README.md, of what `make demo` left: photos that are in the public domain.
hero: .venv/ready
	zero-leinr figure qualitative_embedded_test results/demo --out build/hero \
		--images coffee chelsea rocket --methods clahe zero_leinr_released
	python -c "from PIL import Image; i = Image.open('build/hero/figures/qualitative_embedded_test.png'); \
		i.thumbnail((1200, 1200)); i.convert('RGB').save('results/reference/demo/hero.jpg', quality=82)"

test: .venv/ready
	python -m pytest

# A real Slurm of one node: as root, after apt-get install --no-install-recommends slurm-wlm munge.
# The plugin is not in requirements.lock: Snakemake loads it, and pandas with it, at every start.
test-cluster: .venv/ready
	VIRTUAL_ENV=.venv uv pip install --quiet --no-deps --require-hashes -r requirements-cluster.lock
	python -m pytest -m cluster -s tests/cluster

# Kills a small study at random points and fills disks, as root; docs/reliability.md.
test-faults: .venv/ready
	python -m pytest -m faults -s tests/faults

# Ten minutes of mutated files for each reader, on Linux with Python 3.11 to 3.13; findings go to
# results/fuzz. Shorter: make fuzz FUZZ_SECONDS=60
FUZZ_SECONDS ?= 600
fuzz: .venv/ready
	VIRTUAL_ENV=.venv uv pip install --quiet --require-hashes -r requirements-checks.lock
	for reader in config weights images; do \
		python tests/hostile/fuzz.py $$reader --seconds $(FUZZ_SECONDS) || exit 1; \
	done

# The wheel in an empty environment, used from another folder: slow, since it installs torch again.
test-wheel: .venv/ready
	rm -rf build/wheel
	uv build --quiet --wheel --out-dir build/wheel
	uv venv --quiet --python .venv/bin/python build/wheel/venv
	VIRTUAL_ENV=build/wheel/venv uv pip install --quiet --constraint requirements.lock build/wheel/*.whl
	cp tests/wheel.py build/wheel && cd build/wheel && venv/bin/python -I wheel.py

# The report in a real browser. Plain `make test` needs none and passes these tests over, saying so.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
test-report: .venv/ready
	$(if $(CHROMIUM),,$(error test-report: no Chromium; install it, or say CHROMIUM=/where/it/is))
	VIRTUAL_ENV=.venv uv pip install --quiet --require-hashes -r requirements-checks.lock
	CHROMIUM=$(CHROMIUM) python -m pytest tests/report

# The site of the documentation in build/site; stops at a warning or a dead link.
docs: .venv/ready
	test -x build/docs-venv/bin/zensical || uv venv --quiet --python .venv/bin/python build/docs-venv
	VIRTUAL_ENV=build/docs-venv uv pip install --quiet --require-hashes -r requirements-docs.lock
	build/docs-venv/bin/python docs/build_site.py build/site-pages
	build/docs-venv/bin/zensical build --clean --strict -f mkdocs.yml

# Papers of kept studies, compiled in every class. Debian: apt-get install texlive-latex-recommended
# texlive-latex-extra texlive-publishers texlive-science texlive-fonts-recommended lmodern poppler-utils
test-paper: .venv/ready
	$(foreach name,pdflatex bibtex pdftohtml pdffonts,$(if $(shell command -v $(name)),,$(error test-paper: no $(name); install the packages that the Makefile names above this target)))
	python -m pytest -m 'paper or not paper' tests/publish

# Two pages from kept results: build/paper-sample/sample.pdf.
SAMPLE := build/paper-sample
paper-sample: .venv/ready
	zero-leinr publish results/reference/baselines --out $(SAMPLE) --document docs/paper-sample/sample.tex --strict

lint: .venv/ready
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile experiments/rules
	snakemake --lint

# Speed side by side with the official code, which you fetch (nycu-acm/Zero-LEINR, Li-Chongyi/Zero-DCE):
#   make bench ZERO_LEINR=Zero-LEINR ZERO_DCE=Zero-DCE/Zero-DCE_code PAIRS=data/lol/eval15
bench: .venv/ready
	$(foreach name,ZERO_LEINR ZERO_DCE PAIRS,$(if $($(name)),,$(error bench: say where it is: $(name)=...)))
	python benchmarks/training.py $(ZERO_LEINR) --out results/benchmarks/training_step
	python benchmarks/training.py $(ZERO_LEINR) --loop $(PAIRS)/low --out results/benchmarks/training_loop
	python benchmarks/inference.py --zero-leinr $(ZERO_LEINR) --zero-dce $(ZERO_DCE) \
		--out results/benchmarks/inference
	python benchmarks/scoring.py $(PAIRS)/low $(PAIRS)/high --out results/benchmarks/scoring
	python benchmarks/workflow.py --out results/benchmarks/workflow

TOOLS := build/tools-venv/bin
$(TOOLS)/ready: .venv/ready requirements-tools.lock
	test -x $(TOOLS)/python || uv venv --quiet --python .venv/bin/python build/tools-venv
	VIRTUAL_ENV=build/tools-venv uv pip install --quiet --require-hashes -r requirements-tools.lock
	touch $@

# All packages of the lock with their hashes, as a CycloneDX bill of materials.
sbom: $(TOOLS)/ready
	mkdir -p dist
	$(TOOLS)/cyclonedx-py requirements requirements.lock --output-reproducible --output-file dist/sbom.json

# Known flaws of what is installed; stops where the database in the network is not reached.
audit: $(TOOLS)/ready
	for lock in requirements*.lock; do \
		$(TOOLS)/pip-audit --strict --require-hashes --disable-pip --requirement $$lock || exit 1; \
	done

# The package is built by the setuptools of the lock.
.venv/ready: requirements.lock requirements-uv.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	VIRTUAL_ENV=.venv uv pip install --quiet --require-hashes -r requirements.lock
	VIRTUAL_ENV=.venv uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Pins every package again, with hashes and without addresses; conda users get the same versions.
lock: .venv/ready
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--extra suite --extra dev --extra export --custom-compile-command "make lock" --upgrade pyproject.toml -o requirements.lock
	echo uv | uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-deps \
		--custom-compile-command "make lock" --upgrade - -o requirements-uv.lock
	printf '%s\n' snakemake-executor-plugin-slurm snakemake-executor-plugin-slurm-jobstep | \
		uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-deps \
		--custom-compile-command "make lock" --upgrade - -o requirements-cluster.lock
	printf '%s\n' playwright "atheris<3.1 ; sys_platform == 'linux' and python_version < '3.14'" | \
		uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --upgrade --constraint requirements.lock - -o requirements-checks.lock
	printf '%s\n' cyclonedx-bom pip-audit | \
		uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --upgrade - -o requirements-tools.lock
	printf '%s\n' zensical mkdocstrings-python latex2mathml | \
		uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --upgrade - -o requirements-docs.lock
	$(MAKE) environment.yml

environment.yml: requirements.lock
	{ printf '%s\n' '# For conda users; written by `make environment.yml` from requirements.lock:' \
	    '#   conda env create -f environment.yml && conda activate zero-leinr' \
	    '#   pip install --no-deps --editable .' \
	    'name: zero-leinr' 'channels: [conda-forge]' 'dependencies:' \
	    '  - python=3.11' '  - pip' '  - pip:'; \
	  sed -nE 's/^([a-z0-9][^ ]*==[^\\]*[^ \\]) *\\?$$/      - "\1"/p' requirements.lock; } > $@

clean:
	rm -rf .venv .snakemake results/demo results/quick results/ablation results/ablations \
		results/released results/paper results/baselines results/benchmarks
