# Two images from one file; Python, NumPy and this package, no compiler, no Keras, no JAX.
#
#   docker build -t mojo2keras .                       rows as JSON lines in, scores out
#   docker build -t mojo2keras-server --target server .   HTTP: the Open Inference Protocol, v1
#
# The model is mounted, read-only: -v "$PWD/models:/mnt/models:ro".

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY .docker .docker
COPY mojo_reader mojo_reader
COPY emit emit
RUN .docker/install.sh /opt/scorer .

FROM build AS build-server
RUN .docker/install.sh /opt/server '.[serve]'

FROM python:3.12-slim AS server
COPY --from=build-server /opt/server /opt/server
COPY .docker/ready.py /opt/
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["/opt/server/bin/python", "/opt/ready.py", "8080"]
ENTRYPOINT ["/opt/server/bin/python", "-m", "emit.serving"]
CMD ["--model-dir", "/mnt/models", "--host", "0.0.0.0"]

FROM python:3.12-slim AS scorer
COPY --from=build /opt/scorer /opt/scorer
COPY .docker/json_lines.py .docker/score_mojo.py /opt/
USER 65532:65532
HEALTHCHECK --interval=60s --timeout=10s \
    CMD ["/opt/scorer/bin/python", "/opt/score_mojo.py", "/mnt/models", "--check"]
ENTRYPOINT ["/opt/scorer/bin/python", "/opt/score_mojo.py"]
CMD ["/mnt/models"]
