# The image: the static binary, and nothing else.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag REGISTRY/irsa-probe:TAG --push .
#
# With binaries that exist already (FOLDER/out/amd64/irsa-probe, as .ci/build FOLDER/out makes them) nothing is compiled:
#
#   docker buildx build --build-context build=FOLDER ...            (podman build takes the same flags)

# Debian with rustup, CARGO_HOME in /usr/local/cargo; by digest where it is to be the same one tomorrow.
ARG BUILDER=docker.io/library/rust:1.95-bookworm

# One platform builds for both, so that the bytes do not depend on whose machine it is; on another one it is emulated.
FROM --platform=linux/amd64 ${BUILDER} AS build
WORKDIR /src
# What a builder has already is left as it is. ring compiles a little C: hence the two C compilers.
RUN set -e; \
    if ! command -v musl-gcc || ! command -v readelf || ! [ -e /usr/aarch64-linux-gnu/include/stdint.h ] || ! command -v aarch64-linux-gnu-gcc; then \
        apt-get update; \
        apt-get install --yes --no-install-recommends binutils gcc-aarch64-linux-gnu libc6-dev-arm64-cross musl-tools; \
        rm -rf /var/lib/apt/lists/*; \
    fi; \
    rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl
COPY . .
ARG TARGETARCH
ARG REVISION=unknown
ARG DOCS_URL=
# What was fetched and compiled outlives the layer, so that a change of ours compiles ours alone. CARGO_HOME is the official image's.
RUN --mount=type=cache,id=irsa-probe-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=irsa-probe-target,target=/target \
    CARGO_HOME=/usr/local/cargo CARGO_TARGET_DIR=/target IRSA_PROBE_REVISION="$REVISION" IRSA_PROBE_DOCS_URL="$DOCS_URL" \
    .ci/build "$TARGETARCH" /out

FROM scratch
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="irsa-probe" \
      org.opencontainers.image.description="Shows which AWS identity an EKS pod really gets, and names the cause and the fix when it is the wrong one" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /out/${TARGETARCH}/irsa-probe /irsa-probe
# Numeric: without a name to look up, `runAsNonRoot` can see that it is not root. Any other UID does as well. The GID is for Docker and
# podman: a kubelet passes on the UID alone (kubernetes pkg/kubelet/kuberuntime/security_context.go), and without runAsGroup the GID is 0.
USER 65532:65532
EXPOSE 9475
ENTRYPOINT ["/irsa-probe"]
CMD ["check"]
