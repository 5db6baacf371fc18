"""The small recogniser of the tests: ``python tests/corpus/train.py`` writes ``reader.nemo`` beside the corpus.

A Conformer-CTC of half a million weights, made by NeMo itself, that knows the English readings of the corpus almost by
heart and nothing else. It is no measure of recognition: it lets every machine test what surrounds a recogniser (export,
rounding, chunks, threads, vocabulary, language models, fallbacks) on speech that is understood. Five minutes of one
core; the result is committed.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.builders import corpus

HERE = Path(__file__).parent
RATE = 16_000
WIDTH = 80
PIECES = 64
STEPS = 600
SECONDS = 24  # of sound in a step
LONG = 9  # s: readings that are not joined
PEAK_RATE, WARM_UP = 3e-3, 60
SEED = 5
Reading = tuple[np.ndarray, str]


def config(tokenizer: Path) -> dict[str, Any]:
    """What NeMo builds the model from."""
    return {
        "sample_rate": RATE,
        "preprocessor": {
            "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor",
            "sample_rate": RATE,
            "normalize": "per_feature",
            "window_size": 0.025,
            "window_stride": 0.01,
            "window": "hann",
            "features": 80,
            "n_fft": 512,
            "frame_splicing": 1,
            "dither": 0.0,
            "pad_to": 0,
        },
        "encoder": {
            "_target_": "nemo.collections.asr.modules.ConformerEncoder",
            "feat_in": 80,
            "feat_out": -1,
            "n_layers": 3,
            "d_model": WIDTH,
            "subsampling": "striding",
            "subsampling_factor": 4,
            "subsampling_conv_channels": 32,
            "n_heads": 4,
            "conv_kernel_size": 15,
            "dropout": 0.05,
            "dropout_pre_encoder": 0.0,
            "dropout_emb": 0.0,
            "dropout_att": 0.05,
        },
        "decoder": {
            "_target_": "nemo.collections.asr.modules.ConvASRDecoder",
            "feat_in": WIDTH,
            "num_classes": -1,
            "vocabulary": [],
        },
        "tokenizer": {"dir": str(tokenizer), "type": "bpe"},
    }


def make_tokenizer(folder: Path, texts: list[str]) -> None:
    """A SentencePiece tokenizer of the corpus."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=PIECES,
        character_coverage=1.0,
        bos_id=-1,
        eos_id=-1,
    )
    pieces = (line.split("\t")[0] for line in (folder / "tokenizer.vocab").read_text("utf-8").splitlines())
    (folder / "vocab.txt").write_text("\n".join(pieces), "utf-8")


def sequence(readings: list[Reading], chance: random.Random) -> Reading:
    """A reading, or two short ones, between pauses, louder or softer, in more or less noise."""
    drawn = np.random.default_rng(chance.getrandbits(32))
    chosen = chance.sample(readings, 1)
    if len(chosen[0][0]) < LONG * RATE:
        chosen += chance.sample([one for one in readings if len(one[0]) < LONG * RATE], chance.choice((0, 1)))
    parts: list[np.ndarray] = [np.zeros(round(chance.uniform(0, 0.8) * RATE), np.float32)]
    for samples, _ in chosen:
        parts += [samples * chance.uniform(0.3, 1.5), np.zeros(round(chance.uniform(0.0, 0.9) * RATE), np.float32)]
    whole = np.concatenate(parts).astype(np.float32)
    level = 10 ** chance.uniform(-4.5, -2.0)
    return whole + drawn.normal(0, level, len(whole)).astype(np.float32), " ".join(text for _, text in chosen)


def batch(model: Any, readings: list[Reading], chance: random.Random) -> tuple[Any, ...]:
    """Samples, their lengths, pieces and theirs, padded: of about as many seconds each time."""
    import torch

    drawn = [sequence(readings, chance)]
    while (len(drawn) + 1) * max(len(sound) for sound, _ in drawn) < SECONDS * RATE:
        drawn.append(sequence(readings, chance))
    targets = [torch.tensor(model.tokenizer.text_to_ids(text)) for _, text in drawn]
    samples = [torch.from_numpy(sound) for sound, _ in drawn]
    pad = torch.nn.utils.rnn.pad_sequence
    return (
        pad(samples, batch_first=True),
        torch.tensor([len(one) for one in samples]),
        pad(targets, batch_first=True),
        torch.tensor([len(one) for one in targets]),
    )


def errors(model: Any, readings: list[Reading]) -> float:
    """Word error rate over the corpus."""
    import jiwer

    model.eval()
    told = model.transcribe([samples for samples, _ in readings], batch_size=1, verbose=False)
    model.train()
    return float(jiwer.wer([text for _, text in readings], [one.text for one in told]))


def main() -> None:
    """Train, and keep the weights in half precision."""
    import torch
    from nemo.collections.asr.models import EncDecCTCModelBPE
    from omegaconf import OmegaConf

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    chance = random.Random(SEED)
    readings = [(soundfile.read(reading.path, dtype="float32")[0], reading.text) for reading in corpus.readings()]
    with tempfile.TemporaryDirectory() as work:
        make_tokenizer(Path(work), [text for _, text in readings])
        model = EncDecCTCModelBPE(OmegaConf.create(config(Path(work))))
        optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, PEAK_RATE, total_steps=STEPS, pct_start=WARM_UP / STEPS
        )
        model.train()
        for step in range(STEPS):
            samples, lengths, targets, target_lengths = batch(model, readings, chance)
            logs, frames, _ = model(input_signal=samples, input_signal_length=lengths)
            loss = model.loss(log_probs=logs, targets=targets, input_lengths=frames, target_lengths=target_lengths)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if step % 25 == 0:
                sys.stdout.write(f"{step}: loss {loss.item():.2f}\n")
            if step % 100 == 99:
                sys.stdout.write(f"{step}: word error rate {errors(model, readings):.3f}\n")
        model.eval()
        model.half().save_to(str(HERE / "reader.nemo"))


if __name__ == "__main__":
    main()
