from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.dense import FaissVectors
from index.encoder import LONGEST_CHARACTERS, OnnxEncoder
from index.opening import SearchIndex
from index.projection import project


@pytest.fixture(scope="module")
def encoder(search_index: SearchIndex) -> OnnxEncoder:
    return search_index.encoder


def test_vectors_are_those_sentence_transformers_gave_when_the_index_was_built(search_index: SearchIndex) -> None:
    units, matrix = search_index.search.legs.units, search_index.search.legs.projection
    assert isinstance(units, FaissVectors)
    stored = units.vectors()
    for place in search_index.library.places[::6]:
        served = project(search_index.encoder.encode(place.unit.display), matrix)
        np.testing.assert_allclose(served, stored[place.row], atol=1e-5)


def test_the_same_text_gives_the_same_bits_in_any_thread(encoder: OnnxEncoder, search_index: SearchIndex) -> None:
    texts = [place.unit.display for place in search_index.library.places[:40]]
    serial = [encoder.encode(text).tobytes() for text in texts]
    with ThreadPoolExecutor(8) as threads:
        together = [vector.tobytes() for vector in threads.map(encoder.encode, texts * 2)]
    assert together == serial * 2


def test_another_encoder_on_the_same_folder_gives_the_same_bits(encoder: OnnxEncoder, index_path: Path) -> None:
    text = "Liver transplantation is reserved for selected patients."
    assert np.array_equal(OnnxEncoder(index_path).encode(text), encoder.encode(text))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.one_of(
        st.text(max_size=80), st.sampled_from(["", " ", "\x00", "🙂" * 50, "肝転移", "a" * 5000, "é\u0301\u0301"])
    )
)
def test_any_text_gives_a_finite_unit_vector(encoder: OnnxEncoder, text: str) -> None:
    vector = encoder.encode(text)
    assert vector.shape == (384,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector.astype(np.float64))) == pytest.approx(1.0, abs=1e-5)


def test_text_beyond_the_longest_read_changes_nothing(encoder: OnnxEncoder) -> None:
    short = "tumour" + " " * (LONGEST_CHARACTERS - 6)
    assert np.array_equal(encoder.encode(short + "artery"), encoder.encode("tumour"))
    assert not np.array_equal(encoder.encode(short[:-7] + " artery"), encoder.encode("tumour"))


def test_tokens_are_read_beyond_128_and_up_to_256(encoder: OnnxEncoder) -> None:
    # two of the 256 are the marks at both ends
    base = encoder.encode("liver " * 254)
    assert not np.array_equal(encoder.encode("liver " * 253 + "artery"), base)
    assert not np.array_equal(encoder.encode("liver " * 150 + "artery"), encoder.encode("liver " * 151))
    assert np.array_equal(encoder.encode("liver " * 254 + "artery"), base)


def test_case_changes_nothing_but_words_do(encoder: OnnxEncoder) -> None:
    text = "Is TACE safe after a Whipple procedure?"
    assert np.array_equal(encoder.encode(text.upper()), encoder.encode(text))
    assert not np.array_equal(encoder.encode(text.replace("TACE", "ablation")), encoder.encode(text))


def test_a_paraphrase_is_nearer_than_another_subject(encoder: OnnxEncoder) -> None:
    asked = encoder.encode("How long do patients live after chemoembolization of the liver?")
    near = encoder.encode("Median survival following hepatic arterial chemoembolization")
    far = encoder.encode("The authors declare no conflict of interest.")
    assert float(asked @ near) > float(asked @ far) + 0.2
