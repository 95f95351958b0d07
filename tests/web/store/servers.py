"""A PostgreSQL server of our own: an unprivileged user's, in a temporary folder, reached by a socket file alone."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

USERS = ("postgres", "nobody")


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps it out of the search path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgresql_server(programs: Path) -> Iterator[Path]:
    """Run a server and give the folder of its socket."""
    rights: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="nelm-"))  # a short path: the name of a socket has 107 characters at most
    if os.getuid() == 0:  # it refuses to run as root
        user = next(user for user in USERS if user in {entry.pw_name for entry in pwd.getpwall()})
        shutil.chown(folder, user)
        rights = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    data = folder / "data"
    common: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **rights}
    try:
        words = [f"--pgdata={data}", "--auth=trust", "--username=nelm", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run([programs / "initdb", *words], check=True, **common)
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"], **common
        )
        try:
            await_server(folder, server)
            yield folder
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: its data is thrown away
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def await_server(folder: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "PostgreSQL did not start"
        try:
            psycopg.connect(f"host={folder} user=nelm dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("PostgreSQL did not start")


def new_database(folder: Path, name: str) -> str:
    """Make an empty database and return its URL."""
    with psycopg.connect(f"host={folder} user=nelm dbname=postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql+psycopg://nelm@/{name}?host={folder}"
