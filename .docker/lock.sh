#!/bin/sh
# Writes which version of every package an image gets, each with its hashes: lock.sh [PYTHON]
# Needs uv. install.sh follows .docker/scorer.lock, server.lock and onnx.lock where they are.
set -eu
cd "$(dirname "$0")/.."
lock() {
    name=$1
    shift
    uv pip compile --quiet --no-header --no-annotate --generate-hashes --python-platform linux \
        --python-version "$python" --output-file ".docker/$name.lock" "$@"
}
python=${1:-3.12}
lock scorer pyproject.toml
lock server --extra serve pyproject.toml
echo 'onnxruntime>=1.20' | lock onnx -
