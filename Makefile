# What a developer types; everything a user needs is `pip install`. Build products of the C tests go to BUILD.

PYTHON ?= python3
BUILD ?= $(or $(TMPDIR),/tmp)/fastnn-tests
CC ?= cc
AARCH64_CC ?= aarch64-linux-gnu-gcc
QEMU_AARCH64 ?= qemu-aarch64
QEMU_X86_64 ?= qemu-x86_64
OLD_CPU ?= Nehalem
NEW_CPU ?= max
BENCH_ARGS ?=

VENV = .venv/bin/
# the environment of `make dev` where there is one
PY = $(if $(wildcard $(VENV)python),$(VENV)python,$(PYTHON))

.PHONY: help dev test test-slow test-targets test-c test-neon test-sse2 test-avx2 test-wide test-sanitize test-roots lint bench clean

help:
	@echo "dev            .venv with fastnn (editable) and its tests' needs"
	@echo "test           pytest"
	@echo "test-slow      pytest, the tests that take minutes"
	@echo "test-targets   kernel tests once for each CPU target that this machine runs"
	@echo "test-c         C tests of every kernel, targets that this machine runs"
	@echo "test-neon      the same on an emulated 64-bit ARM"
	@echo "test-sse2      the same on an emulated x86-64 without AVX"
	@echo "test-avx2      the same on one that ends at AVX2 (minutes)"
	@echo "test-wide      the same with AVX-512's lanes and tile on any CPU"
	@echo "test-sanitize  the same under the address and undefined-behaviour sanitizers"
	@echo "lint           ruff, mypy, stubtest"
	@echo "bench          pytest-benchmark (BENCH_ARGS=...)"
	@echo "clean          remove what builds leave behind"

dev:
	$(PYTHON) -m venv .venv
	$(VENV)pip install -e '.[test]'

test:
	$(PY) -m pytest

test-slow:
	$(PY) -m pytest -m slow

test-targets:
	@targets=$$($(PY) -c "from fastnn._core import targets; print(*targets.available())") || exit 1; \
	for target in $$targets; do \
		echo "FASTNN_TARGET=$$target"; \
		FASTNN_TARGET=$$target $(PY) -m pytest tests/kernels || exit 1; \
	done

lint:
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m mypy.stubtest fastnn --allowlist tests/stubtest-allowlist.txt --ignore-unused-allowlist

bench:
	$(PY) -m pytest bench --benchmark-only $(BENCH_ARGS)

# ---- C tests: csrc without Python -------------------------------------------------------------------------------

# as in setup.py; the tests themselves without contraction, so that they choose each rounding
KERNEL_FLAGS = -std=c11 -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-psabi -Wall -Wextra
TEST_FLAGS = -std=c11 -O1 -ffp-contract=off -Wno-psabi -Wall -Wextra
KERNELS = csrc/dispatch.c $(wildcard csrc/targets/*.c)
HEADERS = $(wildcard csrc/*.h csrc/*/*.h)

# $(call build,program,compiler,flags,more sources,a target that it will not run): compile one file at a time, link
define build
	@mkdir -p $(BUILD)/$(1).o
	@for source in $(KERNELS) $(4); do \
		[ $$source != csrc/targets/$(5).c ] && level= || level=-O1; \
		$(2) $(KERNEL_FLAGS) $(3) $$level -c $$source -o $(BUILD)/$(1).o/$$(basename $$source .c).o || exit 1; \
	done
	$(2) $(TEST_FLAGS) $(3) csrc/tests/test_kernels.c $(BUILD)/$(1).o/*.o -lm -o $(BUILD)/$(1)
endef
# $(call need,tool,where it comes from)
need = @command -v $(1) > /dev/null || { echo "$@ needs $(1) ($(2))"; exit 1; }

# avx512 once more, as CPUs have it whose ports are not as wide as this one's
test-c: $(BUILD)/native $(BUILD)/ports
	$(BUILD)/native
	$(BUILD)/ports
$(BUILD)/native: $(KERNELS) $(HEADERS) csrc/tests/test_kernels.c
	$(call build,native,$(CC))
$(BUILD)/ports: $(KERNELS) $(HEADERS) csrc/tests/test_kernels.c
	$(call build,ports,$(CC),'-DFN_NARROW_PORTS=(!__builtin_cpu_is("amdfam19h"))')

test-neon: $(BUILD)/neon
	$(call need,$(QEMU_AARCH64),Debian: qemu-user)
	$(QEMU_AARCH64) $(BUILD)/neon --best neon neon generic
$(BUILD)/neon: $(KERNELS) $(HEADERS) csrc/tests/test_kernels.c
	$(call need,$(firstword $(AARCH64_CC)),Debian: gcc-aarch64-linux-gnu)
	$(call build,neon,$(AARCH64_CC),-static)

test-sse2: $(BUILD)/static
	$(call need,$(QEMU_X86_64),Debian: qemu-user)
	$(QEMU_X86_64) -cpu $(OLD_CPU) $(BUILD)/static --best generic generic
test-avx2: $(BUILD)/static
	$(call need,$(QEMU_X86_64),Debian: qemu-user)
	$(QEMU_X86_64) -cpu $(NEW_CPU) $(BUILD)/static --best avx2 avx2
$(BUILD)/static: $(KERNELS) $(HEADERS) csrc/tests/test_kernels.c
	$(call build,static,$(CC),-static,,avx512)

# exact by the processor's multiply-adds; without contraction, so that the test chooses each
test-roots: $(BUILD)/roots
	$(BUILD)/roots
$(BUILD)/roots: csrc/tests/root_steps.c
	@mkdir -p $(BUILD)
	$(CC) $(TEST_FLAGS) -O3 -mfma $< -lm -o $@

# at -O1: at -O3 gcc takes minutes over 64-byte vectors that it must split
test-wide: $(BUILD)/wide
	$(BUILD)/wide wide
$(BUILD)/wide: $(KERNELS) $(HEADERS) csrc/tests/test_kernels.c csrc/tests/wide.c
	$(call build,wide,$(CC),-DFN_TEST_WIDE -O1,csrc/tests/wide.c)

test-sanitize: $(BUILD)/sanitize
	$(BUILD)/sanitize
	$(BUILD)/sanitize wide
$(BUILD)/sanitize: $(KERNELS) $(HEADERS) csrc/tests/test_kernels.c csrc/tests/wide.c
	$(call build,sanitize,$(CC),-DFN_TEST_WIDE -g -O1 -fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined,csrc/tests/wide.c)
comma := ,

clean:
	rm -rf build dist *.egg-info $(BUILD) .pytest_cache .ruff_cache .mypy_cache .benchmarks
	find fastnn -name '*.so' -delete
	find fastnn tests bench -name __pycache__ -prune -exec rm -rf {} +
	rm -f $(patsubst %.pyx,%.c,$(wildcard fastnn/_core/*.pyx))
