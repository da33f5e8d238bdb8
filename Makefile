# nssh: everything by one word. `make help` lists them.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
NSSH = .build/release/nssh
SEED ?= $(shell date +%s)
CALLS ?= 100000
CASES ?= 1000000
FIRST ?= 0
SETUP = sh Tools/setup.sh

# Two builds in one directory would wait for each other.
.NOTPARALLEL:
.PHONY: all release debug demo course test test-swift test-lua test-failures test-kernels test-fresh fuzz fuzz-showing soak test-asan check check-format check-lua check-binary \
	check-generated generate format bench install uninstall clean help

all: release ## build the release binary, .build/release/nssh

# SwiftPM does not know that the binary depends on the script that links it.
release:
	@$(SETUP) build
	@for file in Tools/link-release.*; do if [ "$$file" -nt $(NSSH) ]; then rm -f $(NSSH); fi; done
	$(SWIFT) build -c release --product nssh
	@sh Tools/check-binary.sh $(NSSH)

# Warnings are errors here (Package.swift).
debug:
	@$(SETUP) build
	$(SWIFT) build --build-tests

demo: ## play all lessons of the course, one after the other
	@$(SETUP) build demo
	@$(MAKE) --no-print-directory release
	$(NSSH) --course --auto

course: release ## write docs/course.md: all lessons as they play here
	$(NSSH) --course --lang en --md docs/course.md >/dev/null

test: ## all tests: Swift, Lua, and LuaKit under the address sanitizer
	@$(SETUP) build demo test
	@$(MAKE) --no-print-directory debug release test-lua test-asan test-swift
	@echo "make test: all passed"

# The integration tests run the release binary too.
test-swift: release
	$(SWIFT) test

# The kernel lists mnt namespaces without processes in the first pid namespace only: the tests of that run once more outside.
test-lua: release ## only the Lua tests, as root in pid, mnt and ipc namespaces of their own: three minutes
	sh Tools/test-lua.sh $(NSSH)
	$(NSSH) Tests/lua/run.lua scan_mounts:

test-failures: release ## launches with each system call failing, nssh killed at each: some minutes
	@$(SETUP) test
	$(NSSH) Tests/failures/run.lua

# What strace(1) makes fail or counts by name is left out: a call that is refused there is tried in another way.
KERNELS = 5.10 6.1 6.8 6.12
test-kernels: release ## the Lua tests as on the older kernels 5.10, 6.1, 6.8 and 6.12 (KERNELS=…): three minutes each
	@$(SETUP) demo test
	$(CC) -std=gnu2x -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o .build/as-kernel Tests/kernels/as-kernel.c
	@failed=; for kernel in $(KERNELS); do \
		printf '\n==== as Linux %s ====\n' "$$kernel"; \
		NSSH_TEST_SKIPS=12 .build/as-kernel "$$kernel" sh Tools/test-lua.sh $(NSSH) -strace '-each system call fails' && \
		.build/as-kernel "$$kernel" $(NSSH) Tests/lua/run.lua scan_mounts: || failed="$$failed $$kernel"; \
	done; if [ -n "$$failed" ]; then echo "test-kernels: FAILED:$$failed" >&2; exit 1; fi; echo "make test-kernels: all passed as Linux $(KERNELS)"

DEBIAN = 12 13
TARGETS = demo test
AS = root
test-fresh: ## make demo and make test in fresh roots of Debian 12 and 13, as root (DEBIAN=13, TARGETS=demo, AS=user)
	TARGETS="$(TARGETS)" AS="$(AS)" sh Tools/test-fresh.sh $(DEBIAN)

MINUTES ?= 10
soak: release ## scans against what is known while namespaces come and go, for 10 minutes (MINUTES=…); 5,000 races of joins (RACES=…)
	$(NSSH) Tests/soak/soak.lua $(MINUTES)
	NSSH_TEST_RACES=$(or $(RACES),5000) $(NSSH) Tests/lua/run.lua "ended: a target that ends"

fuzz: release ## 100,000 random calls of every binding, then fuzz-showing (SEED=…, CALLS=…)
	$(NSSH) Tests/fuzz/fuzz.lua $(SEED) $(CALLS)
	@$(MAKE) --no-print-directory fuzz-showing

# XCTest, which has no tests here, leaks by itself. Optimised, a case of the fuzzer takes a fifth of the time; the checks of a development
# build are in it all the same. A backtrace of Swift's takes minutes there, and the sanitizer has its own.
ASAN = SWIFT_BACKTRACE=enable=no $(SWIFT) test --sanitize=address --disable-xctest --scratch-path .build-asan -Xswiftc -use-ld=lld -Xswiftc -O

fuzz-showing: ## a million values of a hostile child, decoded and shown under the address sanitizer (SEED=…, CASES=…, FIRST=…)
	@$(SETUP) build
	@mkdir -p .build-asan
	@seed=$(SEED); echo "decode, then show: $(CASES) cases from $(FIRST) on, seed $$seed"; \
		FUZZ_SEED=$$seed FUZZ_CASES=$(CASES) FUZZ_FIRST=$(FIRST) FUZZ_NOTE=.build-asan/case $(ASAN) --filter FuzzTests || \
		{ echo "again: make fuzz-showing SEED=$$seed CASES=1 FIRST=$$(cat .build-asan/case)" >&2; exit 1; }

test-asan: ## only LuaKit's tests, and some cases of fuzz-showing, under the address sanitizer
	@$(SETUP) build
	$(ASAN) --filter 'LuaKitTests|FuzzTests'

check: ## style, warnings, what the binary promises, generated files in step
	@$(SETUP) build check
	@$(MAKE) --no-print-directory check-format check-lua debug check-binary check-generated
	@echo "make check: all passed"

check-format:
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

check-lua:
	luacheck --quiet Scripts Tests Tools Benchmarks

# What is in the binary is looked at by every `make release`.
check-binary: release
	sh Tests/images/run.sh

check-generated: release
	$(NSSH) Tools/generate.lua --check

generate: release ## write what comes from the declarations of bindings and commands: docs/lua-api.md, Scripts/library, …
	$(NSSH) Tools/generate.lua

format: ## format the Swift sources
	$(SWIFT) format format --in-place --parallel --recursive Package.swift Sources Tests

bench: ## measure nssh beside its peers and beside C programs that do the same
	@$(SETUP) build bench
	@$(MAKE) --no-print-directory release
	@mkdir -p .build/bench
	$(CC) -std=gnu2x -D_GNU_SOURCE -O2 -Wall -Wextra -o .build/bench/floors Benchmarks/floors/*.c
	@if command -v go >/dev/null; then go build -o .build/bench/article Benchmarks/article.go; else rm -f .build/bench/article; fi
	$(NSSH) Benchmarks/bench.lua .build/bench
	$(NSSH) Benchmarks/scan.lua .build/bench
	$(NSSH) Benchmarks/prompt.lua .build/bench

install: ## install the built binary, its man page and bash's completion (PREFIX=/usr/local, DESTDIR=)
	@test -x $(NSSH) || { echo "make install: run make first, as the user you are" >&2; exit 1; }
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(NSSH) "$(DESTDIR)$(PREFIX)/bin/nssh"
	-strip "$(DESTDIR)$(PREFIX)/bin/nssh"
	@if [ -e docs/nssh.1 ]; then set -x; install -d "$(DESTDIR)$(PREFIX)/share/man/man1" && \
		install -m 644 docs/nssh.1 "$(DESTDIR)$(PREFIX)/share/man/man1/nssh.1"; fi
	install -d "$(DESTDIR)$(PREFIX)/share/bash-completion/completions"
	install -m 644 Scripts/completion/nssh.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/nssh"

uninstall: ## remove what install installed
	rm -f "$(DESTDIR)$(PREFIX)/bin/nssh" "$(DESTDIR)$(PREFIX)/share/man/man1/nssh.1" \
		"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/nssh"

clean: ## remove everything that was built
	rm -rf .build .build-asan .build-fresh

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24
