"""Compares a prepared model with its source: same next tokens, nearly the same probabilities.

The reference answers come from another implementation with its own loading of the
weights (see ``record.py``), so an error in our reader or writer cannot hide in both.
The model is run by a function handed in by the room above; this room knows no engine.

The limits, from measurements on Qwen2.5-Coder-0.5B (124 clear positions, divergence in nats).
Right models: fp16 below 0.0001, int8 blocks 0.0004, int8 rows 0.0011, all of them with every clear token
equal (0.0020 while attention was in rows too). Wrong ones, measured with attention in rows: one layer of 24 with
a matrix scaled by 1.3 0.0057, rope theta halved 0.0094, every ``down`` scaled by 1.3 0.07, gate and up exchanged
or rows in the wrong order 6 and more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fimble.errors import VerificationFailed
from fimble.weights.architecture import Float32
from fimble.weights.entry import Reference
from fimble.weights.samples import VERIFICATION, tokens_of

Runner = Callable[[list[int]], Float32]
"""Token ids -> logits [n, vocabulary] of the last n positions, n at least the positions compared."""

NEAR_TIE_LOGPROB = 0.3
"""Where the reference's two best tokens are closer than this (nats), either is a right answer."""
MINIMUM_AGREEMENT = 0.95
"""Share of the other positions at which the likeliest token must be the reference's."""
MAXIMUM_DIVERGENCE = 0.005
"""Largest mean Kullback-Leibler divergence from the reference, in nats."""
_SMALLEST_SHARE = 1e-6
_SMALLEST_DIFFERENCE = 1e-4
"""Between a logit after one text and after another."""
_FEW_TOKENS = 48
"""Any context has room for so many."""


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """How close a model is to its source."""

    agreement: float
    """Share of clear positions with the same likeliest token, 0 to 1."""
    divergence: float
    """Mean over positions, in nats, over the reference's likeliest tokens and one bucket for the rest."""
    num_positions: int
    num_near_ties: int
    """Positions that count for divergence but not for agreement."""

    @property
    def passed(self) -> bool:
        return self.agreement >= MINIMUM_AGREEMENT and self.divergence <= MAXIMUM_DIVERGENCE

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.agreement:.1%} of {self.num_positions - self.num_near_ties} clear next tokens agree, "
            f"divergence {self.divergence:.4f} over {self.num_positions}"
        )


def measure(runner: Runner, references: Sequence[Reference]) -> VerificationReport:
    """Compare without judging. Raises ``VerificationFailed`` where there is nothing to compare."""
    agreements: list[bool] = []
    divergences: list[float] = []
    for reference in references:
        count = len(reference.next_tokens)
        if count:
            logits = runner([*reference.prompt_tokens, *reference.next_tokens[:-1]])[-count:]
            logprobs = _log_softmax(np.asarray(logits, np.float32))
            for position in range(count):
                agreements += _agreement(logprobs[position], reference, position)
                divergences.append(_divergence(logprobs[position], reference, position))
    if not agreements:
        raise VerificationFailed("There is no clear reference answer to compare with.", "Record new ones.")
    mean = float(np.mean(divergences))
    return VerificationReport(
        agreement=sum(agreements) / len(agreements),
        divergence=mean if math.isfinite(mean) else math.inf,
        num_positions=len(divergences),
        num_near_ties=len(divergences) - len(agreements),
    )


def verify(runner: Runner, references: Sequence[Reference]) -> VerificationReport:
    """Compare, and refuse a model below the limits. Raises ``VerificationFailed``."""
    report = measure(runner, references)
    if not report.passed:
        raise VerificationFailed(
            f"The prepared model does not answer like its source: {report} "
            f"(at least {MINIMUM_AGREEMENT:.0%} and at most {MAXIMUM_DIVERGENCE} are needed).",
            "It is not served. Run setup again; if that does not help, please report it with these numbers.",
        )
    return report


def verify_tokenizer(path: Path, references: Sequence[Reference]) -> None:
    """Refuse a tokenizer that makes other tokens of the recorded prompts. Raises ``VerificationFailed``.

    ``path``: the prepared ``tokenizer.json``. Compared are the prompts whose text is the same in every
    version of Python; others pass.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    samples = {sample.title: sample for sample in VERIFICATION if sample.is_fixed}
    for reference in references:
        sample = samples.get(reference.prompt)
        if sample is not None and tokens_of(tokenizer, sample) != list(reference.prompt_tokens):
            raise VerificationFailed(
                f"The prepared tokenizer makes other tokens of the prompt '{sample.title}' than its source does.",
                "The tokenizer does not belong to the weights: fetch both again.",
            )


def verify_answers(runner: Runner, tokenizer: Path) -> None:
    """Refuse a model whose answers are no numbers, or the same whatever it is asked. Raises ``VerificationFailed``.

    All that can be said of a model whose source nothing here can run. ``tokenizer``: its ``tokenizer.json``.
    """
    from tokenizers import Tokenizer

    read = Tokenizer.from_file(str(tokenizer))
    prompts = [tokens_of(read, sample)[:_FEW_TOKENS] for sample in VERIFICATION[:2]]
    answers = [np.asarray(runner(prompt)[-1], np.float32) for prompt in prompts]
    if not all(np.isfinite(answer).all() for answer in answers):
        raise VerificationFailed("The prepared model answers with what are no numbers.", "It is not served.")
    if np.abs(answers[0] - answers[1]).max() < _SMALLEST_DIFFERENCE:
        raise VerificationFailed("The prepared model answers the same whatever it is asked.", "It is not served.")


def references_for(source: Path, recorded: Sequence[Reference]) -> tuple[Reference, ...]:
    """The recorded answers, or else fresh ones from transformers' own loading of ``source``.

    Raises ``VerificationFailed`` where there are none and the ``export`` extra is not installed.
    """
    if recorded:
        return tuple(recorded)
    from fimble.weights.record import can_record, record

    if not can_record():
        raise VerificationFailed(
            f"Nothing is recorded that {source.name} could be compared with.",
            "Install fimble with the `export` extra: then transformers gives the answers.",
        )
    return record(source)


def _agreement(logprobs: Float32, reference: Reference, position: int) -> list[bool]:
    """One verdict, or none at a near tie."""
    best, second = reference.top_logprobs[position][:2]
    if best - second < NEAR_TIE_LOGPROB:
        return []
    return [int(logprobs.argmax()) == reference.top_ids[position][0] and bool(np.isfinite(logprobs).all())]


def _divergence(logprobs: Float32, reference: Reference, position: int) -> float:
    ids = list(reference.top_ids[position])
    if max(ids) >= len(logprobs):
        return math.inf
    expected = _with_rest(np.exp(np.array(reference.top_logprobs[position], np.float64)))
    found = _with_rest(np.exp(logprobs[ids].astype(np.float64)))
    return float(np.sum(expected * np.log(expected / found)))


def _with_rest(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares and what remains to one; none is below a millionth, so that logarithms exist."""
    all_shares: NDArray[np.float64] = np.maximum(np.append(shares, 1 - shares.sum()), _SMALLEST_SHARE)
    return all_shares


def _log_softmax(logits: Float32) -> Float32:
    shifted = logits - logits.max(-1, keepdims=True)
    result: Float32 = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result
