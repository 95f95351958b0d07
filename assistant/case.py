"""Whether a message describes a patient, and what it asks about that patient's treatment."""

from __future__ import annotations

import re

from assistant.patient_text.states import WIDER
from assistant.rules.patient import Patient, PatientFact

_SOMEBODY = re.compile(
    r"""\b(?:(?:this|my|our|this\ [\w-]{1,20})\ (?:patient|pt|case|man|woman|lady|gentleman)
      |the\ (?:man|woman|lady|gentleman)
      |(?:the\ (?:patient|pt)|pt)\ (?:has|had|is|was|asks|wants|refuses|presents|progressed)
      |he|she|him|his|her|himself|herself|year[- ]old|y/?o|mr|mrs|ms|i\ have|i\ had|i\ am|i['’]m|my
      |tomorrow|tonight|this\ morning|next\ week|on\ (?:mon|tues|wednes|thurs|fri)day)\b
      |^\W*+(?:patient|pt|man|woman|lady|gentleman|male|female)\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words for one person; "a patient" and "patients" are anybody."""
_GENERAL = re.compile(
    r"^\W*+(?:what|which|who|how|why|when|where|define|list|name|explain|describe"
    r"|compare|does|do|did|is|are|was|were|can|could"
    r"|should|will|would|has|have|had|since|given|as|because|in|for|among)\b",
    re.IGNORECASE,
)
_TREATMENT = re.compile(
    r"\b(?:which|what)\s+(?:\w+\s+){0,2}?(?:treatments?|therap(?:y|ies)|options?"
    r"|emboli[sz]ation|procedures?|interventions?|next"
    r"|now|technique|modality)\b|\b(?:ok|okay|suitable|eligible|candidate|possible"
    r"|allowed|safe|advisable|contraindicated"
    r"|recommend(?:ed|ation)?s?|advise|suggest|go ahead|proceed|can (?:we|i|he|she|they)|should (?:we|i|he|she|they)"
    r"|(?:change|alter|affect|matter)s?(?: (?:any|some)thing| for)?(?=\W*+$)|still (?:an option"
    r"|fine|possible|on)|would you|what do you (?:think|suggest|advise)|how (?:to"
    r"|should we|would you) (?:treat|manage|proceed))\b",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"^\W*+(?:(?:so|and|then|but|ok(?:ay)?|now|also)\b[\s,]*)*"
    r"(?:(?:is|are|would|could|can|should|may|might|will)\b.*\b(?:options?|possible|feasible|suitable|reasonable|safe"
    r"|indicated|contra-?indicated|allowed|appropriate|advisable|ok(?:ay)?|(?:good )?(?:idea|choice|alternative)"
    r"|candidate|eligible|fine|better|best|preferable|ruled out|out of the question)\b"
    r"|(?:would|could|can|should|may|might)\b.*\b(?:done|given|used|offered|considered|performed|tried)\b"
    r"|which\b.*\b(?:best|better|preferred|possible|safest|suitable|allowed|left)\b)",
    re.IGNORECASE,
)
_IN_GENERAL = re.compile(
    r"\b(?:in general|generally|usually|typically|normally|often|patients|people|those|lesions|tumou?rs|metastas[ei]s"
    r"|nelm|review|paper|guidelines?|stud(?:y|ies)|trials?|literature|authors?|than|versus|vs)\b",
    re.IGNORECASE,
)
_ALONE = frozenset(
    {"has_nelm", "planned_interventions", "performed_interventions", "clinical_task", "treatment_intent", "sex"}
)
"""Facts that a general question names as well; they do not make a case."""
_NEVER_ONE = frozenset({"tace_agent", "lesion_count", "largest_lesion_cm", "liver_tumor_burden_percent"})
"""Facts by which a general question describes a treatment or a tumor; one alone makes no note of a patient."""
_SENTENCE = re.compile(r"(?<=[.?!;])\s+|\s*\n\s*")
_BROKEN = re.compile(r"[,:;\n–-][^\S\n]*[^,:;\n]{1,40}\?\s*$")
"""A note that ends in what is asked: "main PV thrombosed, TACE?"."""
_SEVERAL = 2


def is_case(text: str, patient: Patient, excluding: frozenset[str] = frozenset()) -> bool:
    """Whether a message is about one patient, rather than a general question that names findings.

    One person and a finding; or, where nobody is named, several findings, or one figure, in several sentences; several
    figures; one line that is no general question ("Which laboratory limits apply after a Whipple?") and lists findings
    or gives a figure; or a note of one finding that may exclude the therapy it ends with ("PPPD. TACE?").

    Args:
        excluding: Facts that may exclude a therapy.
    """
    named = [
        fact for fact in patient if fact.id not in _ALONE and (fact.firm or _in_doubt(fact) or fact.reason == WIDER)
    ]
    if not named:
        return False
    if _SOMEBODY.search(text) or _aged(patient):
        return True
    findings = [fact for fact in named if not _is_wider(fact)]
    measured = sum(map(_is_measured, findings))
    sentences = len(_SENTENCE.split(text.strip())) > 1
    if len(findings) >= _SEVERAL and (measured >= _SEVERAL or sentences):
        return True
    if _GENERAL.match(text):
        return sentences and measured > 0
    if len(findings) < _SEVERAL:
        finding = (findings or named)[0]
        return (sentences and measured > 0) or (
            finding.id in excluding - _NEVER_ONE
            and (finding.interval is None or measured > 0)
            and patient.get("planned_interventions") is not None
            and (sentences or _BROKEN.search(text) is not None)
        )
    listed = text.count(",") >= _SEVERAL and all(fact.firm for fact in findings)  # "G1, G2, G3" is no list of findings
    return measured > 0 or listed


def _aged(patient: Patient) -> bool:
    age = patient.get("age_years")
    return age is not None and _is_point(age)


def _is_measured(fact: PatientFact) -> bool:
    return _is_point(fact) or (_in_doubt(fact) and (fact.interval is not None or fact.state != "conflicting"))


def _is_point(fact: PatientFact) -> bool:
    return fact.interval is not None and fact.interval.single is not None


def _in_doubt(fact: PatientFact) -> bool:
    """Whether something was stated that cannot be used: statements that disagree, a figure that cannot be."""
    return fact.state in {"conflicting", "implausible"} or fact.reason == "no unit"


def _is_wider(fact: PatientFact) -> bool:
    """Whether a wider term was used that may mean it ("pancreatic head resection")."""
    return fact.reason == WIDER


def concerns_somebody(text: str) -> bool:
    """Whether a text speaks of one person ("he", "my patient")."""
    return _SOMEBODY.search(text) is not None


def asks_treatment(text: str) -> bool:
    """Whether a message asks what may be done for the patient."""
    return _TREATMENT.search(text) is not None


def asks_whether(text: str) -> bool:
    """Whether a message asks if something is open to somebody ("is … an option?"), and not of people in general."""
    return _WHETHER.search(text) is not None and _IN_GENERAL.search(text) is None


def questions_in(text: str) -> str:
    """Return the sentences of a message that end with a question mark, joined; empty where there is none."""
    return " ".join(part.strip() for part in _SENTENCE.split(text) if part.rstrip().endswith("?"))
