"""The assistant: a question in, an answer out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer, RankedPassage, Statement, Status
from assistant.beside import Beside
from assistant.case import asks_treatment, asks_whether, is_case, questions_in
from assistant.comparison import comparison, lacking
from assistant.composition import NOT_COVERED, Asked, Composer, ranked
from assistant.conclusions import CitedPlaces, Concluder, Conclusions
from assistant.decision import DecisionReader
from assistant.disputes import dispute
from assistant.evidence import Chooser, Evidence
from assistant.explanation import Decided
from assistant.figures import direct_line, sides_of
from assistant.instructions import stated, without_instructions
from assistant.models import Models
from assistant.overview import overview
from assistant.patient_knowledge import PatientKnowledge
from assistant.patient_text.structured import FactError, facts_from_mapping, shown_id
from assistant.premises import PremiseReader
from assistant.question import claims_something, not_a_question, readable
from assistant.rules.engine import Evaluation
from assistant.rules.patient import Patient, PatientFact
from assistant.silence import Silence, explain_silence
from assistant.version import VERSION
from assistant.works import MOST_ASKED, asks_for_work, left_out, numbers_asked, reference_places, works_behind
from corpus.document import Document
from index.analysis import content_terms
from index.library import Library, Place
from index.location import index_folder
from index.opening import SearchIndex
from index.search import LONGEST_QUESTION, Ranking
from index.store import Manifest

if TYPE_CHECKING:
    from assistant.batch import Batched, Item
    from assistant.conversation.dialogue import Conversation, Dialogue
    from assistant.conversation.turns import Turn
    from assistant.sections import SourceSection

_RECENT = 16
"""Questions whose ranking and choice are kept: a turn of a conversation looks at the same one more than once."""
_WORTH_SEARCHING = 4
"""Words of a question about treatment from which sentences are looked for besides what the rules conclude."""


class Assistant:
    """Answers from an open index. Holds no state of a question: any number of threads may ask at once.

    Attributes:
        public_url: Stands before every link; empty where links are of the page itself.
    """

    def __init__(self, index: SearchIndex, *, public_url: str = "") -> None:
        self._index = index
        models = Models.from_facts(index.manifest.facts)
        library, legs = index.library, index.search.legs
        self._ranked = lru_cache(_RECENT)(self._rank)
        self._decided = lru_cache(_RECENT)(self._decide)
        self._chooser = Chooser(library, index.search, models.ranker, index.encoder.encode)
        self._decision = models.decision
        self._reader = DecisionReader(library, legs.asked_words, index.search.speller, models.wording)
        self._premises = PremiseReader(library, legs, models.premises)
        self._patients = PatientKnowledge.load(index.folder)
        self._concluder = Concluder(library, self._patients.book)
        self.public_url = public_url.rstrip("/")
        self._composer = Composer(library, index=index.manifest.sha256, version=VERSION, public_url=public_url)
        self._beside = Beside(self._composer, library)

    @classmethod
    def open(cls, folder: Path | None = None, *, public_url: str = "") -> Assistant:
        """Open the index at a folder, or where `index.location.index_folder` says.

        Args:
            public_url: Put before every citation's link, for places outside the web page.

        Raises:
            SearchIndexError: If there is no index, or it is corrupt or stale.
        """
        return cls(SearchIndex.open(index_folder() if folder is None else folder), public_url=public_url)

    @property
    def library(self) -> Library:
        """The documents and what the packs know of them."""
        return self._index.library

    @property
    def manifest(self) -> Manifest:
        """What the index was built from, and its own digest."""
        return self._index.manifest

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents that answers come from."""
        return self._index.library.documents

    def ask(
        self,
        question: str,
        *,
        facts: Mapping[str, Any] | None = None,
        confirmed: Sequence[str] = (),
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Answer a question from the documents, and on a patient's case say what the rules conclude.

        The same question, index and version give the same bytes. What the documents do not answer is said to be
        ``not_covered``, with the reason; instructions are set aside, and a message of nothing else is ``declined``.
        Nothing raises on account of a message's content.

        Args:
            facts: Structured facts of the patient, as `facts_from_mapping` reads them; they win over the message.
            confirmed: Therapies of whose exclusions not stated it is confirmed that none applies ("none of these").
            history: The turns before it, in one conversation; see `conversation`.

        Raises:
            FactError: If a structured fact cannot be read, or a therapy is unknown.
            QuoteMismatchError: If a sentence to be shown is not in the source at its offsets.
        """
        self.check(facts, confirmed)
        text = readable(question)
        if history:
            return self.dialogue.turn(text, history, facts=facts, confirmed=confirmed).answer
        return self.respond(text, text, self._patient(stated(text), facts), confirmed)

    def respond(
        self,
        said: str,
        question: str,
        patient: Patient | None,
        confirmed: Sequence[str] = (),
        *,
        carried: bool = False,
    ) -> Answer:
        """Answer a stand-alone question; see `ask`.

        Args:
            said: The message it was read from, shown with the answer.
            patient: Whom it is about, ``None`` for nobody.
            carried: Whether the patient's plan was stated earlier: then the question may ask something else.
        """
        remaining, instructed = without_instructions(question)
        query = self._index.search.read(remaining or question)
        reason = not_a_question(query)
        if patient is None and reason in {"unreadable", "too_vague"}:
            return self._composer.abstained(Asked(said, query.mended, self._index.search.first_passages()), reason)
        ranking = self._ranked(query.text)
        asked = Asked(said, query.mended, self._index.search.passages(ranking))
        if instructed and not remaining and patient is None:
            return self._composer.abstained(replace(asked, resolved=""), None)
        if patient is not None:
            return self._case(asked, remaining, patient, self._therapies(confirmed), carried=carried)
        if reason is not None:
            return self._composer.abstained(asked, reason)
        if numbers := numbers_asked(query.mended):
            return self._works(asked, numbers)
        return self._answered(asked, self._decided(query.text))

    def conversation(self) -> Conversation:
        """Begin a conversation."""
        from assistant.conversation.dialogue import Conversation

        return Conversation(self.dialogue)

    @cached_property
    def dialogue(self) -> Dialogue:
        """What answers turns of conversations."""
        from assistant.conversation.dialogue import Dialogue

        return Dialogue(self, self._index, self._composer, self._beside)

    def recommend(
        self, case: str = "", *, facts: Mapping[str, Any] | None = None, confirmed: Sequence[str] = ()
    ) -> Answer:
        """Say what the rules conclude for a patient described in words, by structured facts, or both.

        Raises:
            FactError: If a structured fact cannot be read, or a therapy is unknown.
        """
        text = readable(case)
        patient = self._patient(stated(text), facts, always=True) or Patient()
        search = self._index.search
        query = search.read(text)
        passages = search.passages(self._ranked(query.text)) if query.known else search.first_passages()
        return self._case(Asked(text, query.mended, passages), text, patient, self._therapies(confirmed))

    def evaluate(
        self, case: str = "", *, facts: Mapping[str, Any] | None = None, confirmed: Sequence[str] = ()
    ) -> Evaluation:
        """Return the evaluation of every rule, with its trace, for a patient; see `recommend`.

        Raises:
            FactError: If a structured fact cannot be read, or a therapy is unknown.
        """
        patient = self._patient(stated(readable(case)), facts, always=True) or Patient()
        return self.evaluate_patient(patient, self._therapies(confirmed))

    def criteria(self, rules: Sequence[str]) -> tuple[Place, ...]:
        """Return the places of the sentences that rules rest on, each once."""
        return tuple({place.key: place for rule in rules for place in self._concluder.places_of(rule)}.values())

    @property
    def patients(self) -> PatientKnowledge:
        """Facts, rules and what reads and evaluates them."""
        return self._patients

    def _patient(self, text: str, facts: Mapping[str, Any] | None, *, always: bool = False) -> Patient | None:
        """The patient of a message and of structured facts; ``None`` where the message describes none."""
        read = self._patients.reader.read(text)
        if facts is None:
            return read if always or is_case(text, read, self._patients.book.excluding_facts) else None
        return read.with_facts(*self.structured(facts))

    def check(self, facts: Mapping[str, Any] | None, confirmed: Sequence[str]) -> None:
        """Refuse what cannot be given beside a message, whatever the message is.

        Raises:
            FactError: If a structured fact cannot be read, or a therapy is unknown.
        """
        self.structured(facts or {})
        self._therapies(confirmed)

    def structured(self, facts: Mapping[str, Any]) -> tuple[PatientFact, ...]:
        """Return structured facts.

        Raises:
            FactError: If one cannot be read; all that are wrong are named.
        """
        given, problems = facts_from_mapping(facts, self._patients.book, self._patients.reader.units)
        if problems:
            known = self._patients.book.facts
            told = [(p.fact if p.fact in known else shown_id(p.fact), p.message) for p in problems]
            raise FactError("; ".join(f"{name}: {message}" for name, message in told))
        return tuple(given)

    def evaluate_patient(self, patient: Patient, confirmed: Sequence[str] = ()) -> Evaluation:
        """Return the evaluation of every rule for a patient.

        Args:
            confirmed: Therapies of whose exclusions not stated it is confirmed that none applies.
        """
        return self._patients.engine.evaluate(patient, _asked_therapies(patient), confirmed)

    def _therapies(self, names: Sequence[str]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in self._patients.book.parents]
        if unknown:
            raise FactError(f"no therapy {', '.join(map(shown_id, unknown))}")
        return tuple(names)

    def _case(
        self, asked: Asked, text: str, patient: Patient, confirmed: Sequence[str] = (), *, carried: bool = False
    ) -> Answer:
        """Answer about a patient: by where the therapies stand, then by the sentences that answer what is asked."""
        therapies = _asked_therapies(patient)
        evaluation = self.evaluate_patient(patient, confirmed)
        question = questions_in(text)
        by_rules = (
            (bool(therapies) and not carried) or not question or asks_treatment(question) or asks_whether(question)
        )
        decided = self._decided_on(question if content_terms(question) else text if question else "")
        if by_rules and len(content_terms(question)) < _WORTH_SEARCHING:
            decided = None
        evidence = decided.choice.evidence if decided is not None and decided.answers else ()
        unanswered = None
        if not by_rules and not evidence:  # the question finds no sentence: what the rules conclude is shown instead
            by_rules = True
            unanswered = self._silence(decided) if decided is not None else None
        cited = CitedPlaces(item.place for item in evidence if not by_rules)
        conclusions = self._concluder.conclude(evaluation, cited)
        if not by_rules:
            conclusions = replace(conclusions, statements=())
        if unanswered is not None and len(content_terms(question)) >= _WORTH_SEARCHING:
            conclusions = conclusions.headed(unanswered.says or NOT_COVERED[unanswered.reason])
        status = self._status(evaluation, conclusions, by_rules=by_rules, partly=unanswered is not None)
        return self._composer.case(asked, status, conclusions, cited, evidence)

    @staticmethod
    def _status(evaluation: Evaluation, conclusions: Conclusions, *, by_rules: bool, partly: bool) -> Status:
        """The status of an answer about a patient."""
        if not by_rules or not evaluation.in_scope:
            return "answered"
        if any(evaluation.placed(therapy).standing == "conflicting" for therapy in evaluation.asked):
            return "conflict"
        if partly:
            return "partial"
        return "answered" if conclusions.concluded else "needs_facts"

    def _decided_on(self, question: str) -> Decided | None:
        query = self._index.search.read(question)
        if not question or not_a_question(query) is not None:
            return None
        return self._decided(query.text)

    def explain(self, question: str) -> Decided | None:
        """Return what was chosen for a question and why it is, or is not, answered; ``None`` for no question."""
        query = self._index.search.read(without_instructions(readable(question))[0])
        if not_a_question(query) is not None or numbers_asked(query.mended):
            return None
        return self._decided(query.text)

    def ranked(self, question: str) -> Ranking:
        """Return the ranking of every unit for a question; the last few are kept, since a turn asks more than once."""
        return self._ranked(question[:LONGEST_QUESTION])

    def _rank(self, question: str) -> Ranking:
        return self._index.rank(self._index.search.read(question))

    def _decide(self, question: str) -> Decided:
        ranking = self._ranked(question)
        query = ranking.query
        choice = self._chooser.choose(query, ranking)
        features = self._reader.read(query, ranking, choice.features, choice.best)
        return Decided(query, ranking, choice, features, self._decision)

    def _answered(self, asked: Asked, decided: Decided) -> Answer:
        """Answer or abstain, as the calibrated decision says."""
        query, choice = decided.query, decided.choice
        found = overview(query, self.library)
        if found is not None and found.whole:
            return self._noted(self._beside.overview(asked, found))
        if not decided.answers:
            silence = self._silence(decided)
            asked = replace(asked, confidence=round(1 - decided.probability, 2))
            return self._composer.abstained(asked, silence.reason, says=silence.says, nearest=silence.nearest)
        asked = replace(asked, confidence=round(decided.probability, 2))
        evidence = choice.evidence
        asks_work = asks_for_work(query.mended)
        if asks_work:
            known = {item.place.key for item in evidence}
            works = works_behind(choice.best, self.library)
            evidence += tuple(Evidence(work, "answer") for work in works if work.key not in known)
        asking = choice.features.asking
        answer = self._composer.answered(
            asked,
            evidence,
            heads=claims_something(query.mended),
            line=direct_line(query, asking, choice.best, self.library),
            contradicted_by=self._premises.contradicted_by(query, choice.best),
        )
        tensions = self._patients.book.tensions
        if (
            not asks_work
            and (sides := dispute(decided.ranking, asking, choice.best, self.library, tensions)) is not None
        ):
            answer = self._beside.disputed(answer, sides)
        if found is not None:
            answer = self._beside.outlined(answer, found)
        if (table := comparison(sides_of(query, asking, self.library.lexicon), self.library)) is not None:
            answer = self._beside.compared(answer, table, lacking(query, table, self.library))
        return self._noted(answer)

    def _noted(self, answer: Answer) -> Answer:
        """Return an answer with the source notes that touch what it quotes."""
        shown = {n for s in answer.statements if s.kind == "quote" for n in s.citations}
        places = {c.n: self.library.place(c.document, c.unit) for c in answer.citations}
        cited = CitedPlaces(places.values())
        return replace(answer, notes=self._concluder.notes(set(), [places[n] for n in shown], cited))

    def _silence(self, decided: Decided) -> Silence:
        return explain_silence(decided.ranking, self.library, self._index.search.legs.words.rows)

    def _works(self, asked: Asked, numbers: tuple[int, ...]) -> Answer:
        """Answer a question about references by their numbers."""
        for document in self.documents:
            if places := reference_places(self.library, document.citation.id, numbers):
                answer = self._composer.works(asked, places[:MOST_ASKED])
                said = tuple(left_out(document, numbers))
                statements = tuple(Statement(text, "derived", "caveat", ()) for text in said)
                text = "\n\n".join([answer.text, *said])
                return replace(answer, statements=answer.statements + statements, text=text)
        counts = " ".join(f"The reference list ends with number {len(d.references)}." for d in self.documents)
        return self._composer.abstained(asked, "not_stated", says=counts)

    def search(self, question: str, count: int = 10) -> tuple[RankedPassage, ...]:
        """Return the passages closest to a question, best first, as an answer carries them."""
        search = self._index.search
        query = search.read(readable(question))
        found = search.passages(self._ranked(query.text), count) if query.text else search.first_passages(count)
        return ranked(found, self.public_url)

    def source(self, section: str, document: str = "") -> SourceSection:
        """Return a section of a source by its printed label, such as ``3.2``, ``Abstract`` or ``Table 1``.

        Args:
            document: Id of the document; the first one if empty.

        Raises:
            SectionMissingError: If there is no such document or section.
            QuoteMismatchError: If a sentence is not in the source at its offsets.
        """
        from assistant.sections import source_section

        return source_section(self.documents, section, document, self.public_url)

    def batch(self, questions: Iterable[Item]) -> Iterator[Batched]:
        """Answer questions one after another, each when it is asked for; an error is the value of its item alone.

        Args:
            questions: Texts, or ``{"question": "…"}`` or ``{"turns": ["…", …]}`` with ``facts`` and ``confirmed``
                beside where there are some; turns are one conversation.
        """
        from assistant.batch import batched

        return batched(self, questions)


def _asked_therapies(patient: Patient) -> tuple[str, ...]:
    planned = patient.get("planned_interventions")
    return planned.candidates if planned is not None else ()
