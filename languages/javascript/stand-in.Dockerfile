ARG BASE=debian:trixie-slim
FROM ${BASE} AS fetched
COPY fetched/node.tgz /
RUN tar -xzf /node.tgz package/bin/node && chmod 755 /package/bin/node

FROM ${BASE}
COPY --from=fetched /package/bin/node /usr/local/bin/node
COPY blocking-output.cjs parked.cjs /usr/local/lib/javascript/
RUN groupadd --gid 10001 coderunner \
 && useradd --uid 10001 --gid 10001 --home-dir /box --no-create-home --shell /bin/sh coderunner \
 && chmod -R a+rX /usr/local/lib/javascript \
 && find / -xdev -perm /6000 -type f -exec chmod a-s {} +
USER 10001:10001
