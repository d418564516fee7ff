#!/bin/sh
# Usage: compile-typescript ENTRY [OTHER...]
# Checks the types of all files, then writes the entry and what it imports as one main.js.
export GOGC=off GOMEMLIMIT=160MiB
entry=$1

# The check. A program may bring its own tsconfig.json; what is said here goes before it. The library is that of Node 24.
if [ -e tsconfig.json ]; then
    set -- --project .
else
    set -- --ignoreConfig "$@"
fi
tsc --noEmit --pretty false --singleThreaded --skipLibCheck \
    --target esnext --lib es2025,esnext.array,esnext.disposable,esnext.error --types node \
    --module preserve --moduleDetection force \
    --allowImportingTsExtensions "$@" >&2 || exit

# The output. CommonJS starts faster and knows `require` and `module`; a program with a top-level await or `import.meta`
# must be an ES module, which gets a `require` all the same.
bundle() {
    esbuild --bundle --platform=node --packages=external --target=node24 \
        --sourcemap=inline --sources-content=false --outfile=main.js "$@" "$entry"
}
require='import { createRequire as requireFrom } from "node:module"; globalThis.require = requireFrom(import.meta.url);'
module() {
    bundle --format=esm --log-level=error --banner:js="$require"
}
if grep -qs '"type": *"module"' package.json; then
    module
else
    bundle --format=cjs --log-override:empty-import-meta=error --log-level=silent || module
fi
