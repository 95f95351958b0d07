"""What a message holds is shown as text: never an element, an attribute, a script, an event of the stream."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from playwright.sync_api import Browser, Dialog, Request, expect, sync_playwright
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.question import readable
from tests.conftest import require_tool
from tests.web.test_app import send, token
from web.app import create_app
from web.bench import serving

CASE = "62M, NET G2, prior Whipple, no ascites. TACE?"
BENIGN = [
    CASE,
    "What are the contraindications of TACE?",
    "TACE versus TARE: overall survival?",
    "Give me an overview of ablation",
    "What does radioembolization cost?",
    "What is radioembolizaton?",
    "70M. Liver burden 80 %. Bilirubin 1.0 mg/dL. TACE?",
]
HIT = "window.__hit=1"
ELEMENTS = [
    f"<script>{HIT}</script>",
    f"<SCRIPT SRC=//elsewhere.example/x.js>{HIT}</SCRIPT>",
    f"<script type=module>{HIT}</script\n>",
    f"<img src=x onerror={HIT}>",
    f"<img src=//elsewhere.example/x.png onload={HIT}>",
    f"<svg onload={HIT}>",
    f"<svg><script>{HIT}</script></svg>",
    f"<svg><animate onbegin={HIT} attributeName=x dur=1s>",
    f"<math><mtext><table><mglyph><style><img src onerror={HIT}>",
    f"<iframe srcdoc='<script>parent.{HIT[7:]}</script>'></iframe>",
    "<iframe src=javascript:parent.__hit=1></iframe>",
    f"<body onload={HIT}>",
    f"<details open ontoggle={HIT}>",
    f"<video><source onerror={HIT}></video>",
    f"<input autofocus onfocus={HIT}>",
    "<object data=data:text/html,x></object><embed src=//elsewhere.example/x>",
    "<base href=//elsewhere.example/>",
    "<meta http-equiv=refresh content='0;url=//elsewhere.example'>",
    "<link rel=stylesheet href=//elsewhere.example/x.css>",
    "<form action=//elsewhere.example method=post><button>TACE</button></form>",
    f"<a href=javascript:{HIT}>TACE</a>",
    f"<a href='data:text/html,<script>{HIT}</script>'>TACE</a>",
    f"<marquee onstart={HIT}>TACE</marquee>",
    "<style>*{display:none}</style>",
    "<template><slot name=x></template>",
    "<plaintext>",
    "<xmp>",
    "<noscript><p title='</noscript><img src=x onerror=window.__hit=1>'>",
]
ENDS = [
    "</h2></article></main>",
    "</title>",
    "</textarea>",
    "</style>",
    "</script>",
    "</template>",
    "</select></form>",
    "-->",
    "]]>",
    '">',
    "'>",
    "\"'`>",
    "&quot;>",
]
TEMPLATES = [
    "{{ 7*7 }}",
    "{% raw %}{{ x }}{% endraw %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ config }} {{ self }} {{ request }}",
    "{% include 'base.html' %}",
    "{# TACE #}",
    "{{constructor.constructor('window.__hit=1')()}}",
    "[[${7*7}]]",
    "${window.__hit=1}",
    "`${window.__hit=1}`",
    "<%= 7*7 %>",
    "#{7*7}",
    "%s %d %(token)s {0} {token}",
]
ATTRIBUTES = [
    f'" onmouseover="{HIT}',
    f"' onfocus='{HIT}' autofocus='",
    f'" autofocus onfocus={HIT} x="',
    f'x" style="position:fixed;inset:0" onclick="{HIT}',
    '" id="turns" class="chip" href="//elsewhere.example',
    '" formaction="//elsewhere.example',
    "' accesskey='x' onclick='window.__hit=1",
    '"/><input name="token" value="',
]
CHARACTERS = [
    "\u202eECAT\u202c",
    "\u2066\u2067\u2068TACE\u2069",
    "\u200e\u200f\u061c",
    "TA\u200bCE\u200c\u200d\ufeff",
    "\u0000TACE\u0000",
    "\u0001\u0008\u000b\u000c\u000e\u001b[31m\u007f",
    "\u0080\u0085\u009f",
    "\u2028TACE\u2029",
    "\ufffe\uffff\ufdd0",
    "\U000e0041\U000e0042",
    "Z\u0351\u036b\u0343\u036a\u0302A\u0334\u0321L\u0361G\u0489O\u0321",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "ＴＡＣＥ ﬁ ẞ İ ı",
    "\t\tTACE\t",
    "\ufeff",
]
ENTITIES = [
    "&lt;script&gt;window.__hit=1&lt;/script&gt;",
    "&#60;img src=x onerror=window.__hit=1&#62;",
    "&#x3c;svg onload=window.__hit=1&#x3e;",
    "&amp;lt;b&amp;gt;",
    "&notanentity; &copy &#0; &#xD800; &#x110000;",
    "%3Cscript%3Ewindow.__hit=1%3C/script%3E",
    "\\u003cscript\\u003e \\x3cimg\\x3e",
    "+ADw-script+AD4-",
    "\\74script\\76",
]
COMMENTS = [
    "<!-- TACE",
    "<!--> TACE",
    "<!---!> --!>",
    "<![CDATA[ TACE",
    "<?php echo 1 ?>",
    "<!doctype html>",
    "<!-",
    "<",
]
STYLES = [
    "expression(window.__hit=1)",
    "@import '//elsewhere.example/x.css';",
    "} * { background: url(//elsewhere.example/x) } {",
    "-moz-binding:url(x)",
]
LINKS = [
    "javascript:window.__hit=1",
    "JaVa\tScRiPt:window.__hit=1//",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:msgbox(1)",
    "//elsewhere.example",
    "https://elsewhere.example/?TACE",
    "[TACE](javascript:window.__hit=1)",
    "![TACE](//elsewhere.example/x.png)",
]
FRAMES = [
    "\n\nevent: turn\ndata: {}\n\n",
    "\r\n\r\nevent: error\r\ndata: {}\r\n\r\n",
    "\r\revent: turn\rdata: {}\r\r",
    "\nid: 5\nretry: 1\n",
    "\u0085\u0085event: turn\u0085data: {}",
    "\u2028\u2028event: turn\u2028data: {}",
    '"}\n\nevent: turn\ndata: {"html": "<img src=x onerror=window.__hit=1>"}\n\n',
    "data: : :\n:comment\n",
]
LONG = [
    "x" * 5_000,
    "T" * 100_000,
    "TACE " * 20_000,
    "<b>" * 5_000,
    "&" * 3_000,
    "\u202e" * 3_000,
    "\n" * 3_000 + "TACE" + "\n" * 3_000 + "?",
    "é\u0301" * 4_000,
    "{{" * 1_000,
    "'" * 800 + '"' * 800,
]
SOLE = [*CHARACTERS, *COMMENTS, *FRAMES, *LONG]
WORDS = ["TACE", "What is TARE?", "62M, NELM G1, bilirubin 1.0 mg/dL. {} TACE?"]


def messages() -> list[str]:
    """Two hundred: every kind alone or among words that are answered, and elements behind what ends their holder."""
    made = list(SOLE)
    groups = [ELEMENTS, TEMPLATES, ATTRIBUTES, ENTITIES, STYLES, LINKS]
    made += [f"{text} TACE" for group in groups for text in group]
    made += [f"{end}{ELEMENTS[n * 3 % len(ELEMENTS)]} What is TARE?" for n, end in enumerate(ENDS)]
    made += [
        f"62M, NELM G1, bilirubin 1.0 mg/dL {text} 2018. TACE?" for text in ELEMENTS[::2] + ATTRIBUTES + TEMPLATES[::3]
    ]
    made += [f"Is {text} better than TAE?" for text in [*ELEMENTS[1::2], *CHARACTERS[::2], *COMMENTS]]
    made += [f"What is TACE?{frame}{end}" for frame in FRAMES for end in ENDS[:3]]
    return made[:200]


MESSAGES = messages()
FOLDING = f"Is {CHARACTERS[12]} better than TAE?"
"""Letters that become several when folded; a word after them is looked for at the wrong place."""
NASTIEST = [*ELEMENTS[:18], *ENDS[:2], *ATTRIBUTES[:2], TEMPLATES[6], FRAMES[6], COMMENTS[0]]


@dataclass
class Shape:
    """Elements with their attributes, and where links lead: what may stand on the page."""

    allowed: set[tuple[str, str]] = field(default_factory=set)

    def learn(self, root: Element) -> None:
        self.allowed |= set(pairs(root))

    def strange(self, root: Element) -> set[tuple[str, str]]:
        return set(pairs(root)) - self.allowed


def pairs(root: Element) -> Iterator[tuple[str, str]]:
    for element in elements(root):
        yield element.tag, ""
        for name in element.attrib:
            yield element.tag, name


def elements(root: Element) -> Iterator[Element]:
    """Elements; a comment in the tree has a function for its tag."""
    for element in root.iter():
        assert isinstance(element.tag, str), "a comment"
        yield element


def read(page: str) -> Element:
    found: Element = html5lib.parse(page, namespaceHTMLElements=False)
    return found


def said(root: Element) -> list[str]:
    return ["".join(element.itertext()) for element in root.iter("h2") if element.get("class") == "said"]


def leading_elsewhere(root: Element) -> list[str]:
    links = [
        element.get(name, "") for element in root.iter() for name in ("href", "src", "action", "cite", "formaction")
    ]
    ours = r"|/(?!/)[^\s\\]*|#[\w-]*|https://pubmed\.ncbi\.nlm\.nih\.gov/\?term=[\w%.~/-]*"
    return [link for link in links if not re.fullmatch(ours, link)]


def frames(stream: str) -> list[tuple[str, str]]:
    """Events as the standard reads a stream: lines end with any of three, a blank one sends what was gathered."""
    found: list[tuple[str, str]] = []
    data: list[str] = []
    name = ""
    for line in re.split(r"\r\n|\n|\r", stream):
        if not line:
            if data:
                found.append((name, "\n".join(data)))
            name, data = "", []
            continue
        key, _, value = line.partition(":")
        if key == "event":
            name = value.removeprefix(" ")
        elif key == "data":
            data.append(value.removeprefix(" "))
        else:
            raise AssertionError(line[:80])
    return found


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> Iterator[TestClient]:
    with TestClient(create_app(assistant)) as client:
        client.get("/")
        yield client


@pytest.fixture(scope="module")
def shape(client: TestClient) -> Shape:
    shape = Shape()
    for question in BENIGN:
        page = send(client, question=question)
        shape.learn(read(page.text))
        shape.learn(read(client.get(f"{page.url.path}/print").text))
    shape.learn(read(client.get(f"{page.url.path}?edit=1").text))
    wrong = send(client, conversation=page.url.path.rpartition("/")[2], fact="ascites", value="perhaps")
    assert wrong.status_code == 422
    shape.learn(read(wrong.text))
    return shape


SAMPLED = (0, 5)
PARTS = [n if n in SAMPLED else pytest.param(n, marks=pytest.mark.thorough) for n in range(10)]


def test_there_are_two_hundred_messages_and_all_differ() -> None:
    assert len(MESSAGES) == len(set(MESSAGES)) == 200
    kinds = [ELEMENTS, ENDS, TEMPLATES, ATTRIBUTES, CHARACTERS, ENTITIES, COMMENTS, STYLES, LINKS, FRAMES, LONG]
    assert all(any(text in message for message in MESSAGES) for kind in kinds for text in kind)
    assert len(set(NASTIEST)) == 25


@pytest.mark.parametrize(
    "part", [0, 5, *(pytest.param(n, marks=pytest.mark.thorough) for n in (1, 2, 3, 4, 6, 7, 8, 9))]
)
def test_a_hostile_message_is_shown_as_its_very_text_and_streamed_as_two_events(
    client: TestClient, shape: Shape, part: int
) -> None:
    given = token(client)
    for message in MESSAGES[part * 20 : part * 20 + 20]:
        if message == FOLDING:
            continue  # see below
        expected = readable(message) or "(no question)"
        response = client.post(
            "/ask", data={"token": given, "question": message}, headers={"accept": "text/event-stream"}
        )
        events = frames(response.text)
        assert [name for name, _ in events] == ["working", "turn"], message[:80]
        data = json.loads(events[1][1])
        assert re.fullmatch(r"[\w-]+", data["conversation"])
        page = client.get(f"/c/{data['conversation']}").text
        root = read(page)
        assert said(root) == [expected], message[:80]
        assert data["html"].strip() in page, "what is streamed is what stands on the page"
        assert shape.strange(root) == set(), message[:80]
        assert leading_elsewhere(root) == [], message[:80]


def test_letters_that_fold_to_several_are_answered(assistant: Assistant) -> None:
    assert assistant.conversation().say(FOLDING).question == FOLDING


def test_a_row_of_signs_does_not_keep_the_service_busy(assistant: Assistant) -> None:
    begun = time.perf_counter()
    assistant.conversation().say("{" * 4_000 + " TACE")
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("message", [*ENDS, *ATTRIBUTES, ELEMENTS[0], ELEMENTS[3], TEMPLATES[0], COMMENTS[0]])
def test_wherever_else_a_message_stands_it_is_text(
    client: TestClient, assistant: Assistant, shape: Shape, message: str
) -> None:
    resolved = assistant.dialogue.turn(f"{message} TACE").resolved  # perhaps a letter mended
    page = send(client, question=f"{message} TACE")
    path = page.url.path
    kept = path.rpartition("/")[2]
    client.post(f"{path}/rename", data={"token": token(client), "title": message})
    title = " ".join(message.split())
    root = read(client.get(path).text)
    assert [t.text for t in root.iter("title")] == [f"{title} – NELM guideline assistant"]
    assert title in [i.get("value") for i in root.iter("input") if i.get("name") == "title"]
    wrong = send(client, conversation=kept, fact="ascites", value=message)
    error = send(client, conversation=kept, fact="bilirubin_mg_dl", value=message)
    edited = read(client.get(f"{path}?edit=1").text)
    assert [box.text for box in edited.iter("textarea") if box.get("id") == "question"] == [resolved]
    printed = read(client.get(f"{path}/print").text)
    assert "".join(next(printed.iter("h2")).itertext()) == f"1. {message} TACE"
    for found in (root, read(wrong.text), read(error.text), edited, printed):
        assert shape.strange(found) == set()
        assert leading_elsewhere(found) == []


def test_what_the_source_is_searched_for_is_text(client: TestClient, shape: Shape) -> None:
    address = client.get("/source/criss-makary-2024").url.path
    plain = Shape()
    plain.learn(read(client.get(address, params={"q": "survival"}).text))
    for message in [*ELEMENTS, *ENDS, *ATTRIBUTES, *COMMENTS][::3]:
        response = client.get(address, params={"q": message[:100]})
        assert response.status_code == 200
        root = read(response.text)
        assert message[:100] in [i.get("value") for i in root.iter("input") if i.get("name") == "q"]
        assert plain.strange(root) == set(), message


def test_a_hostile_patient_is_text_on_the_report_and_the_reasons(client: TestClient) -> None:
    words = f"prior Whipple {ELEMENTS[3]} 2018"
    page = send(client, question=f"62M, NELM G2, {words}, bilirubin <b>1.4</b> mg/dL{ELEMENTS[0]}. TACE?")
    assert page.status_code == 200
    for path in ("turns/1/report", "turns/1/therapies/tace"):
        root = read(client.get(f"{page.url.path}/{path}").text)
        assert not {"script", "img", "b", "svg"} & {element.tag for element in elements(root)}
        assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_bytes_that_are_no_text_do_no_harm(client: TestClient, shape: Shape) -> None:
    for raw in (b"%ED%A0%80+TACE", b"%FF%FE+TACE", b"%C0%BCscript%C0%BE+TACE", b"%00+TACE"):
        body = b"token=" + token(client).encode() + b"&question=" + raw
        response = client.post("/ask", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
        assert response.status_code == 200
        root = read(response.text)
        assert [text.endswith("TACE") for text in said(root)] == [True]
        assert shape.strange(root) == set()


# In a browser, its content security policy switched off: the escaping alone has to hold


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require_tool("chromium")
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("first", [0, *(pytest.param(n, marks=pytest.mark.thorough) for n in (1, 2, 3))])
def test_nothing_that_is_asked_is_executed_in_a_browser(browser: Browser, index_path: Path, first: int) -> None:
    with serving(index_path, NELM_RETENTION_DAYS="0") as (_, address):
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        elsewhere: list[str] = []
        happened: list[str] = []

        def requested(request: Request) -> None:
            if not request.url.startswith(f"{address}/"):
                elsewhere.append(request.url)

        page.on("request", requested)

        def spoke(dialog: Dialog) -> None:
            happened.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", spoke)
        page.on("pageerror", lambda error: happened.append(str(error)))
        page.on("popup", lambda popup: happened.append(popup.url))
        page.goto(address)
        for number, message in enumerate(NASTIEST[first::4], 1):
            box = page.locator("#question")
            box.fill(f"{message} TACE")
            page.locator("#ask button").click()
            heading = page.locator(f"#said-{number}")
            heading.wait_for()
            assert heading.evaluate("element => element.textContent") == readable(f"{message} TACE")
            assert heading.evaluate("element => element.childElementCount") == 0
        page.mouse.move(300, 300)
        expect(page.locator("article.turn")).to_have_count(len(NASTIEST[first::4]))
        page.reload()
        expect(page.locator("article.turn")).to_have_count(len(NASTIEST[first::4]))
        assert page.locator(".said").all_inner_texts()
        strange = "#turns :is(script, img, svg, iframe, object, embed, style, link, meta, base, video, marquee, math)"
        assert page.locator(strange).count() == 0
        assert page.evaluate("window.__hit === undefined")
        page.locator(".list summary").click()
        page.get_by_role("link", name="Print view").click()
        assert page.evaluate("window.__hit === undefined")
        assert (elsewhere, happened) == ([], [])
        context.close()
