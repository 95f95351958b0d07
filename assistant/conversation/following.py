"""A turn made to stand alone: what it leaves unsaid is taken from the turns before, by the vocabulary's kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from assistant.conversation.turns import Focus, How, State, Turn
from index.analysis import Lexicon, content_terms, fold, stem, words

_TREATMENT = "therapy"
_SUBJECTS = frozenset({_TREATMENT, "trial", "drug", "radiopharmaceutical", "isotope", "device", "organisation"})
"""Kinds of what a question is about; the others are what is asked of it, or whom it concerns."""
_NAMED = _SUBJECTS | {"condition", "lab"}
"""Kinds that a turn which says nearly nothing takes over with the subject."""
_OPENER = re.compile(
    r"""^\W*(?:(?:ok(?:ay)?|so|well|right|thanks?|thank\ you|great|now|then|hm+|and|but|also|or|plus)\b[\s,.:!–-]*)*""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTINUES = re.compile(
    r"""^\W*(?:(?:ok(?:ay)?|so|well|right|now)\b[\s,.:!–-]*)*
    (?:and\b|but\b|also\b|or\b|what\ (?:about|of|if)\b|how\ about\b|same\ (?:question\ )?for\b|versus\b|vs\b|compared\ (?:with|to)\b
      |for\b|in\b|with\b|without\b|after\b|before\b|then\b|instead\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ELLIPSIS = re.compile(
    r"^\W*(?:(?:and|but|or|so|ok(?:ay)?|also|then|now)\b[\s,]*)*(?:what (?:about|of|if)|how about|(?:the )?same (?:question )?(?:for|with|in)|for|in|with|is it)?\b"
    r"[\s,:]*",
    re.IGNORECASE,
)
_AGAINST = re.compile(r"^\W*(?:and\s+)?(?:versus|vs\.?|compared (?:with|to)|against|rather than|instead of|or)(?!\w)\W*", re.IGNORECASE)
_CORRECTION = re.compile(
    r"""^\W*(?:(?:(?:no|sorry|wait|oops|pardon|apologies|correction|actually|rather|i\ meant(?:\ to\ (?:say|ask))?|i\ mean|make\ that|my\ mistake
      |that\ was\ wrong|i\ misspoke|not\ that)\b[\s,.:;!–—-]*(?:but\ |about\ )?)+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SINGULAR = re.compile(
    r"\b(?:(?P<own>its)|(?P<it>it)\b|(?P<that>(?:that|this|the(?: same)?|the other) (?:one|treatment|therapy|drug|procedure|technique|approach|method|trial|study|tracer|option))"
    r"|(?P<such>such (?:a )?(?:treatment|therapy|procedure))|(?P<bare>that|this)(?=\s*(?:[?,.]|$|\b(?:is|was|work|works|help|helps|have|has|do|does|cause|causes|compare"
    r"|compares|better|safe|worse|one|out|for|in|with|to|by|from|be|have|at)\b)))(?!\w)",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:(?P<own>their)|(?P<they>they|them|these|those|both|either|neither)\b(?! (?:patient|people|who|with))"
    r"|(?P<two>(?:of )?(?:the )?two(?: of them)?|the former|the latter|the (?:first|second) one|each other)(?=\W|$)(?! \w+s\b))",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was|would|could|can|may|might|does|has)\s+it\s+(?:ever\s+)?(?:\w+\s+){0,2}?(?:to|that|whether|take|been)\b|\bit\s+(?:is|was|would be)\s+\w+\s+(?:to|that)\b",
    re.IGNORECASE,
)
_SOURCE_ITSELF = re.compile(
    r"\b(?:this|that|the) (?:review|paper|article|work|publication|text|source|tool|assistant|service|page|guideline)\b", re.IGNORECASE
)
_NAMING = re.compile(r"^\W*(?:which|what(?: is| causes|'s)?(?: this| that)?|what|name|is there|are there)\b", re.IGNORECASE)
_ONES = re.compile(r"\b(?:ones?|version|variant|kind|type|sort|group|arm|patients?|people|those|the|a|an|of|is|it|any|about|then|too|as well|instead|please)\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\W*(?:what|which|who|whom|whose|how|why|when|where|is|are|was|were|do|does|did|can|could|should|would|will|has|have|had|may|might|list|name|define"
    r"|explain|describe|compare|tell|show|give)\b",
    re.IGNORECASE,
)
_SHORT = 4
"""Content words of a turn that may be short of something."""
_SPECIFIC = 3


@dataclass(frozen=True, slots=True)
class Resolved:
    """A turn as a question that stands alone.

    Attributes:
        text: The stand-alone question.
        completed: Whether anything was taken from the conversation.
        others: Other readings, where the turn may mean something else.
        wanting: What keeps it from standing alone: it names a thing the conversation does not hold.
    """

    text: str
    completed: bool = False
    others: tuple[str, ...] = ()
    wanting: bool = False


class Follower:
    """Makes turns stand alone, by one vocabulary; holds nothing of a conversation."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def resolve(self, said: str, state: State, stands: Callable[[str], bool]) -> Resolved:
        """Return a turn as a stand-alone question.

        Args:
            said: The turn, in the field's spelling.
            state: The conversation before it.
            stands: Whether the documents answer a question as it is; asked only where words do not decide.
        """
        before = state.topical
        if before is None:
            return Resolved(said, wanting=self._leans(said) and not self._subjects(said))
        if (corrected := self._corrected(said, before)) is not None:
            return corrected
        body = said[_OPENER.match(said).end() :].strip() if _OPENER.match(said) else said  # type: ignore[union-attr]
        if (other := self._other_side(said, before)) is not None:
            return other
        if (swapped := self._swapped(said, before)) is not None:
            return swapped
        if self._leans(body):
            return self._completed(body, state)
        if self._subjects(body) or _SOURCE_ITSELF.search(body):
            return Resolved(body or said)
        continues = _CONTINUES.match(said) is not None
        specific = len(content_terms(body)) > _SHORT or any(
            self._lexicon.kinds.get(m.entry) in _NAMED for m in self._lexicon.mentions(body)
        )
        if not continues and (specific or stands(body)):
            return Resolved(body)
        return self._completed(body, state)

    def focus_of(self, resolved: str, quotes: Sequence[str]) -> tuple[Focus, ...]:
        """Return what a turn is about: what its question names, and what its answer brings in.

        Args:
            quotes: The sentences that answer, best first.
        """
        asked = [self._focus(entry, "asked") for entry in self._entries(resolved)]
        named = {focus.entry for focus in asked}
        said = [entry for quote in quotes[:1] for entry in self._entries(quote) if entry not in named]
        return (*asked, *(self._focus(entry, "answered") for entry in dict.fromkeys(said)))

    def is_general(self, text: str) -> bool:
        """Whether a turn is a question in general, complete by itself: it names its subject and leans on nothing."""
        return _QUESTION.match(text) is not None and bool(self._subjects(text)) and not self._leans(text)

    def in_case(self, said: str, state: State) -> str:
        """Return a turn about a patient with the treatment it leaves unsaid, where it leans on one."""
        if not self._leans(said) or self._subjects(said):
            return said
        chosen = self._antecedents(said, state)
        return said if chosen is None else _prefixed(chosen[0], said)

    def offered(self, texts: Iterable[str]) -> list[str]:
        """Return the names of the treatments that texts name, in order."""
        entries = dict.fromkeys(e for text in texts for e in self._entries(text) if self._lexicon.kinds.get(e) == _TREATMENT)
        return [self._lexicon.names[entry] for entry in entries]

    def compared(self, state: State) -> str | None:
        """Return “A versus B” of the last two treatments in focus, ``None`` where there are not two."""
        names = list(dict.fromkeys(f.name for f in self._recent(state) if f.kind == _TREATMENT))
        return None if len(names) < 2 else f"{names[1]} versus {names[0]}"  # noqa: PLR2004 - two sides

    def turn_about(self, words_of_it: str, turns: Sequence[Turn]) -> Turn | None:
        """Return the turn that a return names: by an entry, by shared words, or as the first."""
        topical = [turn for turn in turns if turn.resolved]
        entries = set(self._entries(words_of_it))
        for turn in reversed(topical):
            if entries & {focus.entry for focus in turn.focus}:
                return turn
        wanted = set(content_terms(words_of_it)) - {stem(word) for word in ("begin", "start", "first", "topic", "question", "earlier")}
        for turn in reversed(topical):
            if wanted & set(content_terms(turn.resolved)):
                return turn
        if re.search(r"\b(?:begin|beginning|start|first|earlier|before)", words_of_it, re.IGNORECASE):
            return topical[0] if topical else None
        return None

    def _corrected(self, said: str, before: Turn) -> Resolved | None:
        """“sorry, I meant the non-pancreatic ones”: the last question with what is put right in its place."""
        found = _CORRECTION.match(said)
        if found is None or not said[found.end() :].strip():
            return None
        rest = said[found.end() :].strip()
        if _QUESTION.match(rest) and (self._subjects(rest) or len(content_terms(rest)) > _SHORT):
            return Resolved(rest)
        return Resolved(self._in_place(rest, before.resolved), completed=True)

    def _other_side(self, said: str, before: Turn) -> Resolved | None:
        """“versus the glass ones?”: the last question with a second side."""
        found = _AGAINST.match(said)
        if found is None or _QUESTION.match(said[found.end() :]):
            return None
        rest = said[found.end() :].strip(" ?.!")
        subject = next((focus for focus in before.focus if focus.kind in _SUBJECTS), None)
        if subject is None or not self._subjects(rest) or self._asks(rest):
            return None
        return Resolved(f"{before.resolved.rstrip(' ?.!')} versus {rest}?", completed=True)

    def _swapped(self, said: str, before: Turn) -> Resolved | None:
        """“and for DEB-TACE?”: nothing but a thing, put in the place of its like in the last question."""
        rest = said[_ELLIPSIS.match(said).end() :].strip(" ?.!") if _ELLIPSIS.match(said) else said  # type: ignore[union-attr]
        if not self._lexicon.mentions(rest) or self._asks(rest) or _QUESTION.match(rest):
            return None
        if not any(self._lexicon.kinds.get(m.entry) in _NAMED for m in self._lexicon.mentions(rest)):
            return None  # "and the complications?" asks something else of the same subject
        if rest == said.strip(" ?.!") and not self._is_answer(before):
            return None  # "Octreotide" alone may be a new question
        return Resolved(self._in_place(rest, before.resolved), completed=True)

    @staticmethod
    def _is_answer(before: Turn) -> bool:
        """Whether the last turn was answered with a question back, which a bare name answers."""
        return bool(before.choices)

    def _in_place(self, rest: str, question: str) -> str:
        """Put words in the place of what they correct: of the same kind, or of the same stem; else behind."""
        tokens, mentions = _spans(question), self._lexicon.mentions(question)
        rest = rest.strip(" ?.!")
        new = self._lexicon.mentions(rest)
        kinds = [self._lexicon.kinds.get(m.entry) for m in new]
        spans = _spans(rest)
        for kind, mention in zip(kinds, new, strict=True):
            like = [m for m in mentions if self._lexicon.kinds.get(m.entry) == kind and m.entry != mention.entry]
            if like:
                start, end = tokens[like[-1].first][0], tokens[like[-1].last - 1][1]
                told = rest[spans[mention.first][0] : spans[mention.last - 1][1]]
                return question[:start] + told + question[end:]
        stems = {stem(word): n for n, word in enumerate(words(question))}
        for word in content_terms(rest):
            if word in stems and not new:
                start, end = tokens[stems[word]]
                told = _ONES.sub(" ", rest).split()
                return question[:start] + " ".join(told) + question[end:]
        return f"{question.rstrip(' ?.!')} – {rest}?"

    def _completed(self, body: str, state: State) -> Resolved:
        """Put what is in focus before a turn that leans on it."""
        chosen = self._antecedents(body, state)
        if not chosen:
            before = state.topical
            return Resolved(body if before is None else f"{before.resolved.rstrip(' ?.!')}: {body}", completed=before is not None, wanting=before is None)
        names, others = chosen
        return Resolved(_prefixed(names, body), completed=True, others=tuple(_prefixed([name], body) for name in others))

    def _antecedents(self, body: str, state: State) -> tuple[list[str], list[str]] | None:
        """The names a turn leans on, and other ones it may lean on instead."""
        before = state.topical
        if before is None:
            return None
        already = set(self._entries(body))
        asked = [f for f in before.focus if f.how != "answered" and f.entry not in already]
        brought = [f for f in before.focus if f.how == "answered" and f.entry not in already]
        subjects = [f for f in asked if f.kind in _SUBJECTS]
        news = [f for f in brought if f.kind in _SUBJECTS or f.kind == "condition"]
        plural = _PLURAL.search(body)
        if plural is not None:
            sides = _siblings(subjects) or _siblings([f for f in brought if f.kind in _SUBJECTS])
            if sides:
                return [f.name for f in sides], []
        narrower = [f for f in news if {g.entry for g in subjects} & set(self._lexicon.lineage(f.entry)[1:])]
        if _SINGULAR.search(body) and narrower and not plural:
            return [narrower[0].name], []
        if _NAMING.match(before.resolved) and not subjects and news:
            return [news[0].name], []
        held = subjects or [f for f in asked if f.kind in _NAMED] or news or asked
        if len(content_terms(body)) < _SPECIFIC:
            held = list(dict.fromkeys([*held, *(f for f in asked if f.kind in _NAMED)]))
        if not held:
            return None
        if _SINGULAR.search(body) and not plural and len(_siblings(subjects)) > 1:
            return [subjects[0].name], [f.name for f in subjects[1:2]]
        return list(dict.fromkeys(f.name for f in held)), []

    def _recent(self, state: State) -> list[Focus]:
        return [focus for turn in reversed(state.turns) for focus in reversed([f for f in turn.focus if f.how != "answered"])]

    def _leans(self, text: str) -> bool:
        """Whether a pronoun stands for something that is not in the turn itself before it."""
        plain = _EXPLETIVE.sub(" ", _SOURCE_ITSELF.sub(" ", text))
        found = [m for m in (_SINGULAR.search(plain), _PLURAL.search(plain)) if m is not None]
        if not found:
            return False
        start = min(m.start() for m in found)
        return not self._subjects(plain[:start])

    def _asks(self, text: str) -> bool:
        """Whether a text says more than names and words that stand for them."""
        tokens = words(text)
        inside = {n for mention in self._lexicon.mentions(text) for n in range(mention.first, mention.last)}
        left = " ".join(token for n, token in enumerate(tokens) if n not in inside)
        return bool(content_terms(_ONES.sub(" ", left)))

    def _subjects(self, text: str) -> list[str]:
        return [entry for entry in self._entries(text) if self._lexicon.kinds.get(entry) in _SUBJECTS]

    def _entries(self, text: str) -> list[str]:
        return list(dict.fromkeys(mention.entry for mention in self._lexicon.mentions(text)))

    def _focus(self, entry: str, how: How) -> Focus:
        return Focus(entry, self._lexicon.names.get(entry, entry), self._lexicon.kinds.get(entry, ""), how)


def _prefixed(names: Sequence[str], body: str) -> str:
    return f"{', '.join(names)}: {body}"


def _siblings(focus: Sequence[Focus]) -> list[Focus]:
    """Two or more things of one kind; empty where there are not two."""
    for kind in dict.fromkeys(f.kind for f in focus):
        alike = [f for f in focus if f.kind == kind]
        if len(alike) > 1:
            return alike
    return []


_WORD = re.compile(r"\d+(?:[.,]\d+)+|[a-z\d]+(?:'[a-z]+)?")


def _spans(text: str) -> list[tuple[int, int]]:
    """Offsets of a text's words, in step with `index.analysis.words`."""
    folded = fold(text)
    if len(folded) != len(text):
        folded = text.lower()
    return [(found.start(), found.end()) for found in _WORD.finditer(folded)]
