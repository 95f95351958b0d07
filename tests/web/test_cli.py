from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from typer.main import get_command
from typer.testing import CliRunner

from assistant import Answer, Assistant
from assistant.schema import answer_schema, schema_of
from corpus.document import Document
from tests.conftest import REVIEW
from web import cli
from web.terminal import answer_text, passages_text, section_text

QUESTION = "When is radioembolization preferred over TACE?"
COMMANDS = sorted(get_command(cli.app).commands)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], index_path: Path) -> Run:
    """Run the command in this process, as the console script does."""
    monkeypatch.setenv("NELM_INDEX", str(index_path))
    monkeypatch.delenv("NELM_PUBLIC_URL", raising=False)

    def run_command(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["nelm", *words])
        capsys.readouterr()
        status = 0
        try:
            cli.main()
        except SystemExit as exc:
            status = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return run_command


def failed(ran: Ran, code: str) -> str:
    """The message of a failure that says its code and hint and nothing on standard output."""
    match = re.fullmatch(r"error\[(\w+)\]: (.+)\nhint: (.+)\n", ran.err)
    assert match is not None, ran.err
    assert (ran.status, match.group(1), ran.out) == (1, code, "")
    return match.group(2)


def batch(folder: Path, data: bytes) -> tuple[Path, Path]:
    source = folder / "in.jsonl"
    source.write_bytes(data)
    return source, folder / "out.jsonl"


def test_ask_prints_the_answer(run: Run, assistant: Assistant) -> None:
    assert run("ask", QUESTION) == Ran(0, answer_text(assistant.ask(QUESTION)) + "\n", "")


def test_ask_json_prints_the_whole_object(run: Run, assistant: Assistant) -> None:
    ran = run("ask", QUESTION, "--json")
    assert ran == Ran(0, assistant.ask(QUESTION).to_json(indent=1) + "\n", "")
    assert TypeAdapter(Answer).validate_json(ran.out) == assistant.ask(QUESTION)


def test_ask_puts_the_public_address_before_links(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://nelm.example.org"
    by_option = run("ask", QUESTION, "--public-url", address)
    assert f"        {address}/source/{REVIEW}/f9848353?at=" in by_option.out
    monkeypatch.setenv("NELM_PUBLIC_URL", address)
    assert run("ask", QUESTION) == by_option


@pytest.mark.parametrize("question", ["", "pizza", "肝转移", "\udcff\udcfe", "\x1b[31mTACE"])
def test_ask_answers_whatever_is_asked_with_exit_status_zero(run: Run, assistant: Assistant, question: str) -> None:
    ran = run("ask", question)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == answer_text(assistant.ask(question)) + "\n"
    assert "\x1b" not in ran.out


def test_the_console_script_answers_like_the_function(assistant: Assistant, index_path: Path, tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("nelm")
    environment = {**os.environ, "NELM_INDEX": str(index_path), "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run([script, "ask", QUESTION], capture_output=True, env=environment, cwd=tmp_path, check=True)
    assert result.stdout.decode() == answer_text(assistant.ask(QUESTION)) + "\n"
    assert result.stderr == b""


def test_a_batch_is_answered_line_by_line(run: Run, assistant: Assistant, tmp_path: Path) -> None:
    lines = ['{"id": "é", "question": "TACE"}', "", '{"id": 2, "turns": ["TAE", "TARE"]}']
    source, target = batch(tmp_path, "\r\n".join(lines).encode())
    assert run("ask", "--file", str(source), "--out", str(target)) == Ran(0, "2 lines answered, 0 refused\n", "")
    rows = [json.loads(line) for line in target.read_bytes().decode("utf-8").rstrip("\n").split("\n")]
    assert rows == [
        {"id": "é", "answer": assistant_values(assistant, "TACE")},
        {"id": 2, "answers": [assistant_values(assistant, "TAE"), assistant_values(assistant, "TARE")]},
    ]


def assistant_values(assistant: Assistant, question: str) -> object:
    return json.loads(assistant.ask(question).to_json())


def test_bad_lines_of_a_batch_are_reported_by_number_and_the_rest_is_done(run: Run, tmp_path: Path) -> None:
    source, target = batch(
        tmp_path,
        b'{"id": 1, "question": "TACE"}\n{oops\n\n{"question": "no id"}\n'
        b'{"id": 4, "question": "x", "turns": ["y"]}\n\xff\xfe\n{"id": 2, "question": "TAE"}\n',
    )
    ran = run("ask", "--file", str(source), "--out", str(target))
    assert (ran.status, ran.out) == (1, "2 lines answered, 4 refused\n")
    reported = ran.err.splitlines()
    assert [line.rpartition(": ")[0] for line in reported[:-1]] == [
        f"error[batch_line_invalid]: in.jsonl:{number}" for number in (2, 4, 5, 6)
    ]
    assert reported[-1].startswith('hint: A line is {"id": …')
    assert [json.loads(line)["id"] for line in target.read_text(encoding="utf-8").splitlines()] == [1, 2]


def test_a_batch_that_does_not_exist_is_refused_and_former_answers_stay(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("former answers\n", encoding="utf-8")
    message = failed(run("ask", "--file", str(tmp_path / "none.jsonl"), "--out", str(target)), "usage")
    assert "none.jsonl" in message
    assert target.read_text(encoding="utf-8") == "former answers\n"


def test_a_batch_written_over_itself_loses_no_question(run: Run, tmp_path: Path) -> None:
    source, _ = batch(tmp_path, b'{"id": 1, "question": "TACE"}\n')
    ran = run("ask", "--file", str(source), "--out", str(source))
    text = source.read_text(encoding="utf-8")
    assert text == '{"id": 1, "question": "TACE"}\n' if ran.status else json.loads(text)["id"] == 1


def test_a_place_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    source, _ = batch(tmp_path, b'{"id": 1, "question": "TACE"}\n')
    message = failed(run("ask", "--file", str(source), "--out", str(tmp_path / "no" / "out.jsonl")), "usage")
    assert "out.jsonl" in message


@pytest.mark.parametrize(
    "words",
    [["ask"], ["ask", "TACE", "--file", "x", "--out", "y"], ["ask", "--file", "x"], ["ask", "TACE", "--out", "y"]],
)
def test_ask_takes_a_question_or_a_batch_and_not_both(run: Run, words: list[str]) -> None:
    assert failed(run(*words), "usage") == "give a question, or --file and --out"


@pytest.mark.parametrize(
    ("options", "count"), [([], 5), (["-k", "1"], 1), (["--count", "12"], 12), (["-k", "100"], 100)]
)
def test_search_prints_as_many_passages_as_asked(
    run: Run, assistant: Assistant, options: list[str], count: int
) -> None:
    ran = run("search", QUESTION, *options)
    assert ran == Ran(0, passages_text(assistant.search(QUESTION, count), assistant.documents) + "\n", "")
    assert len(re.findall(r"^\d+\. Section ", ran.out, re.MULTILINE)) == count


def test_search_json_prints_the_passages_of_the_answer(run: Run, assistant: Assistant) -> None:
    ran = run("search", QUESTION, "-k", "10", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == json.loads(assistant.ask(QUESTION).to_json())["passages"]


@pytest.mark.parametrize("count", ["0", "101", "-1", "many"])
def test_search_refuses_a_count_out_of_range(run: Run, count: str) -> None:
    ran = run("search", QUESTION, "-k", count)
    assert (ran.status, ran.out) == (2, "")
    assert "--count" in ran.err


@pytest.mark.parametrize(
    ("given", "label"), [("3.2", "3.2"), ("table 1", "Table 1"), ("ABSTRACT", "Abstract"), ("references", "References")]
)
def test_source_prints_a_section_whatever_its_case(run: Run, review: Document, given: str, label: str) -> None:
    assert run("source", given) == Ran(0, section_text(review, label) + "\n", "")
    assert run("source", given, "--document", REVIEW).out == section_text(review, label) + "\n"


def test_source_refuses_an_unknown_section_and_names_those_there_are(run: Run, review: Document) -> None:
    ran = run("source", "9.9")
    assert failed(ran, "usage") == "no section '9.9'"
    assert all(section.label in ran.err for section in review.sections)


def test_source_refuses_an_unknown_document_and_names_those_there_are(run: Run) -> None:
    ran = run("source", "3.2", "--document", "smith-2030")
    assert failed(ran, "usage") == "no document 'smith-2030'"
    assert REVIEW in ran.err


def test_check_counts_the_files_and_names_the_index(run: Run, assistant: Assistant, index_path: Path) -> None:
    ran = run("check")
    files = len(list(index_path.iterdir())) - 1  # the manifest itself
    assert ran == Ran(0, f"{files} files are as they were written; index {assistant.ask('').index}\n", "")


def test_check_refuses_a_changed_file(run: Run, index_path: Path, tmp_path: Path) -> None:
    for path in index_path.iterdir():
        (tmp_path / path.name).symlink_to(path)
    changed = tmp_path / "spelling.json"
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.unlink()
    changed.write_bytes(bytes(data))
    assert "spelling.json" in failed(run("check", "--index", str(tmp_path)), "index_corrupt")
    failed(run("ask", "TACE", "--index", str(tmp_path)), "index_corrupt")


@pytest.mark.parametrize("words", [["ask", "TACE"], ["search", "TACE"], ["source", "3.2"], ["check"]])
def test_a_folder_without_an_index_is_said(run: Run, tmp_path: Path, words: list[str]) -> None:
    ran = run(*words, "--index", str(tmp_path / "nothing"))
    assert "'nothing'" in failed(ran, "index_missing")
    assert "nelm build" in ran.err


def test_schema_prints_the_schema_of_the_answer(run: Run) -> None:
    ran = run("schema")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == answer_schema()


def test_schema_prints_the_schemas_of_sections_and_passages_and_of_nothing_else(run: Run) -> None:
    for name in ("section", "passage"):
        ran = run("schema", name)
        assert (ran.status, json.loads(ran.out)) == (0, schema_of(name))
    assert failed(run("schema", "magic"), "usage") == "no schema 'magic'"


def test_serve_refuses_an_unknown_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NELM_FOO", "1")
    assert "NELM_FOO" in failed(run("serve"), "settings_invalid")


def test_eval_takes_a_folder_or_the_own_questions(run: Run, tmp_path: Path) -> None:
    assert failed(run("eval"), "usage") == "give a folder, or --own"
    assert failed(run("eval", str(tmp_path), "--own"), "usage") == "give a folder, or --own"
    assert "questions.jsonl" in failed(run("eval", str(tmp_path)), "evaluation_invalid")


def test_eval_reports_on_a_folder(run: Run, tmp_path: Path) -> None:
    gold = "symptomatic response in 78.7% of patients receiving cTACE"
    row = {"id": "a", "question": "Symptomatic response of cTACE?", "kind": "numeric", "gold_sections": ["3.2"]}
    line = json.dumps({**row, "gold_quotes": [gold], "all": False, "must_include": [["78.7%"]]})
    (tmp_path / "questions.jsonl").write_text(line, encoding="utf-8")
    ran = run("eval", str(tmp_path))
    assert (ran.status, ran.err) == (0, "")
    row_of_all = next(line for line in ran.out.split("\n") if line.startswith("| all "))
    assert [value.strip() for value in row_of_all.split("|")[2:8]] == ["1", *["1 (1.000)"] * 3, "1", "1.000"]


def test_build_if_needed_leaves_a_current_index_alone(run: Run, index_path: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((index_path / "manifest.json").read_bytes())
    before = tmp_path.stat()
    assert run("build", "--if-needed", "--index", str(tmp_path)) == Ran(0, "", "")
    assert (before.st_mtime_ns, before.st_ino) == (tmp_path.stat().st_mtime_ns, tmp_path.stat().st_ino)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli.app, [command, "--help"], terminal_width=200)
    described = get_command(cli.app).commands[command]  # type: ignore[attr-defined]
    assert result.exit_code == 0
    assert result.stderr == ""
    assert described.help.split("\n")[0] in " ".join(result.stdout.split())
    assert all(option in result.stdout for parameter in described.params for option in parameter.opts)


def test_the_commands_are_those_promised() -> None:
    promised = "ask bench build bundle chat check conversations eval facts feedback keys mcp recommend replay rules "
    promised += "schema search serve slack source"
    assert promised.split() == COMMANDS


@pytest.mark.parametrize("words", [["answer", "TACE"], ["ask", "--loud", "TACE"], ["search"], ["serve", "--port", "x"]])
def test_words_no_command_takes_are_a_usage_error(run: Run, words: list[str]) -> None:
    ran = run(*words)
    assert (ran.status, ran.out) == (2, "")
    assert "Usage: " in ran.err


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    ran = run()
    assert ran.status == 2
    assert all(command in ran.out + ran.err for command in COMMANDS)
