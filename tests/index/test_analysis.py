from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import CorpusError
from corpus.integrity import GUIDELINES
from corpus.pack import load_pack
from corpus.vocabulary import Entry, Vocabulary
from index.analysis import (
    FUNCTION_WORDS,
    Lexicon,
    Mention,
    compile_lexicon,
    content_terms,
    fold,
    singular,
    stem,
    stems,
    words,
)
from tests.conftest import REVIEW


def entry(name: str, *synonyms: str, parents: tuple[str, ...] = (), exact: tuple[str, ...] = ()) -> Entry:
    return Entry(name, "topic", name, parents, (name, *synonyms), exact, ())


def lexicon_of(*entries: Entry) -> Lexicon:
    return compile_lexicon(Vocabulary(entries))


@pytest.fixture(scope="module")
def lexicon(vocabulary: Vocabulary) -> Lexicon:
    return compile_lexicon(vocabulary)


def named(lexicon: Lexicon, text: str) -> list[str]:
    return [mention.entry for mention in lexicon.mentions(text)]


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("tumour", "tumor"),
        ("tumours", "tumors"),
        ("embolisation", "embolization"),
        ("chemoembolisation", "chemoembolization"),
        ("embolised", "embolized"),
        ("randomised", "randomized"),
        ("catheterisation", "catheterization"),
        ("haemorrhage", "hemorrhage"),
        ("haemangioma", "hemangioma"),
        ("anaemia", "anemia"),
        ("hypoglycaemia", "hypoglycemia"),
        ("ischaemic", "ischemic"),
        ("diarrhoea", "diarrhea"),
        ("oedema", "edema"),
        ("oesophageal", "esophageal"),
        ("aetiology", "etiology"),
        ("analogue", "analog"),
        ("analogues", "analogs"),
        ("centre", "center"),
        ("metre", "meter"),
        ("labelled", "labeled"),
        ("labelling", "labeling"),
        ("analysed", "analyzed"),
        ("favourable", "favorable"),
        ("anaesthesia", "anesthesia"),
        ("anaesthetic", "anesthetic"),
    ],
)
def test_british_and_american_spellings_have_one_stem(british: str, american: str) -> None:
    assert stem(british) == stem(american)
    assert singular(british) == singular(american)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("resect", "respect"),
        ("embolus", "emboli"),
        ("benign", "malignant"),
        ("hour", "hor"),
        ("90", "9"),
        ("0.5", "5"),
    ],
)
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("fancy", "plain"),
    [
        ("⁹⁰Y", "90Y"),
        ("¹⁷⁷Lu-DOTATATE", "177Lu-DOTATATE"),
        ("¹⁶⁶Ho", "166Ho"),
        ("⁶⁸Ga", "68Ga"),
        ("Y₉₀", "Y90"),
        ("1,234 patients", "1234 patients"),
        ("1,234,567", "1234567"),
        ("2,5 mg", "2.5 mg"),
        ("Y–90", "Y-90"),
        ("Y—90", "Y-90"),
        ("Y−90", "Y-90"),
        ("Y‑90", "Y-90"),
        ("Y‐90", "Y-90"),
        ("Y 90", "Y-90"),
        ("DEB–TACE", "DEB-TACE"),
        ("45 µmol", "45 umol"),
        ("45 μmol", "45 umol"),
        ("patient’s", "patient's"),
        ("naïve", "naive"),
        ("nai\u0308ve", "naive"),
        ("ﬁbrosis", "fibrosis"),
        ("Ⅲ", "III"),
        ("TACE", "tace"),
        ("Ki‑67", "Ki-67"),
    ],
)
def test_typographic_variants_are_analysed_alike(fancy: str, plain: str) -> None:
    assert stems(fancy) == stems(plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TACE (n = 1,234) in 0.5–3.5 cm", ["tace", "n", "1234", "in", "0.5", "3.5", "cm"]),
        ("Ki-67 <3%", ["ki", "67", "3"]),
        ("⁹⁰Y vs. Lu-177", ["90y", "vs", "lu", "177"]),
        ("12,34", ["12,34"]),
        ("1,2345", ["1,2345"]),
        ("patient's", ["patient's"]),
        ("doses of 5.", ["doses", "of", "5"]),
        ("…!?", []),
        ("", []),
    ],
)
def test_words_are_taken_apart_as_written(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@pytest.mark.parametrize(("grouped", "bare"), [("1,234.5", "1234.5"), ("12,345.67 mL", "12345.67 mL")])
def test_thousands_separators_go_and_decimals_stay(grouped: str, bare: str) -> None:
    assert stems(grouped) == stems(bare)


@pytest.mark.parametrize("text", ["5.5cm", "0.5mg", "2.5-fold"])
def test_a_decimal_with_its_unit_glued_on_does_not_become_another_number(text: str) -> None:
    first = words(text)[0]
    assert first.startswith(text[:3]), f"{text!r} was read as {words(text)!r}"


def test_folding_is_done_once_for_every_character() -> None:
    characters = (chr(n) for n in range(0x30000) if not 0xD800 <= n < 0xE000)
    assert [hex(ord(c)) for c in characters if fold(fold(c)) != fold(c)] == []


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text(max_size=60))
def test_any_text_can_be_analysed_and_case_and_folding_change_nothing(text: str) -> None:
    found = words(text)
    assert words(fold(text)) == found
    assert len(stems(text)) == len(found)
    assert all(stems(text))
    assert words(f"{text} {text}") == found + found


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.sampled_from(["tumour", "of", "the", "Y-90", "3.5", "embolisation", "patients'", "is"]), max_size=8))
def test_content_terms_are_the_stems_without_function_words(chosen: list[str]) -> None:
    text = " ".join(chosen)
    assert content_terms(text) == [stem(word) for word in words(text) if word not in FUNCTION_WORDS]
    assert stems(text) == [stem(word) for word in words(text)]
    assert content_terms(text.upper()) == content_terms(text)


@pytest.mark.parametrize(
    ("plural", "one"),
    [("therapies", "therapy"), ("beads", "bead"), ("tumours", "tumor"), ("patients", "patient"), ("spheres", "sphere")],
)
def test_the_english_plural_goes(plural: str, one: str) -> None:
    assert singular(plural) == one


@pytest.mark.parametrize("word", ["mass", "virus", "metastasis", "dose", "90", "tace"])
def test_a_singular_stays(word: str) -> None:
    assert singular(word) == word


def test_the_longest_phrase_wins() -> None:
    lexicon = lexicon_of(
        entry("embolization"), entry("bland embolization"), entry("bland embolization of the liver"), entry("liver")
    )
    assert lexicon.mentions("Is bland embolization of the liver safe?") == [
        Mention("bland embolization of the liver", 1, 6)
    ]
    assert named(lexicon, "bland embolization of a liver") == ["bland embolization", "liver"]
    assert named(lexicon, "liver embolization") == ["liver", "embolization"]


@pytest.mark.parametrize("text", ["heat sink", "heatsink", "heat-sink", "Heat–Sink", "HEAT SINKS", "heat‑sink"])
def test_a_compound_may_be_written_in_one_word_or_two(text: str) -> None:
    for written in ("heat sink", "heatsink", "heat-sink"):
        assert named(lexicon_of(entry("effect", written)), text) == ["effect"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is RE safe?", ["tare"]),
        ("is re safe?", []),
        ("Re: safety", []),
        ("REsin", []),
        ("the IR suite", ["locoregional"]),
        ("ir", []),
        ("İİ RE", ["tare"]),
        ("ﬁ ⁹⁰Y RE", ["tare"]),
        ("Straße İ IR", ["locoregional"]),
    ],
)
def test_exact_terms_match_only_with_their_case(text: str, expected: list[str]) -> None:
    lexicon = lexicon_of(entry("tare", exact=("RE",)), entry("locoregional", exact=("IR",)))
    assert named(lexicon, text) == expected


def test_a_phrase_comes_before_an_exact_term_at_the_same_word() -> None:
    lexicon = lexicon_of(entry("tare", exact=("RE",)), entry("RE imaging"))
    assert named(lexicon, "RE imaging after RE") == ["RE imaging", "tare"]


def test_a_stem_that_two_entries_share_matches_neither_but_as_written() -> None:
    lexicon = lexicon_of(entry("surgery", "resection"), entry("criteria", "resectable"), entry("ablation"))
    assert stem("resection") == stem("resectable")
    assert named(lexicon, "resection") == named(lexicon, "Resections") == ["surgery"]
    assert named(lexicon, "resectable") == ["criteria"]
    assert named(lexicon, "resected") == named(lexicon, "resecting") == []
    assert named(lexicon, "ablations and ablated") == ["ablation", "ablation"]


def test_lineage_goes_from_narrow_to_wide_and_names_each_once() -> None:
    lexicon = lexicon_of(
        entry("top"),
        entry("left", parents=("top",)),
        entry("right", parents=("top",)),
        entry("bottom", parents=("left", "right")),
    )
    assert lexicon.lineage("bottom") == ("bottom", "left", "right", "top")
    assert lexicon.lineage("bottom") == ("bottom", "left", "right", "top")
    assert lexicon.lineage("top") == ("top",)


def test_what_stands_above_weighs_less_unless_it_is_named_itself() -> None:
    lexicon = lexicon_of(entry("wide"), entry("middle", parents=("wide",)), entry("narrow", parents=("middle",)))
    assert lexicon.concepts("narrow", 0.4) == {"narrow": 1.0, "middle": 0.4, "wide": 0.4}
    for text in ("narrow and wide", "wide and narrow"):
        assert lexicon.concepts(text, 0.4) == {"narrow": 1.0, "middle": 0.4, "wide": 1.0}
    assert lexicon.concepts("nothing", 0.4) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bead", "beads"),
        ("tumour", "tumor"),
        ("heat sink", "heatsink"),
        ("embolisation", "Embolization"),
        ("Y–90", "y90"),
    ],
)
def test_terms_that_would_be_matched_alike_are_refused(one: str, other: str) -> None:
    with pytest.raises(CorpusError, match="a term has one entry") as caught:
        lexicon_of(entry("first", one), entry("second", other))
    assert caught.value.code == "corpus_invalid"
    assert caught.value.hint


def test_every_term_of_the_vocabulary_names_its_own_entry_and_nothing_else(
    lexicon: Lexicon, vocabulary: Vocabulary
) -> None:
    wrong = [
        (item.id, term)
        for item in vocabulary.entries
        for term in (*item.synonyms, *item.lay)
        if lexicon.mentions(term) != [Mention(item.id, 0, len(words(term)))]
    ]
    assert wrong == []


def test_every_exact_term_of_the_vocabulary_names_its_entry(lexicon: Lexicon, vocabulary: Vocabulary) -> None:
    wrong = [(e.id, term) for e in vocabulary.entries for term in e.exact if named(lexicon, f"({term})") != [e.id]]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("⁹⁰Y", ["y90"]),
        ("Y-90", ["y90"]),
        ("Yttrium 90", ["y90"]),
        ("¹⁷⁷Lu", ["lu177"]),
        ("Lu–177", ["lu177"]),
        ("transarterial chemoembolisation", ["tace"]),
        ("trans-arterial chemo-embolizations", ["tace"]),
        ("transarterial embolisation", ["tae"]),
        ("DEB‑TACE", ["deb_tace"]),
        ("cTACE versus TACE", ["ctace", "tace"]),
        ("somatostatin analog", ["ssa"]),
        ("heatsink", ["heat_sink"]),
        ("heat-sink", ["heat_sink"]),
    ],
)
def test_the_field_s_terms_are_known_however_written(lexicon: Lexicon, text: str, expected: list[str]) -> None:
    assert named(lexicon, text) == expected


def test_the_family_of_tace_is_that_of_the_review(lexicon: Lexicon) -> None:
    assert lexicon.lineage("ctace") == ("ctace", "tace", "transarterial", "locoregional_therapy")


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.data())
def test_mentions_stand_in_order_without_overlap_and_each_is_found_alone(data: st.DataObject) -> None:
    lexicon = lexicon_of(
        entry("a b", "ab"), entry("b c"), entry("c"), entry("a b c d"), entry("x", exact=("D",), parents=("c",))
    )
    text = data.draw(st.lists(st.sampled_from(["a", "b", "c", "d", "D", "e", "ab"]), max_size=10).map(" ".join))
    mentions, tokens = lexicon.mentions(text), text.split()
    position = 0
    for mention in mentions:
        assert position <= mention.first < mention.last <= len(tokens)
        assert named(lexicon, " ".join(tokens[mention.first : mention.last])) == [mention.entry]
        position = mention.last
    gaps = " e ".join(" ".join(tokens[m.first : m.last]) for m in mentions)
    assert named(lexicon, gaps) == [mention.entry for mention in mentions]


def test_the_lexicon_knows_the_kind_of_every_entry(lexicon: Lexicon, vocabulary: Vocabulary) -> None:
    assert lexicon.kinds == {entry.id: entry.kind for entry in vocabulary.entries}


def test_no_mention_is_lost_where_a_word_is_known_to_begin_none(lexicon: Lexicon, vocabulary: Vocabulary) -> None:
    class Unhurried(Lexicon):
        def _may_begin(self, written: str, stemmed: str) -> bool:
            return True

    everywhere = Unhurried(lexicon.phrases, lexicon.stemmed, lexicon.exact, lexicon.parents)
    curated = load_pack(GUIDELINES / REVIEW, vocabulary).curated
    texts = [question for unit in curated for question in unit.questions]
    texts += [f"{term} of a {term}" for entry in vocabulary.entries for term in (*entry.synonyms, *entry.lay)]
    assert len(texts) > 5_000
    assert [text for text in texts if lexicon.mentions(text) != everywhere.mentions(text)] == []
