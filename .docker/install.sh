#!/bin/sh
# Makes the Python environment of an image: install.sh FOLDER REQUIREMENT...
# Without pip, and without the tests that packages bring along.
set -eu
folder=$1
shift
python3 -m venv --without-pip "$folder"
python3 -m pip --python "$folder/bin/python" install --no-cache-dir --quiet "$@"
find "$folder" -type d -name tests -prune -exec rm -rf {} +
