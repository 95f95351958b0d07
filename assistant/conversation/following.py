"""A turn made to stand alone: what it leaves unsaid is taken from the turns before, by the vocabulary's kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.conversation import leaning
from assistant.conversation.turns import Focus, How, State, Turn
from index.analysis import Lexicon, content_terms, fold, stem, words

_TREATMENT = "therapy"
_SUBJECTS = frozenset({_TREATMENT, "trial", "drug", "radiopharmaceutical", "isotope", "device", "organisation"})
"""Kinds of what a question is about; the others are what is asked of it, or whom it concerns."""
_NAMED = _SUBJECTS | {"condition", "lab"}
"""Kinds that a turn which says nearly nothing takes over with the subject."""
_REMEMBERED = 2_048
"""Texts whose mentions are kept: a turn looks at the same ones again and again."""
_BRINGING = 3
"""Quotes of an answer that bring things into focus: those that answer, not all that completes the answer."""
_SHORT = 4
"""Content words of a turn that may be short of something."""
_SPECIFIC = 3
_SAYS = 2
"""Content words below which a turn says next to nothing: the last question is repeated whole."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A turn as a question that stands alone.

    Attributes:
        text: The stand-alone question.
        completed: Whether anything was taken from the conversation.
        others: Other readings, where the turn may mean something else.
        wanting: Whether it leans on a thing that the conversation does not hold: then it is to be asked back.
    """

    text: str
    completed: bool = False
    others: tuple[str, ...] = ()
    wanting: bool = False


class Follower:
    """Makes turns stand alone, by one vocabulary; holds nothing of a conversation."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._mentions = lru_cache(_REMEMBERED)(lexicon.mentions)

    def resolve(  # noqa: C901, PLR0911 - one return a way to be unfinished
        self, said: str, state: State, stands: Callable[[str], bool]
    ) -> Resolved:
        """Return a turn as a stand-alone question.

        Args:
            said: The turn, in the field's spelling.
            state: The conversation before it.
            stands: Whether the documents answer a question as it is; asked only where words do not decide.
        """
        before = state.topical
        if before is None:
            named = any(self._lexicon.kinds.get(entry) in _NAMED for entry in self._entries(said))
            return Resolved(said, wanting=self._leans(said) and not named)
        if leaning.COMPARE.fullmatch(said) and (sides := self.compared(state)):
            return Resolved(f"Compare {sides}", completed=True)
        if (corrected := self._corrected(said, before)) is not None:
            return corrected
        body = leaning.OPENER.sub("", said, count=1).strip()
        if (other := self._other_side(said, before)) is not None:
            return other
        if (swapped := self._swapped(said, before)) is not None:
            return swapped
        if self._leans(body):
            return self._completed(body, state)
        if self._subjects(body) or leaning.SOURCE_ITSELF.search(body):
            return Resolved(body or said)
        continues = leaning.CONTINUES.match(said) is not None or self._is_fragment(body)
        specific = len(content_terms(body)) > _SHORT or any(
            self._lexicon.kinds.get(m.entry) in _NAMED for m in self._mentions(body)
        )
        if not continues and (specific or stands(body)):
            return Resolved(body)
        return self._completed(body, state)

    def focus_of(self, resolved: str, quotes: Sequence[str]) -> tuple[Focus, ...]:
        """Return what a turn is about: what its question names, and what its answer brings in.

        Args:
            quotes: The sentences that answer, best first.
        """
        asked = self._written(resolved, "asked")
        named = {focus.entry for focus in asked}
        quotes = quotes[:_BRINGING]
        brought = {f.entry: f for quote in reversed(quotes) for f in self._written(quote, "answered")}
        order = dict.fromkeys(entry for quote in quotes for entry in self._entries(quote))
        return (*asked, *(brought[entry] for entry in order if entry not in named))

    def is_general(self, text: str) -> bool:
        """Whether a turn is a question in general, complete by itself: it names its subject and leans on nothing."""
        elliptic = leaning.CONTINUES.match(text) is not None
        return (
            leaning.QUESTION.match(text) is not None
            and bool(self._subjects(text))
            and not elliptic
            and not self._leans(text)
        )

    @staticmethod
    def is_question(text: str) -> bool:
        """Whether a turn begins as a question or a request does."""
        return leaning.QUESTION.match(text) is not None

    def in_case(self, said: str, state: State) -> str:
        """Return a turn about a patient with the treatment it leaves unsaid, where it leans on one."""
        before = state.topical
        if before is None or not self._leans(said) or self._subjects(said):
            return said
        held = [f.name for f in before.focus if f.how != "answered" and f.kind == _TREATMENT]
        return _prefixed(held, said) if held and leaning.QUESTION.match(said) else said

    def offered(self, texts: Iterable[str]) -> list[str]:
        """Return the names of the treatments that texts name, in order."""
        entries = dict.fromkeys(
            e for text in texts for e in self._entries(text) if self._lexicon.kinds.get(e) == _TREATMENT
        )
        return [self._lexicon.names[entry] for entry in entries]

    def compared(self, state: State) -> str | None:
        """Return “A versus B” of the last two treatments in focus, ``None`` where there are not two."""
        names = list(dict.fromkeys(f.name for f in self._recent(state) if f.kind == _TREATMENT))
        return None if len(names) < 2 else f"{names[1]} versus {names[0]}"  # noqa: PLR2004 - two sides

    def returned(self, named: str, rest: str) -> Resolved | None:
        """“Back to the resin particles: how active is each?”: the question of what is returned to, if a name."""
        if not self._entries(named) or leaning.EARLIER.search(named):
            return None
        if self._subjects(rest) and not self._leans(rest):
            return Resolved(rest)
        return Resolved(_put([named.removeprefix("the ")], rest), completed=True)

    def turn_about(self, words_of_it: str, turns: Sequence[Turn]) -> Turn | None:
        """Return the turn that a return names: by an entry, by shared words, or as the first."""
        topical = [turn for turn in turns if turn.resolved]
        entries = set() if leaning.EARLIER.search(words_of_it) else set(self._entries(words_of_it))
        for turn in reversed(topical):
            if entries & {focus.entry for focus in turn.focus}:
                return turn
        wanted = set(content_terms(words_of_it)) - {
            stem(word) for word in ("begin", "start", "first", "topic", "question", "earlier")
        }
        for turn in reversed(topical):
            if wanted & set(content_terms(turn.resolved)):
                return turn
        return topical[0] if topical and leaning.EARLIER.search(words_of_it) else None

    def _corrected(self, said: str, before: Turn) -> Resolved | None:
        """“sorry, I meant the non-pancreatic ones”: the last question with what is put right in its place."""
        found = leaning.CORRECTION.match(said)
        if found is None or not said[found.end() :].strip():
            return None
        rest = said[found.end() :].strip()
        if leaning.QUESTION.match(rest) and (self._subjects(rest) or len(content_terms(rest)) > _SHORT):
            return Resolved(rest)
        return Resolved(self._in_place(rest, before.resolved), completed=True)

    def _other_side(self, said: str, before: Turn) -> Resolved | None:
        """“versus the glass ones?”: the last question with a second side."""
        found = leaning.AGAINST.match(said)
        if found is None or leaning.QUESTION.match(said[found.end() :]):
            return None
        rest = said[found.end() :].strip(" ?.!")
        subject = next((focus for focus in before.focus if focus.kind in _SUBJECTS), None)
        if subject is None or not self._subjects(rest) or self._asks(rest):
            return None
        return Resolved(f"{before.resolved.rstrip(' ?.!')} versus {rest}?", completed=True)

    def _swapped(self, said: str, before: Turn) -> Resolved | None:
        """“and for DEB-TACE?”: nothing but a thing, put in the place of its like in the last question."""
        rest = leaning.ELLIPSIS.sub("", said, count=1).strip(" ?.!")
        if not self._mentions(rest) or self._asks(rest) or leaning.QUESTION.match(rest):
            return None
        if not any(self._lexicon.kinds.get(m.entry) in _NAMED for m in self._mentions(rest)):
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
        tokens, mentions = _spans(question), self._mentions(question)
        rest = rest.strip(" ?.!")
        new = self._mentions(rest)
        spans = _spans(rest)
        named = [m for m in new if self._lexicon.kinds.get(m.entry) in _NAMED]
        for mention in named or new:
            kind = self._class(mention.entry)
            like = [m for m in mentions if self._class(m.entry) == kind and m.entry != mention.entry]
            if like:
                start, end = tokens[like[-1].first][0], tokens[like[-1].last - 1][1]
                told = rest[spans[mention.first][0] : spans[mention.last - 1][1]]
                return question[:start] + told + question[end:]
        stems = {stem(word): n for n, word in enumerate(words(question))}
        for word in content_terms(rest):
            if word in stems and not new:
                start, end = tokens[stems[word]]
                return question[:start] + " ".join(leaning.ONES.sub(" ", rest).split()) + question[end:]
        return f"{question.rstrip(' ?.!')} – {rest}?"

    def _class(self, entry: str) -> str:
        """The kind of an entry, those of what may be asked of a thing taken as one."""
        kind = self._lexicon.kinds.get(entry, "")
        return "attribute" if kind in {"topic", "metric"} else kind

    def _completed(self, body: str, state: State) -> Resolved:
        """Put what is in focus before a turn that leans on it."""
        before = state.topical
        whole = leaning.PHRASE.match(body) or (
            len(content_terms(leaning.ONES.sub(" ", body))) < _SAYS and not self._mentions(body)
        )
        if before is not None and whole:
            return Resolved(f"{before.resolved.rstrip(' ?.!')} – {body}", completed=True)
        chosen = self._antecedents(body, state)
        if not chosen:
            return Resolved(
                body if before is None else f"{before.resolved.rstrip(' ?.!')}: {body}",
                completed=before is not None,
                wanting=before is None,
            )
        names, others = chosen
        return Resolved(_put(names, body), completed=True, others=tuple(_put([name], body) for name in others))

    def _antecedents(  # noqa: C901, PLR0911 - one return a way in which a name is held
        self, body: str, state: State
    ) -> tuple[list[str], list[str]] | None:
        """The names a turn leans on, and other ones it may lean on instead."""
        before = state.topical
        if before is None:
            return None
        already = set(self._entries(body))
        asked = [f for f in before.focus if f.how != "answered" and f.entry not in already]
        brought = [f for f in before.focus if f.how == "answered" and f.entry not in already]
        subjects = [f for f in asked if f.kind in _SUBJECTS]
        news = [f for f in brought if f.kind in _SUBJECTS or f.kind == "condition"]
        plural = leaning.PLURAL.search(body)
        if plural is not None:
            if subjects and leaning.PEOPLE.search(body):
                return [subjects[0].name], []  # "how long do they live?": those who had it
            named = subjects and not leaning.WANTS_NAME.match(before.resolved)
            sides = _siblings(subjects) or (_siblings([f for f in brought if f.kind in _SUBJECTS]) if not named else [])
            if sides:
                return [f.name for f in sides], []
        singular = plural is None and leaning.SINGULAR.search(body) is not None
        if singular and leaning.NAMING.search(before.resolved) and news:
            conditions = [f for f in news if f.kind == "condition"]
            return [(conditions or news)[0].name], []
        if singular and (beside := self._beside(body, [*subjects, *news])):
            return [beside.name], []
        if leaning.WANTS_NAME.match(before.resolved) and not any(f.kind in _NAMED for f in asked) and news:
            return [news[0].name], []
        if singular and len(_siblings(subjects)) > 1 and leaning.TOGETHER.search(before.resolved):
            return [" combined with ".join(f.name for f in _siblings(subjects)[:2])], []
        if leaning.DEFINES.match(before.resolved) and any(f.kind in _NAMED for f in asked):
            subjects = [next(f for f in asked if f.kind in _NAMED)]
        held = subjects or [f for f in asked if f.kind in _NAMED] or news or asked
        if len(content_terms(body)) < _SPECIFIC:
            held = list(dict.fromkeys([*held, *(f for f in asked if f.kind in _NAMED)]))
        if not held:
            return None
        if singular and len(_siblings(subjects)) > 1:
            return [subjects[0].name], [f.name for f in subjects[1:2]]
        return list(dict.fromkeys(f.name for f in held)), []

    def _beside(self, body: str, held: Sequence[Focus]) -> Focus | None:
        """“why that one and not RFA?”: what stands beside a treatment named in the turn, under the same parent."""
        parents = {above for entry in self._subjects(body) for above in self._lexicon.parents.get(entry, ())}
        plain = [f for f in held if f.kind == _TREATMENT and not leaning.TOGETHER.search(self._lexicon.names[f.entry])]
        return next(
            (f for f in plain if parents & set(self._lexicon.parents.get(f.entry, ())) and leaning.ONE.search(body)),
            None,
        )

    def _recent(self, state: State) -> list[Focus]:
        return [
            focus
            for turn in reversed(state.turns)
            for focus in reversed([f for f in turn.focus if f.how != "answered"])
        ]

    def _leans(self, text: str) -> bool:
        """Whether a pronoun stands for something that is not in the turn itself before it."""
        plain = _blanked(text)
        found = [m for m in (leaning.SINGULAR.search(plain), leaning.PLURAL.search(plain)) if m is not None]
        if not found:
            return False
        first = min(found, key=lambda m: m.start())
        before = plain[: first.start()]
        if first.groupdict().get("own"):
            return not self._mentions(before)  # "the parenchyma gets its blood"
        clauses = leaning.CLAUSE.split(
            before
        )  # only in a clause of its own does a pronoun stand for what was named before it
        return len(clauses) < 2 or not any(map(self._subjects, clauses[:-1]))  # noqa: PLR2004 - a clause before its own

    def _is_fragment(self, text: str) -> bool:
        """Whether a turn asks for one thing and names nothing it is asked of: "overall survival?", "how specific?"."""
        short = len(content_terms(text)) < _SPECIFIC
        if leaning.QUESTION.match(text):
            return short and len(words(text)) < _SPECIFIC
        return short and not any(self._class(m.entry) != "attribute" for m in self._mentions(text))

    def _asks(self, text: str) -> bool:
        """Whether a text says more than names and words that stand for them."""
        tokens = words(text)
        inside = {n for mention in self._mentions(text) for n in range(mention.first, mention.last)}
        left = " ".join(token for n, token in enumerate(tokens) if n not in inside)
        return bool(content_terms(leaning.ONES.sub(" ", left)))

    def _subjects(self, text: str) -> list[str]:
        return [entry for entry in self._entries(text) if self._lexicon.kinds.get(entry) in _SUBJECTS]

    def _entries(self, text: str) -> list[str]:
        return list(dict.fromkeys(mention.entry for mention in self._mentions(text)))

    def _written(self, text: str, how: How) -> list[Focus]:
        """What a text names, each once, by the words it names it with."""
        spans = _spans(text)
        found: dict[str, Focus] = {}
        for mention in self._mentions(text):
            if mention.last > len(spans):  # a text that folds otherwise as a whole than letter by letter
                written = self._lexicon.names[mention.entry]
            else:
                written = text[spans[mention.first][0] : spans[mention.last - 1][1]]
            written = written.removesuffix("'s").removesuffix("’s")
            kind = self._lexicon.kinds.get(mention.entry, "")
            found.setdefault(mention.entry, Focus(mention.entry, written, kind, how))
        return list(found.values())


def _prefixed(names: Sequence[str], body: str) -> str:
    return f"{', '.join(names)}: {body}"


def _put(names: Sequence[str], body: str) -> str:
    """Put a name in the place of the pronoun that stands for it; several, or none to replace, before the turn."""
    found = leaning.SINGULAR.search(_blanked(body))
    if len(names) != 1 or found is None or leaning.PLURAL.search(body):
        return _prefixed(names, body)
    name = f"{names[0]}'s" if found["own"] else names[0]
    return body[: found.start()] + name + body[found.end() :]


def _blanked(text: str) -> str:
    """The text with what only looks like a pronoun blanked out, in its length."""
    for pattern in (leaning.SOURCE_ITSELF, leaning.EXPLETIVE):
        text = pattern.sub(lambda found: " " * len(found.group()), text)
    return text


def _siblings(focus: Sequence[Focus]) -> list[Focus]:
    """Two or more things of one kind; empty where there are not two."""
    for kind in dict.fromkeys(f.kind for f in focus):
        alike = [f for f in focus if f.kind == kind]
        if len(alike) > 1:
            return alike
    return []


_WORD = re.compile(r"\d+(?:[.,]\d+)+|[a-z\d]+(?:'[a-z]+)?")


def _spans(text: str) -> list[tuple[int, int]]:
    """Offsets of a text's words, in step with `index.analysis.words`.

    Folding may make one character several ("ﬁ") or none; each folded one keeps the place it came from.
    """
    folded = fold(text)
    if len(folded) == len(text):
        return [(found.start(), found.end()) for found in _WORD.finditer(folded)]
    origin = [n for n, character in enumerate(text) for _ in fold(character)]
    apart = "".join(fold(character) for character in text)
    return [(origin[found.start()], origin[found.end() - 1] + 1) for found in _WORD.finditer(apart)]
