"""Reports of an evaluation as plain tables: what `nelm eval` prints and docs/evaluation.md quotes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.answer import Answer, RankedPassage
from assistant.assistant import Assistant
from assistant.evaluation.cases import Names, case_lines, narrower_by, score_cases
from assistant.evaluation.dialogues import DIALOGUES, dialogue_lines, score_dialogues
from assistant.evaluation.matching import answer_correct, contains, holds, stands_in
from assistant.evaluation.sets import (
    EvaluationError,
    OutOfScope,
    Question,
    load_out_of_scope,
    load_own,
    load_questions,
)
from corpus.document import Document
from index.measures import first_rank, hit_at, mean_reciprocal_rank

OWN_LIST = Path(__file__).parent.parent.parent / "tests" / "evaluation" / "own.jsonl"
_KS = (1, 3, 5)
_SILENT = frozenset({"not_covered", "declined"})


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What one question scored.

    Attributes:
        rank: Of the first passage with a gold quote, 0 if none of ten.
        covered: Whether the first five passages hold every quote needed.
        citations_right: Of ``citations``, those whose quote is the source's at its offsets and in the section named.
        sentences_right: Of ``sentences`` shown, those with a gold quote and the neighbours of such.
    """

    question: Question
    rank: int
    covered: bool
    correct: bool
    refused: bool
    citations: int
    citations_right: int
    sentences: int
    sentences_right: int
    length: int
    passage_length: float


def score_question(assistant: Assistant, question: Question) -> QuestionResult:
    """Ask one question and score its passages and citations."""
    answer = assistant.ask(question.text)
    found = [any(holds(p.text, quote) for quote in question.quotes) for p in answer.passages]
    rank = first_rank(found)
    covered = _covers(answer.passages[:5], question.quotes) if question.every else 0 < rank <= 5  # noqa: PLR2004
    return QuestionResult(
        question,
        rank,
        covered,
        answer.status not in _SILENT and answer_correct(answer.text, question.must_include),
        answer.status in _SILENT,
        len(answer.citations),
        _right_citations(answer, assistant.library.document_by_id),
        sum(s.kind == "quote" for s in answer.statements),
        sum(_right_sentences(answer, question.quotes)),
        len(answer.text),
        statistics.mean(p.end - p.start for p in answer.passages),
    )


def folder_report(assistant: Assistant, folder: Path) -> str:
    """Report on a folder's ``questions.jsonl``: retrieval per kind and section, citations."""
    results = [score_question(assistant, question) for question in load_questions(folder)]
    if not results:
        raise EvaluationError("questions.jsonl is empty")
    kinds = dict.fromkeys(result.question.kind for result in results)
    sections = dict.fromkeys(section for result in results for section in result.question.sections)
    rows = [_retrieval_row("all", results)]
    rows += [_retrieval_row(kind, [r for r in results if r.question.kind == kind]) for kind in kinds]
    rows += [_retrieval_row(f"§ {label}", [r for r in results if label in r.question.sections]) for label in sections]
    head = ("questions", "n", "hit@1", "hit@3", "hit@5", "cover@5", "MRR", "mean passage", "content", "refused")
    cited, right = sum(r.citations for r in results), sum(r.citations_right for r in results)
    shown, shown_right = sum(r.sentences for r in results), sum(r.sentences_right for r in results)
    single = [r.sentences for r in results if len(r.question.quotes) == 1]
    lines = [
        table(head, rows),
        "",
        f"citations exact at their offsets and in their section: {right} of {cited} ({_share(right, cited)})",
        f"answers with the key content: {sum(r.correct for r in results)} of {len(results)}, "
        f"mean length {statistics.mean(r.length for r in results):.0f} characters",
        f"answerable questions refused: {sum(r.refused for r in results)} of {len(results)}",
        f"sentences shown, median, questions with one gold quote: {statistics.median(single) if single else 0:g}",
        f"sentences shown that hold a gold quote or stand beside one that does: {_share(shown_right, shown)}",
        *_silence_lines(assistant, load_out_of_scope(folder)),
        *_case_lines(assistant, folder),
        *_dialogue_lines(assistant, folder),
        f"knowledge {assistant.library.knowledge[:12]}",
    ]
    return "\n".join(lines)


def _case_lines(assistant: Assistant, folder: Path) -> Iterator[str]:
    """Vignettes, where a folder has some."""
    if (folder / "vignettes.jsonl").is_file():
        narrower = narrower_by(assistant.patients.book.parents, Names.load(folder).therapies)
        yield from case_lines(score_cases(assistant.ask, folder, narrower))


def _dialogue_lines(assistant: Assistant, folder: Path) -> Iterator[str]:
    """Conversations, where a folder has some."""
    if (folder / DIALOGUES).is_file():
        yield from dialogue_lines(score_dialogues(assistant, folder))


def _silence_lines(assistant: Assistant, items: Sequence[OutOfScope]) -> Iterator[str]:
    """Questions met with silence, per kind; false premises apart: corrected, and merely abstained from."""
    for kind in dict.fromkeys(item.kind for item in items):
        answers = [(item, assistant.ask(item.text)) for item in items if item.kind == kind]
        silent = sum(answer.status in _SILENT for _, answer in answers)
        stated = sum(any(contains(answer.text, words) for words in item.must_not_include) for item, answer in answers)
        line = f"{kind}: {silent} of {len(answers)} met with silence, {stated} state what they must not"
        if kind == "false_premise":
            line += f", {sum(a.premise is not None for _, a in answers)} plainly contradicted"
            right = sum(a.status not in _SILENT and answer_correct(a.text, item.must_include) for item, a in answers)
            line += f", {right} answered with what the source says instead"
        yield line


def own_report(
    path: Path | None,
    *,
    weights: str | None = None,
    plot: Path | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> str:
    """Report on the pack's own questions, each and each unit's left out, in folds; and on the decision to answer.

    Args:
        plot: Where the coverage–risk curve goes, as PNG and SVG.
    """
    from assistant.evaluation.folds import Folds  # needs the build extra
    from assistant.evaluation.separation import Separation, plot_curve

    questions = load_own(OWN_LIST if path is None else path)
    folds = Folds(questions, weights=weights)
    results = folds.results(tell)
    head = ("left out", "n", "hit@1", "hit@3", "hit@5", "MRR")
    rows: list[tuple[str, ...]] = []
    for name, ranks in (
        ("the question", [r.question_out for r in results]),
        ("all questions of its unit", [r.unit_out for r in results]),
    ):
        rows.append((name, str(len(ranks)), *_hits(ranks), f"{mean_reciprocal_rank(ranks):.3f}"))
    for section in dict.fromkeys(result.question.section for result in results):
        ranks = [r.question_out for r in results if r.question.section == section]
        rows.append(
            (f"the question, § {section}", str(len(ranks)), *_hits(ranks), f"{mean_reciprocal_rank(ranks):.3f}")
        )
    separation = Separation.of(folds.fit_data)
    recognised, corrected = separation.claims
    blocks = [
        table(head, rows),
        table(
            ("told apart by", "area under the curve", "answerable refused", "unanswerable refused"),
            separation.ablation_rows(),
        ),
        table(("unanswerable", "n", "met with silence"), separation.kind_rows()),
        table(("probability", "n", "mean", "answerable"), separation.reliability_rows()),
        f"wrong claims: contradicted {recognised:.3f}, not recognised {1 - recognised:.3f}; "
        f"true twins corrected {corrected:.3f}",
    ]
    if plot is not None:
        blocks.append(" and ".join(str(file) for file in plot_curve(separation, plot)))
    return "\n\n".join(blocks)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with padded columns."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    padded = [[value.ljust(width) for value, width in zip(row, widths, strict=True)] for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _covers(passages: Sequence[RankedPassage], quotes: Sequence[str]) -> bool:
    return all(any(holds(passage.text, quote) for passage in passages) for quote in quotes)


def _right_sentences(answer: Answer, quotes: Sequence[str]) -> Iterator[bool]:
    """For each sentence quoted, whether it holds a gold quote; a neighbour counts as the sentence it stands beside."""
    right = False
    for statement in answer.statements:
        if statement.kind == "quote":
            if statement.role != "caveat":
                right = any(holds(statement.text, quote) or holds(quote, statement.text) for quote in quotes)
            yield right or any(holds(statement.text, quote) for quote in quotes)


def _right_citations(answer: Answer, documents: dict[str, Document]) -> int:
    right = 0
    for citation in answer.citations:
        document = documents[citation.document]
        section = "\n".join(document.quote(unit) for unit in document.units if unit.section == citation.section)
        exact = document.source[citation.start : citation.end] == citation.quote
        right += exact and stands_in(section, citation.display)
    return right


def _retrieval_row(name: str, results: Sequence[QuestionResult]) -> tuple[str, ...]:
    ranks = [result.rank for result in results]
    covered = sum(result.covered for result in results)
    length = statistics.mean(result.passage_length for result in results)
    right, refused = sum(result.correct for result in results), sum(result.refused for result in results)
    mean_rank = f"{mean_reciprocal_rank(ranks):.3f}"
    return (name, str(len(ranks)), *_hits(ranks), str(covered), mean_rank, f"{length:.0f}", str(right), str(refused))


def _hits(ranks: Sequence[int]) -> list[str]:
    return [f"{round(hit_at(ranks, k) * len(ranks))} ({hit_at(ranks, k):.3f})" for k in _KS]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"
