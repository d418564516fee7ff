# The images of a dayfly in containers: `server` serves, `images` builds the languages' images.
# Read by the classic builder as well as by BuildKit, hence without cache mounts.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS base
COPY deploy/certificates /usr/local/share/ca-certificates
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm --recursive --force /var/lib/apt/lists/*

FROM base AS build
# Debian's rustc is 1.85; the one it keeps current within a release, for browsers, is new enough.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends cargo-web gcc libc6-dev rustc-web \
 && rm --recursive --force /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --locked --release \
 && mv target/*/release/dayfly /dayfly \
 && rm --recursive target \
 && scripts/check-binary /dayfly \
 && install --directory --mode=1777 /root-of-server/run/dayfly

# npm and pip fetch the packages that some languages are made of.
FROM base AS images
RUN apt-get update \
 && apt-get install --yes --no-install-recommends npm python3-pip \
 && rm --recursive --force /var/lib/apt/lists/*
ENV DAYFLY_CACHE=/var/cache/dayfly \
    HOME=/tmp \
    npm_config_cache=/var/cache/dayfly/npm \
    npm_config_cafile=/etc/ssl/certs/ca-certificates.crt \
    npm_config_update_notifier=false \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt
# Whoever the container is run as.
RUN install --directory --mode=1777 /var/cache/dayfly
COPY --from=build /dayfly /usr/bin/dayfly
ENTRYPOINT ["dayfly"]
CMD ["images", "build"]

FROM scratch AS server
COPY --from=build /dayfly /dayfly
# Whoever the container is run as: a volume that is mounted there gets the folder's mode.
COPY --from=build /root-of-server /
ENV DAYFLY_HOST=0.0.0.0
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s CMD ["/dayfly", "health"]
ENTRYPOINT ["/dayfly"]
CMD ["serve"]
