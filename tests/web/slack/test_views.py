from __future__ import annotations

from assistant import Assistant
from tests.web.slack.stub import said
from web.slack.views import why_view


def test_why_a_therapy_stands_where_it_does_heeds_what_was_confirmed(assistant: Assistant) -> None:
    conversation = assistant.conversation()
    conversation.say("62M with unresectable diffuse bilobar NELM, G2. TAE?")
    conversation.say("None of these applies.", facts={}, confirmed=("tae",))
    before, after = (said(why_view(assistant, turn, "tae")) for turn in conversation.turns)
    assert "Transarterial embolization: First to be established" in before
    assert "Transarterial embolization: Supported with caution" in after
