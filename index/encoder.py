"""Texts to unit vectors at serving time, by onnxruntime on the weights the index was built with.

One text at a time and one thread: a vector depends on nothing but its text.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
LONGEST_CHARACTERS = 2000
"""Characters read of a text: more than any model here can take in tokens, so that length costs no time."""


class OnnxEncoder:
    """A sentence encoder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Load model and tokenizer from an index folder."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # done by the build
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._inputs = frozenset(argument.name for argument in self._session.get_inputs())

    def encode(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a text: ``(d,) float32``, unit length.

        Only the first `LONGEST_CHARACTERS` are read, and of those as many tokens as the model takes.
        """
        encoding = self._tokenizer.encode(text[:LONGEST_CHARACTERS])
        ids = np.asarray([encoding.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (vectors,) = self._session.run(None, {name: feed[name] for name in self._inputs})
        vector: NDArray[np.float32] = vectors[0]
        return vector
