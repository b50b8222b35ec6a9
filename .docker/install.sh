#!/bin/sh
# Makes the Python environment of an image: install.sh FOLDER LOCK REQUIREMENT...
# Without pip, and without the tests that packages bring along. Where lock.sh has written
# .docker/LOCK.lock, its versions are installed and no others, each held to its hash. What was
# installed stands in FOLDER/installed.json, as pip's inspect writes it.
set -eu
folder=$1
lock=.docker/$2.lock
shift 2
install() {
    python3 -m pip --python "$folder/bin/python" install --no-cache-dir --quiet "$@"
}
python3 -m venv --without-pip "$folder"
if [ -e "$lock" ]; then
    install --require-hashes --requirement "$lock"
    # What is left is this package, if anything.
    case $1 in .*) install --no-deps . ;; esac
else
    install "$@"
fi
find "$folder" -type d -name tests -prune -exec rm -rf {} +
python3 -m pip --python "$folder/bin/python" inspect --local >"$folder/installed.json"
