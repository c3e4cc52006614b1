# Berth's commands. `make run` and `make test` do all the set-up they need; see README.md.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: all build run test check unit kernel bench bench-images fuzz images install uninstall clean generate system packages test-packages

PREFIX ?= /usr/local
# Debian's packages, named here and nowhere else. For building and running:
PACKAGES := gcc libc6-dev iproute2 iptables nftables conntrack kmod busybox-static
# For the tests: real peers, and tools that look at what was made.
TEST_PACKAGES := $(PACKAGES) attr buildah docker-compose docker.io docker-registry e2fsprogs openssl podman skopeo util-linux xz-utils zstd libcap2-bin curl socat

MACHINE := $(shell uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
NODE := node_modules/node-linux-$(MACHINE)/bin/node
VITEST := $(NODE) node_modules/vitest/vitest.mjs
CFLAGS := -std=gnu11 -O2 -g0 -Wall -Wextra -Werror -Wshadow
LDFLAGS := -static
# `make SANITIZE=1 …` builds a helper that AddressSanitizer and UBSan watch; they need a dynamic one.
ifdef SANITIZE
CFLAGS += -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS :=
endif

C_SOURCES := $(filter-out runtime/docker-init.c,$(wildcard runtime/*.c))
C_HEADERS := $(wildcard runtime/*.h)
TS_SOURCES := $(shell find src -name '*.ts' 2>/dev/null)

all: build

# ── what must be there ───────────────────────────────────────────────────────────────────────────────────────
system:
	@[ "$$(uname -s)" = Linux ] || { echo 'berth: needs Linux (namespaces, cgroups, overlayfs); run it in a Linux machine or VM' >&2; exit 1; }

root: system
	@[ "$$(id -u)" = 0 ] || { echo 'berth: needs root for namespaces, mounts and firewall rules; type: sudo make $(MAKECMDGOALS)' >&2; exit 1; }
.PHONY: root npm

# Installs the packages that are missing, if any; their services are not started. $(1): names
define install_missing
	missing=$$(for p in $(1); do dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	command -v apt-get >/dev/null || { echo "berth: not a Debian system; install what corresponds to:" $$missing >&2; exit 1; }; \
	[ "$$(id -u)" = 0 ] || { echo "berth: packages are missing; type: sudo apt-get install" $$missing >&2; exit 1; }; \
	echo "installing" $$missing; \
	if [ ! -e /usr/sbin/policy-rc.d ]; then \
	  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
	fi; \
	{ apt-get install -y -qq --no-install-recommends $$missing || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; }; } >/dev/null
endef

# Whichever npm there is will do; Debian's where there is none.
npm: system
	@command -v npm >/dev/null && exit 0; $(call install_missing,npm)

packages: system
	@$(call install_missing,$(PACKAGES))

test-packages: system
	@$(call install_missing,$(TEST_PACKAGES))

node_modules/.package-lock.json: package.json package-lock.json | npm
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# ── build ────────────────────────────────────────────────────────────────────────────────────────────────────
build: packages node_modules/.package-lock.json dist/berth-helper dist/docker-init dist/berth

dist/berth-helper: $(C_SOURCES) $(C_HEADERS) Makefile | packages
	@mkdir -p dist
	gcc $(CFLAGS) $(LDFLAGS) -o $@ $(C_SOURCES)

# It runs in any root, so it is always static.
dist/docker-init: runtime/docker-init.c Makefile | packages
	@mkdir -p dist
	gcc -std=gnu11 -Os -Wall -Wextra -Werror -Wshadow -static -s -o $@ $<

# One launcher, the pinned Node beside it, and the bundled program in chunks that load when a command needs them.
dist/berth: $(TS_SOURCES) src/launcher.sh node_modules/.package-lock.json Makefile
	@mkdir -p dist
	@rm -rf dist/app
	@node_modules/.bin/esbuild src/berth.ts src/unpack-worker.ts --bundle --splitting --platform=node --format=esm --target=node26 --outdir=dist/app \
	  --out-extension:.js=.mjs --log-level=warning \
	  --banner:js="import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
	@ln -f $(NODE) dist/node 2>/dev/null || cp -f $(NODE) dist/node
	@install -m 755 src/launcher.sh $@

# The C half of the op table is generated; `make check` fails when it is stale.
generate: node_modules/.package-lock.json
	$(NODE) --input-type=module -e "import { renderHeader } from './src/model/plan.ts'; import { renderUnpackHeader } from './src/image/unpack-ops.ts'; import { writeFileSync } from 'node:fs'; writeFileSync('runtime/plan_ops.h', renderHeader()); writeFileSync('runtime/unpack_ops.h', renderUnpackHeader())"

images: root build
	@images/build.sh busybox web

# ── use ──────────────────────────────────────────────────────────────────────────────────────────────────────
run: root build images
	@test/demo.sh

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/berth
	rm -rf $(DESTDIR)$(PREFIX)/lib/berth/app
	cp -r dist/app $(DESTDIR)$(PREFIX)/lib/berth/app
	install -m 755 dist/node dist/berth-helper dist/docker-init dist/berth $(DESTDIR)$(PREFIX)/lib/berth/
	ln -sf ../lib/berth/berth $(DESTDIR)$(PREFIX)/bin/berth

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/lib/berth $(DESTDIR)$(PREFIX)/bin/berth

clean:
	rm -rf dist build node_modules

# ── tests ────────────────────────────────────────────────────────────────────────────────────────────────────
# Types, lint, unit, golden and architecture: no root, seconds.
check: node_modules/.package-lock.json
	@node_modules/.bin/tsc --noEmit -p .
	@node_modules/.bin/oxlint --quiet src test
	@$(VITEST) run --project unit --reporter=dot

unit: node_modules/.package-lock.json
	@$(VITEST) run --project unit

# Real kernel, real archives, real clients, each test in a world of its own.
kernel: root test-packages build images
	@images/build.sh redis
	@$(VITEST) run --project kernel

# Berth beside real Docker: scenarios run on both, or on Berth against the record of what Docker answered.
# SCENARIOS='inspect exec/basics' takes some of them.
COMPARE := $(NODE) test/compat/main.ts
compare: root test-packages build images
	@$(COMPARE) live $(SCENARIOS)

compare-record: root test-packages build images
	@$(COMPARE) record $(SCENARIOS)

compare-recorded: root test-packages build images
	@$(COMPARE) recorded $(SCENARIOS)
.PHONY: compare compare-record compare-recorded

test: root test-packages build images
	@images/build.sh redis
	@$(MAKE) --no-print-directory check
	@$(VITEST) run --project fuzz
	@$(VITEST) run --project kernel

# Beside Docker, podman and crun, in turn: minutes, on a quiet machine. crun refuses a machine whose cgroup v1 and v2
# share the controllers, so v2's tree is out of sight here, for all alike. ONLY=word measures some figures.
# Every parser with damaged input, for FUZZ_SECONDS a fuzzer; SEED=n runs one case again.
fuzz: root test-packages build
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(VITEST) run --project fuzz

bench-images: root test-packages build images
	@unshare --mount --propagation private sh -c 'umount -q /sys/fs/cgroup/unified; exec "$$@"' sh \
	  $(NODE) --disable-warning=ExperimentalWarning test/bench/images.ts

bench: root test-packages build images
	@$(call install_missing,crun runc)
	@unshare --mount --propagation private sh -c 'umount -q /sys/fs/cgroup/unified; exec "$$@"' sh \
	  $(NODE) --disable-warning=ExperimentalWarning test/bench/bench.ts
