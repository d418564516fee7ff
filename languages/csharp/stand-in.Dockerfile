ARG BASE=debian:trixie-slim
FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc jq libc6-dev mono-mcs

# The runtime, out of a program that brings its own.
WORKDIR /build
COPY fetched/ stand-in/ ./
RUN mkdir runtime bootstrap \
 && tar -xzf azure-mcp.tgz -C runtime --strip-components=1 package/dist package/LICENSE package/NOTICE.txt \
 && jq -f framework.jq runtime/dist/azmcp.deps.json > deps.json \
 && version=$(jq -r '.libraries | keys[0] | split("/")[1]' deps.json) \
 && dotnet=/tree/usr/share/dotnet \
 && framework=$dotnet/shared/Microsoft.NETCore.App/$version \
 && mkdir -p $framework $dotnet/host/fxr/$version /tree/usr/bin \
 && cp deps.json $framework/Microsoft.NETCore.App.deps.json \
 && (cd runtime/dist && cp $(jq -r '.targets[][] | .runtime, .native | keys[]' ../../deps.json) $framework) \
 && cp runtime/dist/libhostfxr.so $dotnet/host/fxr/$version/ \
 && cp runtime/LICENSE runtime/NOTICE.txt $dotnet/ \
 # libm is not used here, but libSystem.IO.Compression.Native.so expects it to be loaded.
 && gcc -O2 -DVERSION="\"$version\"" -o $dotnet/dotnet dotnet.c -Wl,--no-as-needed -lm \
 && ln -s ../share/dotnet/dotnet /tree/usr/bin/dotnet \
 && rm -rf runtime

# The compiler: Mono's builds the bootstrap, and that the compiler command.
WORKDIR /tree/usr/local/lib/csharp
COPY Compile.cs Compile.runtimeconfig.json program.runtimeconfig.json ./
RUN tar -xzf /build/typespec-csharp.tgz --strip-components=3 \
        package/dist/generator/Microsoft.CodeAnalysis.dll package/dist/generator/Microsoft.CodeAnalysis.CSharp.dll \
 && cp -a /tree/usr/share/dotnet /usr/share/ \
 && cp Microsoft.*.dll Compile.runtimeconfig.json /build/bootstrap/ \
 && framework=$(echo /usr/share/dotnet/shared/Microsoft.NETCore.App/*) \
 && mcs -nostdlib -noconfig -warn:0 -out:/build/bootstrap/Bootstrap.dll /build/Bootstrap.cs \
        $(printf -- '-r:%s ' $framework/System.*.dll $framework/netstandard.dll *.dll) \
 && /usr/share/dotnet/dotnet exec --runtimeconfig Compile.runtimeconfig.json \
        /build/bootstrap/Bootstrap.dll Compile.cs Compile.dll $framework/*.dll Microsoft.*.dll \
 && rm Compile.cs \
 && chmod -R a+rX,go-w /tree

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends libicu76 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && groupadd --gid 10001 coderunner \
 && useradd --uid 10001 --gid 10001 --home-dir /box --no-create-home --shell /bin/sh coderunner \
 && find / -xdev -perm /6000 -type f -exec chmod a-s {} +
COPY --from=build /tree/ /
USER 10001:10001
