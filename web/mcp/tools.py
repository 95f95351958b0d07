"""What a language model can call: each tool with what it takes, what it gives, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.answer import Answer, plain
from assistant.assistant import Assistant
from assistant.conversation.earlier import MOST_CHARACTERS, MOST_MESSAGES, fitting
from assistant.schema import answer_schema
from assistant.sections import document_of, label_of
from web.api.sources import Found, search
from web.problems import RequestInvalidError, invalid
from web.source_part import SourcePart, range_of, source_part, units_at
from web.terminal import passages_text, units_text, whole_text

_MOST_PASSAGES = 100
_VERBATIM = (
    "Sentences come word for word from one open-access review of liver-directed treatment of neuroendocrine liver "
    "metastases, each with a number, its section and a link. Show them unaltered, with numbers and links. Nothing "
    "beyond that review is known. It informs professionals and gives no orders."
)
INSTRUCTIONS = (
    f"{_VERBATIM} No language model writes an answer: the same question gives the same answer. `ask` answers "
    "questions, `recommend` says what printed criteria conclude for a patient, `search` and `read_source` show the "
    "text itself. Send nothing that identifies a patient. What a status of not_covered or declined shows is no "
    "answer: say that the review does not answer, and do not fill the gap."
)


def _unpacked(value: Any) -> Any:
    """Some clients send an object as the text of its JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


Facts = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_unpacked),
    Field(
        description='Facts of the patient by id, such as {"bilirubin_mg_dl": "45 µmol/L", "ascites": false, "grade": '
        '["G1", "G2"]}; "unknown" takes back what the text says. They win over the text.'
    ),
]
Confirmed = Annotated[
    list[str],
    Field(description="Ids of therapies of which somebody has confirmed that no listed exclusion applies."),
]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskArguments(_Arguments):
    """What ``ask`` takes."""

    question: Annotated[str, Field(description="One message in the user's own words; 2,000 characters are searched.")]
    facts: Facts = None
    confirmed: Confirmed = []
    earlier: Annotated[
        list[str],
        Field(
            max_length=MOST_MESSAGES - 1,
            description="What the user said before in this conversation, oldest first, word for word: follow-ups, "
            "the patient and corrections are read from it. Answers are not to be repeated here.",
        ),
    ] = []


class RecommendArguments(_Arguments):
    """What ``recommend`` takes."""

    case: Annotated[str, Field(description='The patient in words, such as "62M, NET G2, prior Whipple. TACE?".')] = ""
    facts: Facts = None
    confirmed: Confirmed = []


class SearchArguments(_Arguments):
    """What ``search`` takes."""

    query: Annotated[str, Field(description="What to look for, as a question or in keywords.")]
    k: Annotated[int, Field(ge=1, le=_MOST_PASSAGES, description="How many passages.")] = 5


class ReadArguments(_Arguments):
    """What ``read_source`` takes."""

    section: Annotated[
        str,
        Field(
            description="A printed label: 1, 3.2, Abstract, Table 1, Figure 1, Front matter, Back matter, References."
        ),
    ] = ""
    range: Annotated[
        str, Field(description="Or a range as a citation's link carries it after at=, such as 30547-30766.")
    ] = ""
    document: Annotated[str, Field(description="Id of the document; the first one if left out.")] = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a call gives: an object for programs, and the same as text."""

    structured: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        takes: Its arguments.
        gives: JSON Schema of the object it gives.
    """

    name: str
    title: str
    description: str
    takes: type[_Arguments]
    gives: dict[str, Any]
    run: Callable[[Any], Told]

    def call(self, arguments: Mapping[str, Any]) -> Told:
        """Run the tool.

        Raises:
            RequestInvalidError: If the arguments are not what it takes.
            NelmError: As what it runs does.
        """
        try:
            given = self.takes.model_validate(arguments)
        except ValidationError as exc:
            raise invalid(exc.errors(), hint=f"See what {self.name} takes by tools/list.") from exc
        return self.run(given)


class Tools:
    """The tools over one open assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def all(self) -> tuple[Tool, ...]:
        """Return every tool."""
        answer = answer_schema()
        return (
            Tool(
                "ask",
                "Ask the review",
                "Answer one question from the review, or say that the review does not answer it. A patient described "
                f"in the question is compared with the printed criteria. {_VERBATIM}",
                AskArguments,
                answer,
                self._ask,
            ),
            Tool(
                "recommend",
                "What printed criteria conclude for a patient",
                "For a patient described in words or by facts: what was understood, where each liver-directed therapy "
                "stands by the criteria printed in the review, with the sentence of each conclusion, and what would "
                f"have to be known first. It weighs nothing that the review does not print. {_VERBATIM}",
                RecommendArguments,
                answer,
                self._recommend,
            ),
            Tool(
                "search",
                "Search the review",
                "Show the passages of the review closest to a query, with their scores. Passages are near, they do not "
                f"have to answer: to have a question answered, call ask. {_VERBATIM}",
                SearchArguments,
                TypeAdapter(Found).json_schema(mode="serialization"),
                self._search,
            ),
            Tool(
                "read_source",
                "Read the review",
                "Show a section of the review, or the sentences at the range of a citation's link, unaltered. Give a "
                f"section or a range. {_VERBATIM}",
                ReadArguments,
                TypeAdapter(SourcePart).json_schema(mode="serialization"),
                self._read,
            ),
        )

    def _ask(self, given: AskArguments) -> Told:
        if len(fitting([*given.earlier, given.question])) <= len(given.earlier):
            raise RequestInvalidError(
                "more was said before than is read", hint=f"Send at most {MOST_CHARACTERS} characters together."
            )
        before = self._assistant.dialogue.turns(given.earlier)
        answer = self._assistant.ask(given.question, facts=given.facts, confirmed=given.confirmed, history=before)
        return self._told(answer)

    def _recommend(self, given: RecommendArguments) -> Told:
        if not given.case.strip() and not given.facts:
            raise RequestInvalidError("no patient is described", hint="Give a case in words, or facts.")
        answer = self._assistant.recommend(given.case, facts=given.facts, confirmed=given.confirmed)
        return self._told(answer)

    def _told(self, answer: Answer) -> Told:
        return Told(_values(answer), whole_text(answer, self._assistant.patients.book))

    def _search(self, given: SearchArguments) -> Told:
        found = search(self._assistant, given.query, given.k)
        return Told(_values(found), passages_text(found.passages, self._assistant.documents))

    def _read(self, given: ReadArguments) -> Told:
        document = document_of(self._assistant.documents, given.document)
        if bool(given.section) == bool(given.range):
            raise RequestInvalidError("neither a section nor a range, or both", hint="Give a section or a range.")
        if given.section:
            label = label_of(document, given.section)
            units = tuple(unit for unit in document.searchable if unit.section == label)
        else:
            units = units_at(document, *range_of(given.range, document))
        part = source_part(document, units, self._assistant.public_url)
        return Told(_values(part), units_text(document, units))


def _values(value: Any) -> dict[str, Any]:
    """Return a value as an object of JSON."""
    values: dict[str, Any] = json.loads(json.dumps(plain(value)))
    return values
