#!/bin/sh
# collect.sh FOLDER: copies of Swift's 2 GB what is needed to compile and run programs, without the
# driver, clang, the debugger, the package manager, static libraries and embedded Swift.
set -eu
cd /usr/libexec/swift
mkdir -p "$1"
cp -a --parents -t "$1" bin/swift-frontend libexec/swift/linux/swift-backtrace lib/clang/17/include lib/swift
cd "$1"
cd lib/swift
rm -rf FrameworkABIBaseline _InternalSwift* embedded migrator pm swiftToCxx host/*.swiftmodule
rm -rf host/lib_InternalSwiftScan.so host/libSwiftRefactor.so host/plugins/libTestingMacros.so
cd linux
rm -rf lib_InternalSwift* *XCTest* x86_64/XCTest* *Testing* libswiftRemoteMirror.so Cxx*.swiftmodule libcxx* libstdcxx*
# Beside a compiled module lie its documentation and its source form.
find . \( -name '*.swiftdoc' -o -name '*.swiftinterface' -o -name '*.abi.json' \) -delete
cd ../../clang/17/include
rm -rf arm* riscv* altivec.h hexagon* hvx* opencl* vecintrin.h s390intrin.h wasm* ppc_wrappers openmp_wrappers \
    cuda_wrappers hlsl* __clang_cuda* __clang_hip* llvm_libc_wrappers
