"""The fitted models an index carries, and whether they are those of the code installed here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.calibration import Logistic
from assistant.ranker import Ranker
from assistant.wording import Wording
from index.errors import IndexStaleError

_SHAPES_THE_FIT = (
    *("asking", "calibration", "decision", "figures", "fitting", "premises", "question", "ranker", "wording"),
)
"""Modules whose code decides what a feature is."""


def fitted_code() -> str:
    """Return the sha256 over the modules that shape the fit: what the models are the product of."""
    digest = hashlib.sha256()
    for name in _SHAPES_THE_FIT:
        digest.update(f"{name}\0".encode() + Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Models:
    """What the build fitted: the choice of sentences, the decision to answer, its words, and wrong claims."""

    ranker: Ranker
    decision: Logistic
    wording: Wording
    premises: Logistic

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Models:
        """Take the models from a manifest's facts.

        Raises:
            IndexStaleError: If they were fitted by other code.
        """
        values = facts.get("models", {})
        if values.get("code") != fitted_code():
            raise IndexStaleError("the models of the index were fitted by other code than that installed here")
        return cls(
            Ranker.from_values(values["ranker"]),
            Logistic(**values["decision"]),
            Wording(values["wording"]),
            Logistic(**values["premises"]),
        )


def are_current(facts: Mapping[str, Any]) -> bool:
    """Whether the models of a manifest were fitted by the code installed here."""
    return bool(facts.get("models", {}).get("code") == fitted_code())
