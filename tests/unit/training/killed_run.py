"""A training run in a process of its own, which kills itself as a power cut would: at once, in the middle.

    python -m tests.unit.training.killed_run MODEL DATASET OUT WHERE STEP

WHERE: ``never``; ``step``: after so many steps; ``writing``: while the checkpoint of a later step is half written.
Prints the final losses as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from fimble.training.finetune import finetune
from fimble.training.loop import Loop
from fimble.training.progress import Phase, Progress
from tests.unit.training import taught

SETTINGS = taught.settings(num_epochs=2, num_validations=4, patience=0, save_seconds=0.0)


def main(model: str, dataset: str, out: str, where: str, step: str) -> None:
    notes = []

    def on_progress(progress: Progress) -> None:
        if progress.note:
            notes.append(progress.note)
        if where == "step" and progress.phase is Phase.TRAINING and progress.step == int(step):
            os.kill(os.getpid(), signal.SIGKILL)

    if where == "writing":
        save = Loop.save_model

        def save_and_die(self: Loop, output_dir: str | None = None, _internal_call: bool = False) -> None:
            save(self, output_dir)
            if f"checkpoint-{step}" in str(output_dir):
                os.kill(os.getpid(), signal.SIGKILL)

        Loop.save_model = save_and_die  # type: ignore[method-assign]
    result = finetune(Path(model), Path(dataset), SETTINGS, Path(out), on_progress)
    print(
        json.dumps(
            {
                "train": result.train_losses,
                "validation": result.validation_losses,
                "num_steps": result.num_steps,
                "num_tokens": result.num_tokens,
                "sum": float(sum(abs(values).sum() for values in result.tensors.values())),
                "notes": notes,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
