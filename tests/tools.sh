#!/bin/sh
# Installs what the tests need from Debian: a browser, and fonts for it. Only as root on a machine with apt;
# elsewhere the tests that need it are skipped and say so.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium for the browser tests"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo "chromium is not installed: the browser tests will be skipped"
fi
