from __future__ import annotations

import pytest

from web.slack.mrkdwn import clipped, escaped, link, typed


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<@U0BOT> TACE?", "TACE?"),
        ("<@U0BOT|nelm>, TACE?", "TACE?"),
        ("  <@U1> <@U2>: TACE?", "TACE?"),
        ("bilirubin &lt; 2 &amp;&amp; LDH &gt; 3", "bilirubin < 2 && LDH > 3"),
        ("&amp;lt;", "&lt;"),
        (
            "see <https://example.org/a|the paper> and <https://example.org/b>",
            "see the paper and https://example.org/b",
        ),
        ("ask <@U9> in <#C1|general> or <!here>", "ask  in #general or"),
        ("TACE <@U0BOT>", "TACE"),
        ("", ""),
    ],
)
def test_what_was_typed_is_read_as_plain_text(sent: str, read: str) -> None:
    assert typed(sent) == read


def test_plain_text_is_shown_as_it_is() -> None:
    assert escaped("<script> a & b</script> <!channel> &lt;") == (
        "&lt;script&gt; a &amp; b&lt;/script&gt; &lt;!channel&gt; &amp;lt;"
    )
    assert typed(escaped("1 < 2 & 3 > 2 &lt;")) == "1 < 2 & 3 > 2 &lt;"


def test_only_an_address_that_can_be_opened_becomes_a_link() -> None:
    assert link("https://a.example/?x=1&y=2", "[1] <3>") == "<https://a.example/?x=1&amp;y=2|[1] &lt;3&gt;>"
    assert link("/source/review", "[1]") == "[1]"
    assert link("javascript:alert(1)", "[1]") == "[1]"


def test_a_long_text_of_a_user_is_clipped() -> None:
    assert clipped("abc", 3) == "abc"
    assert clipped("ab cd", 4) == "ab…"
