"""Transformers' trainer with fimble's steps, schedule and checkpoints. Imported late: it needs the ``train`` extra.

One item of the trainer's data is one whole step: its lessons, computed in pieces that fit the memory. All epochs lie
in a row, so that the place in the data is the number of steps, and that is what a checkpoint goes on from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainingArguments

from fimble.errors import TrainingError
from fimble.training.batches import pieces_of, steps_of
from fimble.training.checkpoints import Checkpoints
from fimble.training.conductor import Conductor, num_validations_left
from fimble.training.journal import Journal
from fimble.training.lessons import Lesson
from fimble.training.loss import batch_of, losses
from fimble.training.memory import Room
from fimble.training.pace import Pace
from fimble.training.progress import OnProgress, Phase, Progress
from fimble.training.settings import Place, Settings

WEIGHTS = "trained.safetensors"
_FIRST_VALIDATION_SHARE = 0.06
"""Of a time limit, at most, for one validation."""


class Loop(Trainer):  # type: ignore[misc]
    """One run."""

    lr_scheduler: Any
    control: Any
    began_at = 0
    """Steps that this process did not make."""

    def __init__(
        self,
        model: Any,
        train: Sequence[Lesson],
        validation: Sequence[Lesson],
        settings: Settings,
        place: Place,
        room: Room,
        checkpoints: Checkpoints,
        logs: Path,
        on_progress: OnProgress,
    ) -> None:
        self.lessons, self.validation, self.settings, self.place = train, validation, settings, place
        self.piece_tokens, self.checkpoints, self.on_progress = room.piece_tokens, checkpoints, on_progress
        self.steps = steps_of(train, settings.batch, settings.num_epochs, settings.seed)
        self.step_tokens = [sum(train[place].num_tokens for place in step) for step in self.steps]
        self.pace = Pace(len(self.steps), settings.warmup, settings.max_minutes * 60)
        self.journal = Journal()
        self.stopped_why = "finished"
        arguments = TrainingArguments(
            output_dir=str(checkpoints.folder),
            logging_dir=str(logs),
            report_to=["tensorboard"] if find_spec("tensorboard") else [],
            num_train_epochs=1,
            per_device_train_batch_size=1,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            max_grad_norm=settings.max_gradient,
            gradient_checkpointing=room.is_recomputed,
            gradient_checkpointing_kwargs={"use_reentrant": False},
            optim="adamw_torch",
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="no",
            eval_strategy="no",
            seed=settings.seed,
            use_cpu=place.device == "cpu",
            dataloader_pin_memory=False,
            disable_tqdm=True,
            remove_unused_columns=False,
        )
        arguments._n_gpu = min(1, arguments.n_gpu)  # a second GPU would be given halves of what is one step here
        super().__init__(model=model, args=arguments)
        self.remove_callback(PrinterCallback)
        self.remove_callback(ProgressCallback)
        self.add_callback(Conductor(self))

    def trained(self) -> dict[str, Any]:
        """Copies of the weights that are trained, on the CPU."""
        return {
            name: parameter.detach().to("cpu", copy=True).contiguous()
            for name, parameter in self.model.named_parameters()
            if parameter.requires_grad
        }

    def restore(self, weights: dict[str, Any]) -> None:
        """Put ``weights``, as ``trained`` gives them, into the model. Raises ``TrainingError`` if they do not fit."""
        own = {name: values for name, values in self.model.named_parameters() if values.requires_grad}
        if {name: values.shape for name, values in own.items()} != {k: v.shape for k, v in weights.items()}:
            raise TrainingError("The checkpoint belongs to a model of another shape.", "Delete it to begin anew.")
        with torch.no_grad():
            for name, values in own.items():
                values.copy_(weights[name])

    def validate(self, step: int) -> float:
        """Mean loss of the judged tokens, noted in the journal.

        Where the first one would take too much of a time limit, it ends early, and the later ones with it.
        """
        begin_s = time.monotonic()
        self.tell(Phase.VALIDATING, step)
        self.model.eval()
        total, count, places = 0.0, 0, self.journal.validated_places or list(range(len(self.validation)))
        pieces = pieces_of(places, self.validation, self.piece_tokens)
        if not self.journal.validated_places:
            pieces = [pieces[place] for place in np.random.default_rng(self.settings.seed).permutation(len(pieces))]
        with torch.no_grad(), self._autocast():
            for done, piece in enumerate(pieces, 1):
                batch = batch_of([self.validation[place] for place in piece], self.place.device)
                _, each = losses(self.model, batch, batch.judged)
                total, count = total + float(each.double().sum()), count + len(each)
                is_long = time.monotonic() - begin_s > self.pace.limit_seconds * _FIRST_VALIDATION_SHARE
                if not self.journal.validated_places and self.pace.limit_seconds and is_long:
                    pieces = pieces[:done]
                    break
        self.journal.validated_places = sorted(place for piece in pieces for place in piece)
        loss = total / max(1, count)
        if self.journal.validated(step, loss):
            self.journal.best = self.trained()
        self.pace.validation_seconds = time.monotonic() - begin_s
        return loss

    # What follows replaces methods of transformers' trainer.

    def get_train_dataloader(self) -> Any:
        return DataLoader(
            [{"places": step} for step in self.steps], batch_size=1, shuffle=False, collate_fn=lambda items: items[0]
        )

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        if self.lr_scheduler is None:
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, self.pace)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        begin_s = time.monotonic()
        model.train()
        places = inputs["places"]
        while True:
            try:
                loss = self._backward(model, places)
                break
            except torch.OutOfMemoryError as error:
                self._take_less(max(self.lessons[place].num_tokens for place in places), error)
            model.zero_grad()
        tokens = sum(self.lessons[place].num_tokens for place in places)
        self.journal.num_tokens += tokens
        if self.place.device == "cuda":
            torch.cuda.synchronize()
        if self.state.global_step > self.began_at:
            self.pace.measured(tokens, time.monotonic() - begin_s)
        return loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        metrics = {"eval_loss": self.validate(self.state.global_step)}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def floating_point_ops(self, inputs: Any) -> int:
        return 0

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        save_file(self.trained(), str(Path(output_dir or self.args.output_dir) / WEIGHTS))

    def _get_output_dir(self, trial: Any) -> str:
        return str(self.checkpoints.writing)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = self.state.global_step
        self.tell(Phase.SAVING, step)
        with self.checkpoints.new(step) as folder:
            self.journal.save(folder)
            super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        folder = Path(resume_from_checkpoint)
        self.journal = Journal.load(folder)
        self.restore(load_file(str(folder / WEIGHTS)))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        limit_seconds = self.pace.limit_seconds
        super()._load_optimizer_and_scheduler(checkpoint)
        self.pace.limit_seconds = limit_seconds  # the person may have given another one

    # Of this class alone.

    def _autocast(self) -> Any:
        return torch.autocast(self.place.device, torch.bfloat16, enabled=self.place.is_bf16)

    def _backward(self, model: Any, places: Sequence[int]) -> Any:
        """Gradients of one step; returns its loss, the mean over the weights."""
        weight = max(float(sum(self.lessons[place].weights.sum() for place in places)), 1e-6)
        loss = torch.zeros((), device=self.place.device)
        for piece in pieces_of(places, self.lessons, self.piece_tokens):
            batch = batch_of([self.lessons[place] for place in piece], self.place.device)
            with self._autocast():
                total, _ = losses(model, batch, batch.weights > 0)
            (total / weight).backward()
            loss += total.detach() / weight
        return loss

    def _take_less(self, longest: int, error: Exception) -> None:
        """After the GPU's memory ran out: smaller pieces, then everything computed twice, then an error."""
        torch.cuda.empty_cache()
        if self.piece_tokens > longest:
            self.piece_tokens = max(longest, self.piece_tokens // 2)
        elif not self.args.gradient_checkpointing:
            self.args.gradient_checkpointing = True
            self.model.gradient_checkpointing_enable(self.args.gradient_checkpointing_kwargs)
        else:
            raise TrainingError(
                f"The memory of {self.place.name} is too small for {longest} tokens at a time.",
                "Lower max_tokens, choose a smaller model, or train on the CPU.",
            ) from error

    def tell(self, phase: Phase, step: int, note: str = "") -> None:
        recent = [loss for _, loss in self.journal.train_losses[-10:]]
        validations = self.journal.validation_losses
        self.on_progress(
            Progress(
                phase,
                step,
                self.pace.num_steps,
                sum(recent) / len(recent) if recent else None,
                validations[-1][1] if validations else None,
                self.pace.tokens_per_second,
                self.pace.seconds_left(step, self.step_tokens, num_validations_left(self, step)),
                note,
            )
        )
