ARG BASE=debian:trixie-slim
FROM ${BASE} AS vm
RUN apt-get update \
 && apt-get install -y --no-install-recommends libc6-i386 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && groupadd --gid 10001 coderunner \
 && useradd --uid 10001 --gid 10001 --home-dir /box --no-create-home --shell /bin/sh coderunner \
 && find / -xdev -perm /6000 -type f -exec chmod a-s {} +

FROM vm AS build
WORKDIR /build
COPY fetched/sass-embedded.tgz stand-in/kernels.pl ./
RUN mkdir -p /tree/bin/snapshots \
 && tar -xzf sass-embedded.tgz -C /tree/bin --strip-components=3 package/dart-sass/src/dart \
 && tar -xzf sass-embedded.tgz -C /tree --strip-components=3 package/dart-sass/src/LICENSE \
 && chmod 755 /tree/bin/dart
# The compiler inside the virtual machine, as a snapshot in the place where an SDK has it: two thirds of the time to start.
RUN perl kernels.pl < /tree/bin/dart \
 && echo 'void main() {}' > empty.dart \
 && /tree/bin/dart --snapshot-kind=app-jit --snapshot=/tree/bin/snapshots/kernel-service.dart.snapshot \
        kernel-service.dill --train file:///build/empty.dart platform.dill \
 && chmod -R a+rX,go-w /tree

FROM vm
COPY --from=build /tree/ /usr/lib/dart/
RUN ln -s /usr/lib/dart/bin/dart /usr/local/bin/dart
USER 10001:10001
