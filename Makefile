# Everything a developer or an operator types. Each target works on a fresh machine.

BINARY := $(shell rustc --print host-tuple 2>/dev/null)
DAYFLY := target/$(BINARY)/release/dayfly

.PHONY: up test check bench fuzz host images build

## up: prepare this host, build, build missing language images, serve on port 3000
up: host build
	$(DAYFLY) images build
	$(DAYFLY) serve

## test: every test there is, against the real engine
test: host
	cargo build --locked
	target/$(BINARY)/debug/dayfly images build
	cargo test --locked --workspace

## check: what CI asks beside the tests
check:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps
	cargo deny --log-level error check bans licenses sources

## bench: bare docker run, our client's cold path and POST /execute, in one run
bench: host build
	$(DAYFLY) images build python
	cargo bench --locked --bench latency

## fuzz: every fuzz target, SECONDS each (default 10)
fuzz:
	scripts/fuzz $(or $(SECONDS_EACH),10)

host:
	scripts/prepare-host

build:
	cargo build --locked --release
