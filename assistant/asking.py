"""What a question asks for: attributes such as a dose or a reason, and whether a number is wanted.

The cues are plain English; which unit can answer which attribute is the packs' knowledge (``asks``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.analysis import fold

_CUES = {
    "percent": r"how many percent|percent(?:age)?|proportion|share|rates?|fraction|%|how often|how likely"
    r"|chances?|odds|how many (?:patients|people|in)",
    "count": r"how many|number of|how much",
    "duration": r"how long|months?|years?|median|survival|os|pfs|time to|duration|live",
    "dose": r"doses?|dosage|dosing|how much|bolus(?:es)?|infusion|mg|mcg|ug|gbq|gy|activity",
    "limit": r"cut-?offs?|thresholds?|limits?|max(?:imum)?|min(?:imum)?|above what|below what|criteri(?:a|on)"
    r"|up to what|how (?:high|low)",
    "size": r"sizes?|diameters?|big|large|small|cm|mm|measur\w+|gauge|french",
    "date": r"when|dates?|what year|which year|published|which month",
    "comparison": r"versus|vs|compared?|better|worse|than|differ(?:s|ence|ences)?|superior|inferior|prefer\w*"
    r"|as (?:good|well|safe|effective|useful) as|equivalent|equally|outperform\w*|beats?|pros and cons",
    "why": r"why|reasons?|because|rationale|how come",
    "mechanism": r"how (?:do|does|is|are|can)|works?|mechanism|moa",
    "procedure": r"how is|performed|done|techniques?|access|steps|procedure|carried out",
    "purpose": r"aims?|goals?|purpose|what for|intended|meant to|objective|endpoint",
    "indication": r"who|which patients|candidates?|suitable|indicat\w+|eligib\w+|for whom|when (?:is|should)"
    r"|appropriate",
    "contraindication": r"contra-?indicat\w+|should not|cannot|can't|not (?:be )?(?:suitable|allowed)"
    r"|rul(?:e|es|ed) out|avoid|ci|exclu\w+",
    "harm": r"complications?|adverse|side effects?|risks?|harms?|danger\w*|toxic\w*|safe(?:ty)?|go wrong|hurt",
    "outcome": r"outcomes?|results?|effects?|efficac\w+|respon\w+|surviv\w+|benefits?|success\w*|improve\w*|help\w*"
    r"|find(?:s|ings?)?|found|show(?:s|n|ed)?|demonstrat\w+|report\w*|won|win|met",
    "recommendation": r"recommend\w*|guidelines?|advis\w+|suggest\w*|endorse\w*|should",
    "evidence": r"evidence|study|studies|trials?|data|research|investigat\w+|meta-?analys\w+|reviews?"
    r"|randomi\w+",
    "who": r"who|whose|authors?|whom",
    "where": r"where|which (?:country|hospital|journal|section|part)",
    "list": r"which|what are|list|name|examples|options|types|kinds",
    "definition": r"what(?: is|'s| are)|define|definition|meaning|means?|stands? for|called",
    "name": r"which|what|name|called",
    "yes_no": r"^(?:is|are|does|do|can|could|was|were|has|have|should|will|did|may|might|would)",
}
_PATTERNS = {name: re.compile(rf"(?<!\w)(?:{cue})(?!\w)") for name, cue in _CUES.items()}
_NUMBER_WANTED = re.compile(
    r"how (?:many|much|long|often|big|large|small|high|low)|rates?\b|percent|%|\bdos(?:e|age|ing)|median|cut-?off"
    r"|threshold|number|\bsizes?\b|diameter|gauge|\bmonths\b|\byears\b|what year|survival (?:time|rate)|limit"
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question asks for.

    Attributes:
        attributes: Of `corpus.questions.ASKS`.
        number: Whether a number is wanted.
    """

    attributes: frozenset[str]
    number: bool


def read_asking(text: str) -> Asking:
    """Read what a question asks for from its words."""
    folded = fold(text)
    attributes = frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(folded))
    return Asking(attributes, _NUMBER_WANTED.search(folded) is not None)
