from __future__ import annotations

import logging
import re
import threading

import pytest
import structlog

from tests.web.observed import logged
from web.keys.key import digest_of
from web.logs import failure, log


def fail_for(words: str) -> None:
    try:
        int(words)
    except ValueError as exc:
        raise RuntimeError(f"no number: {words}") from exc


def test_an_event_is_a_line_of_json_with_time_and_level() -> None:
    with logged() as out:
        log.info("request", status=200)
    (event,) = out.events
    assert (event["event"], event["level"], event["status"]) == ("request", "info", 200)
    assert event["time"].endswith("Z")


def test_a_level_keeps_what_is_below_it_out() -> None:
    with logged("warning") as out:
        log.info("request")
        log.warning("not_ready")
    assert [event["event"] for event in out.events] == ["not_ready"]


def test_the_form_to_read_along_holds_the_same() -> None:
    with logged(form="text") as out:
        log.info("request", status=200)
    assert "request" in out.getvalue()
    assert "status=200" in out.getvalue()


def test_before_a_service_sets_it_up_nothing_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert structlog.get_config()["processors"]
    log.error("failed", error="x")
    assert capfd.readouterr() == ("", "")


def test_a_failure_is_told_by_its_kinds_and_our_lines_without_a_value() -> None:
    with pytest.raises(RuntimeError) as caught:
        fail_for("zebrafish")
    told = failure(caught.value)
    assert (told["error"], told["behind"]) == ("builtins.RuntimeError", ["builtins.ValueError"])
    assert told["frames"] == []  # tests are no room of the house
    assert "zebrafish" not in str(told)
    with pytest.raises(AttributeError) as ours:
        digest_of(5)  # type: ignore[arg-type]
    (frame,) = failure(ours.value)["frames"]
    assert re.fullmatch(r"web/keys/key\.py:\d+ digest_of", frame)


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR, logging.CRITICAL])
def test_what_a_library_says_is_reduced_to_where_and_what_kind(level: int) -> None:
    with logged() as out:
        logger = logging.getLogger("somebody.library")
        try:
            fail_for("zebrafish")
        except RuntimeError:
            logger.log(level, "cannot answer %s", "zebrafish", exc_info=True)
        logger.log(level, "zebrafish in the message")
        logger.info("zebrafish")
    first, second = out.events
    assert (first["event"], first["logger"], first["error"]) == ("library", "somebody.library", "builtins.RuntimeError")
    assert first["at"].startswith("test_logs:")
    assert "error" not in second
    assert "zebrafish" not in out.getvalue()


def test_the_server_s_own_words_are_kept_without_values() -> None:
    with logged() as out:
        logging.getLogger("uvicorn.error").warning("Invalid request of %s.", "zebrafish")
    assert out.events[0]["template"] == "Invalid request of %s."


def test_a_thread_that_fails_is_told_without_its_message(capfd: pytest.CaptureFixture[str]) -> None:
    with logged() as out:
        thread = threading.Thread(target=fail_for, args=("zebrafish",))
        thread.start()
        thread.join()
    assert out.of("thread")[0]["error"] == "builtins.RuntimeError"
    assert "zebrafish" not in out.getvalue() + "".join(capfd.readouterr())
