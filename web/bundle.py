"""``nelm bundle``: everything that serving needs in one folder, for a machine without a network."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from assistant.version import VERSION
from corpus.errors import NelmError
from index.opening import refuse_stale
from index.store import read_manifest, verify_files

CHECKOUT = Path(__file__).parent.parent
SUMS = "SHA256SUMS"
_EXTRAS = "[mcp,postgresql]"
_BUILD_ONLY = ("torch-", "sentence_transformers-", "transformers-")
_DEPLOYING = ("deploy.md", "deploy", "settings.md", "security.md", "cli.md", "errors.md")
_LAST_LINES = 3
_README = f"""NELM guideline assistant {VERSION}: everything it needs to serve, for a machine without a network.

    sh install.sh /opt/nelm        checks SHA256SUMS, makes /opt/nelm/venv and /opt/nelm/index

The machine needs Python of the version in `python-version` with its module venv, and the same kind of system and
processor as the one this was made on. How to run it: docs/deploy.md.
"""


class BundleError(NelmError):
    """The bundle cannot be made."""

    code = "bundle_failed"
    hint = "Run it in a checkout with a network, with a built index, into a folder that is not there yet."


def make_bundle(out: Path, index: Path) -> int:
    """Gather wheels, index, documentation, an install script and checksums; return how many files they are.

    Raises:
        BundleError: If this is no checkout, the folder is not empty, or a wheel cannot be had.
        SearchIndexError: If the index is missing, corrupt or stale.
    """
    if not (CHECKOUT / "constraints.txt").is_file():
        raise BundleError("this is an installed wheel, not a checkout")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BundleError(f"{out} is there already")
    manifest = read_manifest(index)
    verify_files(index, manifest)
    refuse_stale(manifest)
    out.mkdir(parents=True, exist_ok=True)
    _gather_wheels(out / "wheels")
    shutil.copytree(index, out / "index")
    for name in _DEPLOYING:
        copy = shutil.copytree if (CHECKOUT / "docs" / name).is_dir() else shutil.copy
        (out / "docs").mkdir(exist_ok=True)
        copy(CHECKOUT / "docs" / name, out / "docs" / name)
    shutil.copy(CHECKOUT / "docs" / "deploy" / "install.sh", out / "install.sh")
    shutil.copy(CHECKOUT / "LICENSE", out / "LICENSE")
    (out / "README").write_text(_README, encoding="utf-8")
    (out / "python-version").write_text(f"{sys.version_info.major}.{sys.version_info.minor}\n", encoding="utf-8")
    return _write_sums(out)


def _gather_wheels(folder: Path) -> None:
    """Build the project's wheel and get those of all it needs to serve, as `constraints.txt` pins them."""
    _pip("wheel", "--no-deps", "--wheel-dir", folder, CHECKOUT)
    (ours,) = folder.glob("nelm_assistant-*.whl")
    _pip("wheel", "--constraint", CHECKOUT / "constraints.txt", "--wheel-dir", folder, f"{ours}{_EXTRAS}")
    if heavy := [path.name for path in folder.iterdir() if path.name.startswith(_BUILD_ONLY)]:
        raise BundleError(f"serving would bring along {', '.join(heavy)}")


def _pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if ran.returncode != 0:
        raise BundleError("pip failed: " + " / ".join(ran.stderr.strip().splitlines()[-_LAST_LINES:]))


def _write_sums(out: Path) -> int:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    lines = [f"{_sha256(path)}  {path.relative_to(out).as_posix()}\n" for path in files]
    (out / SUMS).write_text("".join(lines), encoding="utf-8")
    return len(files)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
