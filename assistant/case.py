"""Whether a message describes a patient, and what it asks about that patient's treatment."""

from __future__ import annotations

import re

from assistant.rules.patient import Patient, PatientFact

_PATIENT = re.compile(
    r"""\b(?:patient|pt|man|woman|gentleman|lady|male|female|he|she|him|his|her|himself|herself|year[- ]old|y/?o|yo
      |mr|mrs|ms|this\ case|our\ case|i\ have|i\ had|i\ am|my
      |my\ (?:mother|father|mum|mom|dad|wife|husband|sister|brother|patient))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_GENERAL = re.compile(
    r"^\s*(?:what|which|who|how|why|when|where|define|list|name|explain|describe|compare)\b", re.IGNORECASE
)
_TREATMENT = re.compile(
    r"\b(?:which|what)\s+(?:\w+\s+){0,2}?(?:treatments?|therap(?:y|ies)|options?|emboli[sz]ation|procedures?|interventions?|next"
    r"|now|technique|modality)\b|\b(?:ok|okay|suitable|eligible|candidate|possible|allowed|safe|advisable|contraindicated"
    r"|recommend(?:ed|ation)?s?|advise|suggest|go ahead|proceed|can (?:we|i|he|she|they)|should (?:we|i|he|she|they)"
    r"|would you|what do you (?:think|suggest|advise)|how (?:to|should we|would you) (?:treat|manage|proceed))\b",
    re.IGNORECASE,
)
_ALONE = frozenset(
    {"has_nelm", "planned_interventions", "performed_interventions", "clinical_task", "treatment_intent", "sex"}
)
"""Facts that a general question names as well; they do not make a case."""
_MANY = 2
_SENTENCE = re.compile(r"(?<=[.?!;])\s+|\s*\n\s*")


def is_case(text: str, patient: Patient) -> bool:
    """Whether a message is about one patient, rather than a general question that names findings.

    A word for a patient and one finding; or several findings, unless the message is one general question
    ("Which laboratory limits apply after a Whipple?").
    """
    findings = [fact for fact in patient if fact.id not in _ALONE and (fact.firm or _figure_in_doubt(fact))]
    if not findings:
        return False
    if "age_years" in patient.facts or _PATIENT.search(text):
        return True
    numbers = any(fact.interval is not None or _figure_in_doubt(fact) for fact in findings)
    general = _GENERAL.match(text) is not None and len(_SENTENCE.split(text.strip())) == 1
    return len(findings) >= _MANY and (numbers or not general)


def _figure_in_doubt(fact: PatientFact) -> bool:
    return fact.state in {"conflicting", "implausible"} or fact.reason == "no unit"


def asks_treatment(text: str) -> bool:
    """Whether a message asks what may be done for the patient."""
    return _TREATMENT.search(text) is not None


def questions_in(text: str) -> str:
    """Return the sentences of a message that end with a question mark, joined; empty where there is none."""
    return " ".join(part.strip() for part in _SENTENCE.split(text) if part.rstrip().endswith("?"))
