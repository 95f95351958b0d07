"""The command ``nelm``. Commands import what they need when they run: a cold question loads no server and no build."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, Optional

import typer

from corpus.errors import NelmError
from web.kept_commands import conversations, feedback
from web.keys.commands import keys
from web.options import Database, IndexOption
from web.slack_commands import slack

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.rules.engine import Evaluation

app = typer.Typer(
    name="nelm",
    help="Answers from one review of liver-directed treatment of neuroendocrine liver metastases, all of it cited.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
PublicUrl = Annotated[str, typer.Option(envvar="NELM_PUBLIC_URL", help="Put before links.", show_default=False)]
Weights = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time
    typer.Option(envvar="NELM_WEIGHTS", help="A sentence-transformers folder or name.", show_default=False),
]


class UsageError(NelmError):
    """The command's words do not go together."""

    code = "usage"
    hint = "See `nelm COMMAND --help`."


def main() -> None:
    """Run the command; a failure prints its code and hint and exits with 1."""
    try:
        app()
    except NelmError as exc:
        _fail(exc)


def _fail(error: NelmError) -> NoReturn:
    sys.stderr.write(f"error[{error.code}]: {error}\nhint: {error.hint}\n")
    raise SystemExit(1)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _open(index: Path | None, public_url: str = "") -> Assistant:
    from assistant.assistant import Assistant

    return Assistant.open(index, public_url=public_url)


def _folder(index: Path | None) -> Path:
    from index.location import index_folder

    return index_folder() if index is None else index


@app.command()
def ask(
    question: Annotated[Optional[str], typer.Argument(help="The question.", show_default=False)] = None,  # noqa: UP045
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer object.")] = False,
    file: Annotated[Optional[Path], typer.Option(help="A batch: JSON lines of questions.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Where the batch's answers go.")] = None,  # noqa: UP045
    explain: Annotated[bool, typer.Option("--explain", help="Show why these sentences, and why answered.")] = False,
    index: IndexOption = None,
    public_url: PublicUrl = "",
) -> None:
    """Ask the review, one question or a file of them."""
    if (question is None) == (file is None) or (file is None) != (out is None):
        raise UsageError("give a question, or --file and --out")
    if file is not None and out is not None:
        _ask_batch(_open(index, public_url), file, out)
        return
    assistant = _open(index, public_url)
    answer = assistant.ask(question or "")
    if as_json:
        _say(answer.to_json(indent=1))
        return
    from web.terminal import explanation_text, whole_text

    _say(whole_text(answer, assistant.patients.book))
    if explain:
        _say("\n" + explanation_text(assistant.explain(question or "")))


@app.command()
def chat(*, index: IndexOption = None, public_url: PublicUrl = "") -> None:
    """Hold a conversation; /help lists its commands. Lines may come from a pipe."""
    from web.chat import HELP, typed
    from web.chat import chat as hold

    assistant = _open(index, public_url)
    if sys.stdin.isatty():
        _say(HELP)
    hold(assistant, typed() if sys.stdin.isatty() else sys.stdin, _say)


def _ask_batch(assistant: Assistant, file: Path, out: Path) -> None:
    from web.batch import answer_batch

    part = out.with_name(
        f"{out.name}.part"
    )  # put in place when whole: former answers, or the questions, stay until then
    try:
        if not file.is_file():
            raise UsageError(f"{file} is no file")
        with part.open("w", encoding="utf-8", newline="\n") as target, _progress("answering") as tell:
            report = answer_batch(assistant, file, target, tell=tell)
        part.replace(out)
    except OSError as exc:
        raise UsageError(f"{exc.filename}: {exc.strerror}") from exc
    for number, error in report.errors:
        sys.stderr.write(f"error[{error.code}]: {file.name}:{number}: {error}\n")
    _say(f"{report.answered} lines answered, {len(report.errors)} refused")
    if report.errors:
        sys.stderr.write(f"hint: {report.errors[0][1].hint}\n")
        raise SystemExit(1)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def recommend(  # noqa: PLR0913 - a command's options
    case: Annotated[str, typer.Argument(help="The patient, in words.", show_default=False)] = "",
    *,
    facts: Annotated[Optional[Path], typer.Option(help="Facts as YAML or JSON.", show_default=False)] = None,  # noqa: UP045
    confirmed: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="THERAPY", help="None of its exclusions that are not stated applies."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer object.")] = False,
    report: Annotated[bool, typer.Option("--report", help="One page for a tumour board, Markdown.")] = False,
    html: Annotated[bool, typer.Option("--html", help="The same page as HTML to print.")] = False,
    explain: Annotated[str, typer.Option(metavar="RULE", help="Show how a rule was decided.")] = "",
    why_not: Annotated[str, typer.Option(metavar="THERAPY", help="Show what keeps a therapy from support.")] = "",
    what_if: Annotated[Optional[list[str]], typer.Option(metavar="FACT=VALUE", help="Change facts.")] = None,  # noqa: UP045
    what_changes: Annotated[
        str, typer.Option(metavar="THERAPY", help="Show every fact that alone would move a therapy.")
    ] = "",
    index: IndexOption = None,
    public_url: PublicUrl = "",
) -> None:
    """Say what the review's rules conclude for a patient, each with its sentence."""
    if not case and facts is None:
        raise UsageError("describe the patient, or give --facts")
    assistant = _open(index, public_url)
    given = {} if facts is None else _facts_file(facts)

    def evaluated(changed: dict[str, object]) -> Evaluation:
        return assistant.evaluate(case, facts={**given, **changed}, confirmed=confirmed or [])

    if what_changes:
        _say(_what_changes(assistant, evaluated({}), what_changes, confirmed or []))
        return
    if explain or why_not or what_if:
        _say(_reasoned(assistant, evaluated, explain=explain, why_not=why_not, what_if=what_if or []))
        return
    answer = assistant.recommend(case, facts=given, confirmed=confirmed or [])
    if as_json:
        _say(answer.to_json(indent=1))
        return
    from web.case_report import case_markdown
    from web.terminal import whole_text

    if html:
        from web.report import case_html

        _say(case_html(answer, assistant.patients.book))
        return
    if report:
        _say(case_markdown(answer, assistant.patients.book))
        return
    _say(whole_text(answer, assistant.patients.book))


def _facts_file(path: Path) -> dict[str, object]:
    """Read structured facts of a YAML or JSON file."""
    import yaml

    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise UsageError(f"{path.name} cannot be read as YAML or JSON") from exc
    if not isinstance(values, dict):
        raise UsageError(f"{path.name} is no mapping of facts")
    return {str(name): value for name, value in values.items()}


def _therapy(name: str, assistant: Assistant) -> str:
    parents = assistant.patients.book.parents
    if name not in parents:
        raise UsageError(f"no therapy {name!r}", hint=f"One of: {', '.join(parents)}.")
    return name


def _what_changes(assistant: Assistant, evaluation: Evaluation, therapy: str, confirmed: list[str]) -> str:
    from assistant.rules.sensitivity import changes
    from web.case_report import sensitivity_text

    _therapy(therapy, assistant)
    moves = changes(assistant.patients.engine, evaluation, therapy, confirmed)
    return sensitivity_text(therapy, evaluation, moves)


def _reasoned(
    assistant: Assistant,
    evaluated: Callable[[dict[str, object]], Evaluation],
    *,
    explain: str,
    why_not: str,
    what_if: list[str],
) -> str:
    from web.case_report import changes_text, trace_text, why_not_text

    evaluation, book = evaluated({}), assistant.patients.book
    if explain:
        keys = [key for key, rule in book.rules.items() if explain in {rule.id, key}]
        if not keys:
            raise UsageError(f"no rule {explain!r}", hint="Rules are listed by `nelm rules`.")
        return trace_text(keys[0], evaluation)
    if why_not:
        return why_not_text(_therapy(why_not, assistant), evaluation)
    changed: dict[str, object] = {}
    for item in what_if:
        name, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"{item!r} is no FACT=VALUE")
        changed[name.strip()] = value.strip()
    return changes_text(evaluation, evaluated(changed), changed)


@app.command()
def facts(*, index: IndexOption = None) -> None:
    """List the patient facts: id, kind, unit or values."""
    from web.terminal import facts_text

    _say(facts_text(_open(index).patients.book))


@app.command()
def rules(*, index: IndexOption = None) -> None:
    """List the rules: id, summary, section."""
    for rule in _open(index).patients.book.rules.values():
        _say(f"{rule.id}: {rule.summary} ({rule.section})")


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    *,
    count: Annotated[int, typer.Option("-k", "--count", min=1, max=100, help="Number of passages.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    index: IndexOption = None,
) -> None:
    """Show the passages closest to a question."""
    assistant = _open(index)
    passages = assistant.search(question, count)
    if as_json:
        _say(json.dumps([passage.to_dict() for passage in passages], ensure_ascii=False, indent=1))
        return
    from web.terminal import passages_text

    _say(passages_text(passages, assistant.documents))


@app.command()
def source(
    section: Annotated[str, typer.Argument(help="A printed label: 3.2, Abstract, 'Table 1', References …")],
    *,
    document: Annotated[str, typer.Option(help="Document id; the first one if not given.")] = "",
    index: IndexOption = None,
) -> None:
    """Print a section of the source."""
    from web.terminal import section_text

    documents = {d.citation.id: d for d in _open(index).documents}
    chosen = documents.get(document) if document else next(iter(documents.values()))
    if chosen is None:
        raise UsageError(f"no document {document!r}", hint=f"One of: {', '.join(documents)}.")
    labels = {label.casefold(): label for label in chosen.section_by_label}
    if section.casefold() not in labels:
        raise UsageError(f"no section {section!r}", hint=f"One of: {', '.join(labels.values())}.")
    _say(section_text(chosen, labels[section.casefold()]))


@app.command()
def build(
    *,
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Only when the index is missing or stale.")] = False,
    weights: Weights = None,
    index: IndexOption = None,
) -> None:
    """Build the index from the packs (needs the extra `build`)."""
    from assistant.models import are_current
    from index.opening import is_current
    from index.store import read_manifest

    folder = _folder(index)
    if if_needed and is_current(folder) and are_current(read_manifest(folder).facts):
        return
    from assistant.fitting import fit_models
    from assistant.patient_knowledge import compile_files
    from assistant.version import VERSION
    from index.build import build_index

    _say(f"Building the index in {folder}")
    start = time.monotonic()
    with _steps() as tell:
        build_index(
            folder,
            weights=weights,
            version=VERSION,
            progress=tell,
            fit_models=fit_models,
            compile_files=compile_files,
        )
    _say(f"The index is built ({time.monotonic() - start:.0f} s).")


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar with the step's name on a terminal, a line per step elsewhere."""
    if not sys.stderr.isatty():

        def tell(name: str, number: int, total: int) -> None:
            sys.stderr.write(f"[{number}/{total}] {name}\n")

        yield tell
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=1)
        yield lambda name, number, total: bar.update(task, description=name, completed=number - 1, total=total)
        bar.update(task, description="done", completed=1, total=1)


@app.command()
def check(*, index: IndexOption = None) -> None:
    """Verify every file of the index and that it was built from the packs installed here."""
    from index.opening import refuse_stale
    from index.store import read_manifest, verify_files

    folder = _folder(index)
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    refuse_stale(manifest)
    _say(f"{len(manifest.files)} files are as they were written; index {manifest.sha256}")


@app.command()
def bundle(
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
    *,
    index: IndexOption = None,
) -> None:
    """Gather all that serving needs in a folder, for a machine without a network (in a checkout)."""
    from web.bundle import make_bundle

    _say(f"{make_bundle(out, _folder(index))} files in {out}; `sh install.sh FOLDER` in it installs them")


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(envvar="NELM_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="NELM_PORT", help="Port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(envvar="NELM_WORKERS", help="Processes that answer.", min=1, max=64)] = 1,
    open_to_everyone: Annotated[
        bool, typer.Option("--open-to-everyone", envvar="NELM_OPEN_TO_EVERYONE", help="Let anybody in who reaches it.")
    ] = False,
    sign_in: Annotated[
        bool, typer.Option("--sign-in", envvar="NELM_SIGN_IN", help="Ask for a key on the pages on any address.")
    ] = False,
) -> None:
    """Serve the page and the API. Other addresses than this computer's own need keys, or --open-to-everyone."""
    if open_to_everyone and sign_in:
        raise UsageError("--open-to-everyone and --sign-in do not go together")
    from web.service import run

    run(host=host, port=port, workers=workers, open_to_everyone=open_to_everyone, sign_in=sign_in)


@app.command()
def mcp(*, index: IndexOption = None, public_url: PublicUrl = "") -> None:
    """Serve the Model Context Protocol over standard input and output (extra `mcp`)."""
    from web.mcp.extra import McpMissingError, is_installed

    if not is_installed():
        raise McpMissingError("the package mcp is not installed")
    from web.mcp.server import serve_stdio

    serve_stdio(_open(index, public_url))


@app.command()
def replay(
    conversation: Annotated[str, typer.Argument(help="The conversation's id.")],
    *,
    database: Database = None,
    index: IndexOption = None,
) -> None:
    """Answer a kept conversation anew and print what comes out otherwise, and why."""
    from web.replay import replay_text, replayed
    from web.store.database import DatabaseStore
    from web.store.location import database_url

    store = DatabaseStore.open(database_url(database))
    stored = store.stored(conversation)
    store.audit("read", "cli", conversation)
    store.close()
    _say(replay_text(tuple(replayed(_open(index), stored))))


app.add_typer(conversations, name="conversations")
app.add_typer(keys, name="keys")
app.add_typer(slack, name="slack")
app.command()(feedback)


@app.command()
def schema(name: Annotated[str, typer.Argument(help="answer, section or passage.")] = "answer") -> None:
    """Print the JSON Schema of an answer, a section or a passage."""
    from assistant.schema import TITLES, schema_of

    if name not in TITLES:
        raise UsageError(f"no schema {name!r}", hint=f"One of: {', '.join(TITLES)}.")
    _say(json.dumps(schema_of(name), ensure_ascii=False, indent=1))


@app.command("eval")
def evaluate(
    folder: Annotated[Optional[Path], typer.Argument(help="A folder with questions.jsonl.", show_default=False)] = None,  # noqa: UP045
    *,
    own: Annotated[bool, typer.Option("--own", help="The pack's own questions, in folds (extra `build`).")] = False,
    questions: Annotated[Optional[Path], typer.Option(help="The list for --own.", show_default=False)] = None,  # noqa: UP045
    plot: Annotated[Optional[Path], typer.Option(help="With --own: the coverage–risk curve, PNG and SVG.")] = None,  # noqa: UP045
    weights: Weights = None,
    index: IndexOption = None,
) -> None:
    """Measure retrieval and citations on a set of questions."""
    from assistant.evaluation.report import folder_report, own_report

    if own == (folder is not None) or (plot is not None and not own):
        raise UsageError("give a folder, or --own")
    if folder is not None:
        _say(folder_report(_open(index), folder))
        return
    with _progress("folds") as tell:
        _say(own_report(questions, weights=weights, plot=plot, tell=tell))


@app.command()
def bench(
    what: Annotated[
        Optional[Literal["http"]],  # noqa: UP045
        typer.Argument(help="The service under load, instead of everything else.", show_default=False),
    ] = None,
    *,
    requests: Annotated[int, typer.Option(help="With http: questions asked at each level of load.", min=1)] = 1_000,
    index: IndexOption = None,
) -> None:
    """Measure start, answering time and memory, or the service under load."""
    if what == "http":
        from web.load import load_report

        _say(load_report(_folder(index), requests))
        return
    from web.bench import bench_report

    _say(bench_report(_folder(index)))
