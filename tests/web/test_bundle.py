from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from web import bundle
from web.bundle import BundleError, make_bundle


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, index_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    for out in (tmp_path, tmp_path / "mine"):
        with pytest.raises(BundleError, match="is there already"):
            make_bundle(out, index_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_outside_of_a_checkout_no_bundle_is_made(
    tmp_path: Path, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "CHECKOUT", tmp_path)
    with pytest.raises(BundleError, match="not a checkout"):
        make_bundle(tmp_path / "out", index_path)


def test_a_bundle_is_complete_and_every_file_of_it_is_summed(
    tmp_path: Path, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_gather_wheels", lambda folder: folder.mkdir())
    out = tmp_path / "out"
    count = make_bundle(out, index_path)
    sums = [line[66:] for line in (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    assert sorted(sums) == sorted(present)
    assert len(sums) == count
    needed = {"install.sh", "README", "LICENSE", "python-version", "index/manifest.json", "docs/deploy/nelm.service"}
    assert needed <= present
    assert (out / "install.sh").read_bytes() == (ROOT / "docs" / "deploy" / "install.sh").read_bytes()


def test_a_wheel_of_the_build_alone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch-2.0-py3-none-any.whl").touch()
    (tmp_path / "nelm_assistant-1-py3-none-any.whl").touch()
    monkeypatch.setattr(bundle, "_pip", lambda *_: None)
    with pytest.raises(BundleError, match="torch"):
        bundle._gather_wheels(tmp_path)
