from __future__ import annotations

import pytest

from assistant.asking import read_asking
from corpus.questions import ASKS


@pytest.mark.parametrize(
    ("question", "attribute", "number"),
    [
        ("What dose of octreotide is given?", "dose", True),
        ("What percentage of patients respond?", "percent", True),
        ("How long did they live after TACE?", "duration", True),
        ("Why is the portal vein spared?", "why", False),
        ("Who should not have TACE?", "contraindication", False),
        ("cTACE versus DEB-TACE", "comparison", False),
        ("What can go wrong with TAE?", "harm", False),
        ("Which guideline recommends this?", "recommendation", False),
        ("What is the bilirubin cut-off?", "limit", True),
        ("What does TARE mean?", "definition", False),
    ],
)
def test_what_is_asked_for_is_read(question: str, attribute: str, *, number: bool) -> None:
    asking = read_asking(question)
    assert attribute in asking.attributes
    assert asking.number is number
    assert asking.attributes <= ASKS
