from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Document, UnitKind
from corpus.sentences import split_sentences

thorough = settings(deadline=None, derandomize=True, max_examples=100, database=None)

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=120)
PIECES = "The it A 5 5.3 et al. vs. e.g. i.e. (e.g., Fig. No. J. K. C. cm. [62,70]. [1–3] ” “Stop.” ? ! . .) )] NELM"
PROSE = st.lists(st.sampled_from([*PIECES.split(), " ", "  ", "\n", "\u00a0"]), max_size=25).map("".join)
# Sentences that end without doubt: a word of two letters or more, a full stop, a word with a capital.
MIDDLE = "tumors respond slowly in 5.3 months (95% CI 4.2–6.7) [62,70] e.g. i.e. vs. Ki-67"
WORDS = st.lists(st.sampled_from(MIDDLE.split()), max_size=6)
SENTENCE = WORDS.map(lambda words: " ".join(["Larger", *words, "lesions."]))


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


def test_sentences_of_the_review_end_where_a_reader_ends_them(review: Document) -> None:
    shown = {unit.display for unit in review.units if unit.kind is UnitKind.SENTENCE}
    assert {
        # the full stops of "et al.", "vs." and "(e.g.," end nothing; nor do decimals
        "A comprehensive investigation conducted by Touloupas et al. evaluated the efficacy of TACE in 202 patients "
        "who underwent TACE treatment for NELM, reporting a median OS as high as 5.3 years (95% CI 4.2–6.7) [65].",
        "Helmberger et al. and Wong et al. reported study outcomes for patients with NELM treated with TACE compared "
        "to radioembolization with resin microspheres, with an estimated OS of 33 months [91,103].",
        "Interestingly, Minh et al. showed cTACE to have superior survival outcomes compared with radioembolization "
        "(33.8 months vs. 23.4 months, respectively) [70].",
        "The rationale for catheter-driven locoregional therapies stems from the observation that NELM tumors "
        "typically exhibit hypervascularity (e.g., as evidenced by homogenous or peripheral arterial-phase image "
        "enhancement on CT/MRI), primarily deriving their blood supply from the hepatic artery [56].",
        "In fact, a systemic review of non-surgical treatments for pancreatic NELM found limited evidence to support "
        "systemic vs. locoregional therapy.",
        # a full stop behind a citation, a closing quotation mark, a number or an abbreviation in capitals ends one
        "However, other retrospective studies have reported a median OS ranging from 30 to 44 months [66–69].",
        "NETs can induce paraneoplastic syndromes caused by the release of serotonin, also referred to as "
        "“carcinoid syndrome”.",
        "However, NANETS guidelines still support the use of liver-directed therapy for G3 NET.",
        "Furthermore, 5-year OS rates were 70% [127].",
        "PRRT can be performed using either ⁹⁰Yttrium or ¹⁷⁷Lutetium, bound to chelating agent DOTA and SSA.",
    } <= shown


def test_no_sentence_of_the_review_is_a_torn_piece(review: Document) -> None:
    for unit in review.units:
        if unit.kind is UnitKind.SENTENCE:
            assert unit.display.endswith((".", "?", "!")), unit.id
            assert unit.display[0].isupper() or unit.display.startswith("⁹"), unit.id
            assert unit.display.count("(") == unit.display.count(")"), unit.id


@pytest.mark.parametrize(
    "sentence",
    [
        "Egger et al. Surgery was compared with TACE.",
        "It reached 33.8 months vs. 23.4 months.",
        "One arm lived longer (33.8 vs. The other arm).",
        "Chemotherapy (e.g., doxorubicin or cisplatin) is injected.",
        "Beads, e.g. DC Bead, were used.",
        "One isotope, i.e. Yttrium-90, is used.",
        "The ratio was 2.5 at 1.5 tesla.",
        "As Fig. 1 shows, both lobes were treated.",
        "J. K. Smith treated both lobes.",
        "Criss, C.R.; Makary, M.S. Liver-Directed Therapies.",
        "About approx. 5 cm were left (cf. Table 1).",
        "Makary, M.S. The Role of Embolization.",
        "U.S. Food and Drug Administration.",
        "See Refs. 12 and No. 5.",
        "The 5 Fr. catheter... was withdrawn.",
    ],
)
def test_a_full_stop_within_a_sentence_does_not_end_it(sentence: str) -> None:
    assert sentences(sentence) == [sentence]
    assert sentences(f"{sentence} Overall, it helps.") == [sentence, "Overall, it helps."]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Both studies reported less pain [62,70].", "Yet it came back."),
        ("Both studies reported less pain.[62,70]", "Yet it came back."),
        ("They call it “bland”.", "Others do not."),
        ("They said “stop.”", "Others did not."),
        ("(It was small.)", "It grew."),
        ("Was it small?", "It grew."),
        ("It was small!", "It grew."),
        ("It measured 5 cm.", "90 patients had more."),
        ("It was graded G1.", "Patients lived longer."),
        ("It was given.", "⁹⁰Y followed."),
        ("It was given.", "“Bland” embolization followed."),
        ("It was given.", "(Nobody knows why.)"),
        ("Patients were rich in vitamin C.", "However, few had hepatitis."),
        ("Few had hepatitis B.", "The others had none."),
        ("Few had hepatitis B.", "These lived longer."),
    ],
)  # fmt: skip
def test_two_sentences_are_parted(first: str, second: str) -> None:
    assert sentences(f"{first} {second}") == [first, second]
    assert sentences(f"  {first}\n{second} ") == [first, second]


@thorough
@given(st.lists(SENTENCE, min_size=1, max_size=6))
def test_sentences_joined_by_blanks_come_back(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


@thorough
@given(st.lists(SENTENCE, max_size=4), SENTENCE)
def test_what_follows_a_sentence_does_not_change_those_before_it(parts: list[str], last: str) -> None:
    before = " ".join(parts)
    assert sentences(f"{before} {last}")[: len(parts)] == sentences(before)


@thorough
@given(st.one_of(ANY_TEXT, PROSE))
def test_each_non_blank_character_belongs_to_exactly_one_sentence(text: str) -> None:
    ranges = split_sentences(text)
    position = 0
    for start, end in ranges:
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize("text", ["", " ", "\n\t\u00a0"])
def test_a_blank_text_has_no_sentence(text: str) -> None:
    assert split_sentences(text) == []


def test_a_text_without_a_full_stop_is_one_sentence() -> None:
    assert sentences(" Review ") == ["Review"]
