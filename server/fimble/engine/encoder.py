"""Texts to vectors: the sentence encoder that search rests on. Beside ``session`` the only user of onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from fimble.errors import ModelFolderInvalid

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_TOKENS = 160
"""Of a text, where the graph does not say; what is longer is cut: the adapter was taught on texts of this length."""
LIMIT = "max_tokens"
"""What the limit is called among the graph's metadata."""
_BATCH = 16


class Encoder:
    """One loaded encoder. Any thread may ask; a call uses ``num_threads`` threads."""

    def __init__(self, folder: Path, num_threads: int = 0) -> None:
        """``num_threads`` 0: one a physical core. Raises ``ModelFolderInvalid`` where the folder cannot be loaded."""
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 3
        # between two saved files nothing spins
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = ort.InferenceSession(
                str(folder / "graph.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            self._end = self._tokenizer.encode("").ids[-1]
            self._max_tokens = int(self._session.get_modelmeta().custom_metadata_map.get(LIMIT, MAX_TOKENS))
        except Exception as error:
            raise ModelFolderInvalid(
                f"{folder} cannot be loaded: {str(error).splitlines()[0]}", "Delete it and run `fimble setup`."
            ) from error
        self.dimension = int(self._session.get_outputs()[0].shape[-1])

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors ``[num_texts, dimension]``: the mean of each text's token states."""
        encoded = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
        most = self._max_tokens
        tokens = [one.ids if len(one.ids) <= most else [*one.ids[: most - 1], self._end] for one in encoded]
        # texts of like length run together, so that little is padded
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        vectors = np.empty((len(tokens), self.dimension), np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = self._run([tokens[index] for index in batch])
        return vectors

    def _run(self, tokens: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        shape = len(tokens), max(map(len, tokens))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int32)
        for row, one in enumerate(tokens):
            ids[row, : len(one)], mask[row, : len(one)] = one, 1
        (hidden,) = self._session.run(["hidden"], {"input_ids": ids, "attention_mask": mask})
        summed = np.einsum("btd,bt->bd", hidden, mask.astype(np.float32))
        unit: npt.NDArray[np.float32] = summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
        return unit
