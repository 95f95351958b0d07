"""``nelm mcp`` as clients run it: a process of its own, nothing but messages on its standard output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from assistant import Assistant
from corpus.errors import NelmError
from tests.conftest import ROOT
from tests.web.mcp.connecting import connected, object_of, text_of
from web import cli
from web.mcp import extra
from web.terminal import answer_text

QUESTION = "Who should not have TACE?"


def test_a_process_answers_its_client_and_writes_nothing_else(assistant: Assistant, index_path: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from web.cli import main; main()", "mcp"],
        env={**os.environ, "NELM_INDEX": str(index_path)},
        cwd=ROOT,
    )

    async def use(client: Client) -> None:
        answer = assistant.ask(QUESTION)
        result = await client.call_tool("ask", {"question": QUESTION})
        assert object_of(result) == json.loads(answer.to_json())
        assert text_of(result) == answer_text(answer)
        assert len((await client.list_resources()).resources) > 100
        assert (await client.call_tool("search", {"query": "", "k": 0})).is_error

    connected(command, use, "legacy")


@pytest.mark.thorough
def test_it_ends_at_once_when_interrupted_while_nothing_comes_in(index_path: Path) -> None:
    opening = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": opening}
    with subprocess.Popen(
        [sys.executable, "-c", "from web.cli import main; main()", "mcp"],
        env={**os.environ, "NELM_INDEX": str(index_path)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(hello).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == -signal.SIGINT


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _name: None)
    with pytest.raises(NelmError) as caught:
        cli.mcp()
    assert (caught.value.code, "nelm-assistant[mcp]" in caught.value.hint) == ("mcp_missing", True)
