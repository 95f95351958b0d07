#!/bin/sh
# Installs from this folder alone, without a network: sh install.sh /opt/nelm
set -eu
target=${1:?usage: sh install.sh FOLDER}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
sha256sum --check --strict --quiet SHA256SUMS
found=$("$python" -c 'import sys; print(".".join(map(str, sys.version_info[:2])))')
made=$(cat python-version)
if [ "$found" != "$made" ]; then
    echo "These wheels are for Python $made, and $python is $found: set PYTHON to one of $made." >&2
    exit 1
fi
if [ -e "$target/venv" ] || [ -e "$target/index" ]; then
    echo "$target holds an installation already: name another folder, or move it away." >&2
    exit 1
fi
mkdir -p "$target"
"$python" -m venv "$target/venv"
"$target/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels \
    "nelm-assistant[mcp,postgresql]"
cp -R index "$target/index"
NELM_INDEX="$target/index" "$target/venv/bin/nelm" check
echo "Installed. NELM_INDEX=$target/index $target/venv/bin/nelm ask \"Who should not have TACE?\""
