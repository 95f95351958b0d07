#!/bin/sh
# Installs what the tests need from Debian: a browser with fonts for it, and PostgreSQL's programs. Only as root on a
# machine with apt; elsewhere the tests that need them are skipped and say so.
set -eu
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium fonts-dejavu-core"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests:" $missing
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        # The package would make a database and run it; the tests run their own.
        mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    fi
    apt-get -qq update
    # shellcheck disable=SC2086 # words
    DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get -qq -y install --no-install-recommends $missing >/dev/null
else
    echo "not installed, so that their tests will be skipped:" $missing
fi
