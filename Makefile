# Everything a developer or an operator types. Each target works on a fresh machine.

BINARY := $(shell rustc --print host-tuple 2>/dev/null)
DAYFLY := target/$(BINARY)/release/dayfly

.PHONY: up test test-page test-clients test-engines test-cgroup2 check bench matrix fuzz host build

## up: prepare this host, build, serve on port 3000 and build missing language images meanwhile
up: host build
	$(DAYFLY) serve --build-images

## test: every test there is, against the real engine
test: host
	cargo build --locked
	target/$(BINARY)/debug/dayfly images build
	cargo test --locked --workspace

## test-page: the page in a real browser, against a real server
test-page: host
	cargo build --locked
	tests/browser/run

## test-clients: Socket.IO and WebSocket clients of other people's making
test-clients: host
	cargo build --locked
	tests/clients/run

## test-engines: what an engine must be able to do, on this machine's own, on Docker Engine 26.1 and on Podman 5.4
test-engines:
	scripts/test-engines

## test-cgroup2: limits, verdicts and hardening on a machine with cgroup v2, emulated and slow
test-cgroup2:
	scripts/test-cgroup2

## check: what CI asks beside the tests
check:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps
	cargo deny --log-level error check bans licenses sources

## bench: latency of a run, an interactive echo, and idle connections, each beside its yardstick in the same run
bench: host build
	$(DAYFLY) images build python bash
	cargo bench --locked --bench latency
	cargo bench --locked --bench interactive

## matrix: try and measure every language, and write the tables of docs/languages.md
matrix: host build
	$(DAYFLY) images build
	scripts/write-language-tables $(DAYFLY)

## fuzz: every fuzz target, SECONDS each (default 10)
fuzz:
	scripts/fuzz $(or $(SECONDS_EACH),10)

host:
	scripts/prepare-host

build:
	cargo build --locked --release
