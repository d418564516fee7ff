# Everything a developer or an operator types. Each target works on a fresh machine.

BINARY := $(shell rustc --print host-tuple 2>/dev/null)
DAYFLY := target/$(BINARY)/release/dayfly
# Every target looks for what it built in target/.
unexport CARGO_TARGET_DIR

.PHONY: up test test-page test-clients test-monitoring test-openapi test-deployment test-engines test-cgroup2 check bench compare matrix fuzz fuzz-coverage host build

## up: prepare this host, build, serve on port 3000 and build missing language images meanwhile
up: host build
	$(DAYFLY) serve --build-images

## test: every test there is, against the real engine
test: host
	scripts/prepare-tests
	cargo build --locked
	target/$(BINARY)/debug/dayfly images build
	cargo test --locked --workspace
	cargo test --locked --package engine-api --features tls --test own_engine --lib

## test-page: the page in a real browser, against a real server
test-page: host
	cargo build --locked
	tests/browser/run

## test-clients: Socket.IO and WebSocket clients of other people's making
test-clients: host
	cargo build --locked
	tests/clients/run

## test-monitoring: the dashboard and the alerts, in a real Prometheus that watches a real server
test-monitoring: host
	cargo build --locked
	scripts/check-monitoring target/$(BINARY)/debug/dayfly

## test-openapi: whether the server does what its description promises
test-openapi: host
	cargo build --locked
	tests/openapi/run

## test-deployment: dayfly in containers, behind proxies, and under systemd
test-deployment: host
	cargo build --locked
	tests/deployment/reverse-proxies
	tests/deployment/systemd
	tests/deployment/compose

## test-engines: what an engine must be able to do, on this machine's own, on Docker Engine 26.1 and on Podman 5.4
test-engines:
	scripts/test-engines

## test-cgroup2: limits, verdicts, hardening and worlds on a machine with cgroup v2 and AppArmor, emulated and slow
test-cgroup2:
	scripts/test-cgroup2

## check: what CI asks beside the tests
check:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo clippy --locked --package engine-api --all-targets --all-features -- --deny warnings
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo fmt --manifest-path engine-api/benches/compare/Cargo.toml --check
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps
	cargo deny --log-level error check bans licenses sources
	cargo deny --log-level error --manifest-path engine-api/Cargo.toml --all-features check bans licenses sources

## bench: every figure beside its yardstick in the same run, as ratios; writes the table of docs/performance.md
bench: host build
	$(DAYFLY) images build python javascript ruby php java cpp c bash
	scripts/write-performance

## matrix: try and measure every language, and write the tables of docs/languages.md
matrix: host build
	$(DAYFLY) images build
	scripts/write-language-tables $(DAYFLY)

## compare: the engine client beside bollard: decoding, attached streams, build time, size
compare:
	scripts/compare-clients

## fuzz-coverage: how much of each decoder, and of what reads requests, the seeds of the fuzz targets reach
fuzz-coverage:
	scripts/fuzz-coverage

## fuzz: every fuzz target, SECONDS each (default 10)
fuzz:
	scripts/fuzz $(or $(SECONDS_EACH),10)

host:
	scripts/prepare-host

build:
	cargo build --locked --release
