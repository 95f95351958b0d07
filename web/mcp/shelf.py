"""What a language model can read: every section of the documents, every rule in words, the facts of a patient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from assistant.assistant import Assistant
from corpus.document import Document
from web.problems import NotFoundError
from web.rule_text import rule_text
from web.rule_view import Rules
from web.terminal import facts_text, section_text


@dataclass(frozen=True, slots=True)
class Readable:
    """Something to read, under an address of its own."""

    uri: str
    name: str
    title: str
    description: str
    read: Callable[[], str]


class Shelf:
    """All there is to read, by address."""

    def __init__(self, assistant: Assistant) -> None:
        self._rules = Rules(assistant.library, assistant.patients.book)
        self._public_url = assistant.public_url
        facts = Readable(
            uri="nelm://facts",
            name="facts",
            title="Facts of a patient",
            description="Every fact that can be given of a patient: id, kind, unit or values.",
            read=partial(facts_text, assistant.patients.book),
        )
        held = [facts, *self._of_documents(assistant.documents), *self._of_rules(assistant)]
        self.readable = {item.uri: item for item in held}

    def read(self, uri: str) -> str:
        """Return what stands under an address.

        Raises:
            NotFoundError: If nothing does.
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        if uri not in self.readable:
            raise NotFoundError("there is no such resource", hint="Addresses are listed by resources/list.")
        return self.readable[uri].read()

    @staticmethod
    def _of_documents(documents: tuple[Document, ...]) -> Iterator[Readable]:
        for document in documents:
            for label, section in document.section_by_label.items():
                yield Readable(
                    uri=f"nelm://{document.citation.id}/sections/{quote(label)}",
                    name=f"section {label}",
                    title=section.path[-1],
                    description=f"This section word for word. {document.citation.attribution}",
                    read=partial(section_text, document, label),
                )

    def _of_rules(self, assistant: Assistant) -> Iterator[Readable]:
        for key, rule in assistant.patients.book.rules.items():
            yield Readable(
                uri=f"nelm://{rule.document}/rules/{quote(rule.id)}",
                name=rule.id,
                title=rule.summary,
                description=f"A rule in words, with the sentence of section {rule.section} it stands on.",
                read=partial(self._rule, key),
            )

    def _rule(self, key: str) -> str:
        return rule_text(self._rules.rule(key), self._public_url)
