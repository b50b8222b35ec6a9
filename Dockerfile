# Two images from one file; Python, NumPy and this package, no compiler, no Keras, no JAX.
#
#   docker build -t mojo2keras .                       rows as JSON lines in, scores out
#   docker build -t mojo2keras-server --target server .   HTTP: the Open Inference Protocol, v1
#
# The model is mounted, read-only: -v "$PWD/models:/mnt/models:ro".
#
# docs/serving.md says how to pin the base image and every package: --build-arg BASE=python@sha256:...
# after .docker/lock.sh.

ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY .docker .docker
COPY mojo_reader mojo_reader
COPY emit emit
RUN .docker/install.sh /opt/scorer scorer .

FROM build AS build-server
RUN .docker/install.sh /opt/server server '.[serve]'

FROM ${BASE} AS server
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mojo2keras-server" \
    org.opencontainers.image.description="Serves an H2O MOJO by the Open Inference Protocol, without Java" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=build-server /opt/server /opt/server
COPY .docker/ready.py /opt/
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["/opt/server/bin/python", "/opt/ready.py", "8080"]
ENTRYPOINT ["/opt/server/bin/python", "-m", "emit.serving"]
CMD ["--model-dir", "/mnt/models", "--host", "0.0.0.0"]

FROM ${BASE} AS scorer
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mojo2keras" \
    org.opencontainers.image.description="Scores rows with an H2O MOJO, without Java" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/scorer /opt/scorer
COPY .docker/json_lines.py .docker/score_mojo.py /opt/
USER 65532:65532
HEALTHCHECK --interval=60s --timeout=10s \
    CMD ["/opt/scorer/bin/python", "/opt/score_mojo.py", "/mnt/models", "--check"]
ENTRYPOINT ["/opt/scorer/bin/python", "/opt/score_mojo.py"]
CMD ["/mnt/models"]
