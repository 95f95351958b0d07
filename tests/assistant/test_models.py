from __future__ import annotations

import ast
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import assistant as package
from assistant import Assistant, decision, models, premises
from assistant.calibration import Logistic
from assistant.decision import SIGNS
from assistant.models import Models, are_current, fitted_code
from assistant.ranker import FEATURES
from index.errors import IndexStaleError
from index.opening import SearchIndex

ROOM = Path(package.__file__).parent
LISTED = frozenset(models._SHAPES_THE_FIT)


def logistic(names: dict[str, int]) -> dict[str, Any]:
    model = Logistic(
        {name: 0.5 * sign for name, sign in names.items()},
        dict.fromkeys(names, 0.1),
        dict.fromkeys(names, 2.0),
        0.7,
        0.25,
    )
    return asdict(model)


def facts(code: str) -> dict[str, Any]:
    return {
        "models": {
            "code": code,
            "ranker": {name: float(n) for n, name in enumerate(FEATURES)},
            "decision": logistic(SIGNS),
            "premises": logistic(premises.SIGNS),
            "wording": {"cost": -2.0, "contraind": 1.0},
        }
    }


def test_the_models_are_taken_as_the_manifest_holds_them() -> None:
    taken = Models.from_facts(facts(fitted_code()))
    assert asdict(taken.decision) == logistic(SIGNS)
    assert asdict(taken.premises) == logistic(premises.SIGNS)
    assert taken.wording.odds == {"cost": -2.0, "contraind": 1.0}
    assert taken.ranker.weights.tolist() == [float(n) for n in range(len(FEATURES))]
    assert are_current(facts(fitted_code()))


@pytest.mark.parametrize(
    "stale", [{}, {"models": {}}, facts(""), facts("0" * 64), facts(fitted_code().upper())], ids=range(5)
)
def test_models_of_other_code_are_refused(stale: dict[str, Any]) -> None:
    assert not are_current(stale)
    with pytest.raises(IndexStaleError, match="fitted by other code than that installed here"):
        Models.from_facts(stale)


def test_an_assistant_does_not_open_on_models_of_other_code(
    search_index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = search_index.manifest.facts
    monkeypatch.setitem(held, "models", {**held["models"], "code": "0" * 64})
    with pytest.raises(IndexStaleError, match="other code"):
        Assistant(search_index)


def copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ROOM.glob("*.py"):
        shutil.copy(file, folder / file.name)
    monkeypatch.setattr(models, "__file__", str(folder / "models.py"))


def test_the_code_is_that_of_the_files_and_of_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = fitted_code()
    copied(tmp_path, monkeypatch)
    assert fitted_code() == installed
    (tmp_path / "composition.py").write_text("", encoding="utf-8")
    (tmp_path / "new.py").write_text("", encoding="utf-8")
    assert fitted_code() == installed


@pytest.mark.parametrize("module", sorted(LISTED))
def test_one_byte_of_a_module_that_shapes_the_fit_makes_the_models_stale(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = facts(fitted_code())
    copied(tmp_path, monkeypatch)
    with (tmp_path / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write("#")
    assert not are_current(held)


def test_code_that_moves_from_one_module_to_the_next_makes_the_models_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = fitted_code()
    copied(tmp_path, monkeypatch)
    first, second = (tmp_path / f"{name}.py" for name in models._SHAPES_THE_FIT[:2])
    one, other = first.read_text(encoding="utf-8"), second.read_text(encoding="utf-8")
    first.write_text(one[:-20], encoding="utf-8")
    second.write_text(one[-20:] + other, encoding="utf-8")
    assert fitted_code() != installed


def imported(module: str) -> set[str]:
    """The modules of the room that one imports."""
    tree = ast.parse((ROOM / f"{module}.py").read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "assistant":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("assistant."):
            found.add(str(node.module).split(".")[1])
    return found


def test_every_module_that_the_fit_imports_is_listed() -> None:
    reached, waiting = set[str](), ["fitting"]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += imported(module)
    types_only = {"answer", "models", "notebook"}  # the last one of the answer's
    assert reached - types_only == LISTED


def test_the_index_holds_models_of_the_names_the_code_knows(search_index: SearchIndex) -> None:
    held = search_index.manifest.facts
    assert are_current(held)
    taken = Models.from_facts(held)
    assert set(taken.decision.weights) == set(decision.SIGNS)
    assert set(taken.premises.weights) == set(premises.SIGNS)
    assert [n for n, w in taken.premises.weights.items() if w * premises.SIGNS[n] < 0] == []
    for model in (taken.decision, taken.premises):
        assert set(model.weights) == set(model.means) == set(model.deviations)
        assert 0 < model.threshold < 1
        assert min(model.deviations.values()) > 0
