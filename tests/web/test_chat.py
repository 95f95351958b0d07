"""The conversation at the terminal, from a script of lines."""

from __future__ import annotations

from pathlib import Path

from assistant import Assistant
from tests.web.ways import places
from web.chat import HELP, Chat, chat, markdown


def said(assistant: Assistant, *lines: str) -> list[str]:
    told: list[str] = []
    chat(assistant, lines, told.append)
    return told


def test_turns_are_answered_with_how_they_were_read(assistant: Assistant) -> None:
    first, second = said(assistant, "What is bland embolization?\n", "What are its complications?\n")
    assert "selective blockage" in first
    assert second.startswith("Read as: What are bland embolization's complications?")
    assert "cholecystitis" in second


def test_commands(assistant: Assistant, tmp_path: Path) -> None:
    file = tmp_path / "talk.md"
    told = said(
        assistant,
        "/turns",
        "62M, NELM, previous Whipple. TACE?",
        "/facts",
        "/why",
        "/source 1",
        f"/export {file}",
        "/new",
        "/facts",
        "/nonsense",
        "/export",
        "/help",
        "/quit",
        "What is TARE?",
    )
    assert told[0] == "Nothing has been asked yet.\n"
    assert "Previous pancreaticoduodenectomy (Whipple): present" in told[2]
    assert "Because of:" in told[3]
    assert "history of pancreaticoduodenectomy" in told[4]
    assert told[5] == f"4 turns written to {file}\n"
    assert "## 1. 62M, NELM, previous Whipple. TACE?" in file.read_text(encoding="utf-8")
    assert told[6] == "A new conversation.\n"
    assert "Whipple" not in told[7]
    assert told[8].startswith("error[usage]: no command /nonsense")
    assert told[9].startswith("error[usage]: no file named")
    assert told[10] == HELP + "\n"
    assert len(told) == 11


def test_a_file_that_cannot_be_written_is_told_and_the_chat_goes_on(assistant: Assistant, tmp_path: Path) -> None:
    told = said(assistant, f"/export {tmp_path}", "What is TARE?")
    assert told[0].startswith("error[usage]:")
    assert "radioactive microspheres" in told[1]


def test_an_export_holds_every_answer_word_for_word(assistant: Assistant) -> None:
    going = Chat(assistant)
    going.answer("What is bland embolization?")
    going.answer("What are its complications?")
    text = markdown(going.conversation.turns, assistant.patients.book)
    for turn in going.conversation.turns:
        assert turn.answer.text in text
        assert all(citation.url in text for citation in turn.answer.citations)


def test_an_export_says_where_the_therapies_stand_for_the_patient(assistant: Assistant) -> None:
    going = Chat(assistant)
    going.answer("62M, NET G2, portal vein occluded. TACE?")
    (turn,) = going.conversation.turns
    text = markdown([turn], assistant.patients.book)
    assert places(text, turn.answer, assistant)
    assert [fact.id for fact in turn.answer.facts if assistant.patients.book.facts[fact.id].name not in text] == []
