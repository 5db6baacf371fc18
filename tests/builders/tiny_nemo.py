"""Tiny random NeMo checkpoints, made by NeMo: ``python tests/builders/tiny_nemo.py FOLDER KIND [KIND ...]``.

Kinds: conformer (CTC, subsampling 4), limited (the same, with attention over a few frames), shared (the same, with one
position bias for all layers), fastconformer (CTC, 8), tdt (FastConformer transducer with durations). For every
``NAME.npy`` in the folder, samples at 16 kHz, it also writes the output of NeMo: ``KIND.NAME.npy``, the log
probabilities (frames, classes) of a CTC model; ``KIND.NAME.json``, the words of a transducer and their times. Each
Conformer is also exported to ``KIND.PRECISION/model.onnx``, as recognition does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

from mediaindex.settings import Precision

LABELS = [" ", "a", "b", "c"]
WIDTH = 16
PIECES = 12
DURATIONS = [0, 1, 2, 3, 4]
# The variants change what the encoder computes.
CONFORMERS: dict[str, dict[str, Any]] = {
    "conformer": {},
    "limited": {"att_context_size": [6, 3]},
    "shared": {"untie_biases": False},
}


def config(kind: str, tokenizer: Path) -> dict[str, Any]:
    fast = kind not in CONFORMERS
    encoder = {
        "_target_": "nemo.collections.asr.modules.ConformerEncoder",
        "feat_in": 80,
        "feat_out": -1,
        "n_layers": 2,
        "d_model": WIDTH,
        "subsampling": "dw_striding" if fast else "striding",
        "subsampling_factor": 8 if fast else 4,
        "subsampling_conv_channels": WIDTH,
        "n_heads": 2,
        "conv_kernel_size": 5,
    } | CONFORMERS.get(kind, {})
    preprocessor = {
        "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor",
        "sample_rate": 16000,
        "normalize": "per_feature",
        "window_size": 0.025,
        "window_stride": 0.01,
        "window": "hann",
        "features": 80,
        "n_fft": 512,
        "frame_splicing": 1,
        "dither": 0.0,
        "pad_to": 0,
    }
    base = {"sample_rate": 16000, "preprocessor": preprocessor, "encoder": encoder}
    if kind == "tdt":
        return base | transducer() | {"tokenizer": {"dir": str(tokenizer), "type": "bpe"}}
    return base | {"labels": LABELS} | ctc()


def make_tokenizer(folder: Path) -> None:
    """A SentencePiece tokenizer with a few pieces: NeMo's transducers with durations need one for times."""
    import sentencepiece

    folder.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["ab ca bb cab a bc"] * 20),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=PIECES,
    )
    pieces = (line.split("\t")[0] for line in (folder / "tokenizer.vocab").read_text("utf-8").splitlines())
    (folder / "vocab.txt").write_text("\n".join(pieces), "utf-8")


def ctc() -> dict[str, Any]:
    decoder = {"_target_": "nemo.collections.asr.modules.ConvASRDecoder", "feat_in": WIDTH}
    return {"decoder": decoder | {"num_classes": len(LABELS), "vocabulary": LABELS}}


def transducer() -> dict[str, Any]:
    return {
        "model_defaults": {"enc_hidden": WIDTH, "pred_hidden": WIDTH, "tdt_durations": DURATIONS},
        "decoder": {
            "_target_": "nemo.collections.asr.modules.RNNTDecoder",
            "normalization_mode": None,
            "random_state_sampling": False,
            "blank_as_pad": True,
            "vocab_size": PIECES,
            "prednet": {"pred_hidden": WIDTH, "pred_rnn_layers": 1, "t_max": None, "dropout": 0.0},
        },
        "joint": {
            "_target_": "nemo.collections.asr.modules.RNNTJoint",
            "log_softmax": None,
            "preserve_memory": False,
            "fuse_loss_wer": False,
            "fused_batch_size": -1,
            "num_classes": PIECES,
            "vocabulary": [],
            "num_extra_outputs": len(DURATIONS),
            "jointnet": {
                "encoder_hidden": WIDTH,
                "pred_hidden": WIDTH,
                "joint_hidden": WIDTH,
                "activation": "relu",
                "dropout": 0.0,
            },
        },
        "decoding": {
            "strategy": "greedy_batch",
            "model_type": "tdt",
            "durations": DURATIONS,
            "greedy": {"max_symbols": 5},
        },
        "loss": {"loss_name": "tdt", "tdt_kwargs": {"durations": DURATIONS, "sigma": 0.02, "omega": 0.1}},
    }


def vary(model: Any) -> None:
    """Randomise norms and position biases: untrained ones have no effect, so an export could drop them unnoticed."""
    import torch

    with torch.no_grad():
        for name, values in model.encoder.named_parameters():
            if "pos_bias" in name or ("norm" in name and name.endswith("bias")):
                values.normal_(0, 0.3)
            elif "norm" in name:
                values.uniform_(0.3, 2.0)


def export(kind: str, folder: Path) -> None:
    from mediaindex.engines.nemo.export import export_here

    for precision in get_args(Precision):
        out = folder / f"{kind}.{precision}"
        out.mkdir()
        export_here(folder / f"{kind}.nemo", out, precision)


def make(kind: str, folder: Path) -> None:
    import numpy as np
    import torch
    from nemo.collections.asr.models import EncDecCTCModel, EncDecRNNTBPEModel
    from omegaconf import OmegaConf

    torch.manual_seed(0)
    if kind == "tdt":
        make_tokenizer(folder / "tokenizer")
    settings = OmegaConf.create(config(kind, folder / "tokenizer"))
    model = (EncDecRNNTBPEModel if kind == "tdt" else EncDecCTCModel)(settings)
    model.eval()
    if kind == "fastconformer":  # random weights always give the same class
        with torch.no_grad():
            last = model.decoder.decoder_layers[0]
            last.weight.mul_(10.0)
            noise = torch.randn(1, 40_000) / 10
            log_probs, _, _ = model(input_signal=noise, input_signal_length=torch.tensor([40_000]))
            last.bias.sub_(log_probs[0].mean(dim=0))
    if kind == "tdt":  # random weights give no words, or stay in one frame
        with torch.no_grad():
            model.joint.joint_net[-1].bias[PIECES] -= 0.5
            model.joint.joint_net[-1].bias[PIECES + 1] -= 5.0
            model.decoder.prediction["embed"].weight.mul_(4.0)
    if kind in CONFORMERS:
        vary(model)
    model.save_to(str(folder / f"{kind}.nemo"))
    for path in sorted(path for path in folder.glob("*.npy") if "." not in path.stem):
        samples = np.load(path)
        if kind == "tdt":
            (hypothesis,) = model.transcribe([samples], timestamps=True, verbose=False)
            words = [[word["word"], word["start"], word["end"]] for word in hypothesis.timestamp["word"]]
            (folder / f"{kind}.{path.stem}.json").write_text(json.dumps(words), "utf-8")
            continue
        with torch.no_grad():
            length = torch.tensor([len(samples)])
            log_probs, frames, _ = model(input_signal=torch.from_numpy(samples)[None], input_signal_length=length)
        np.save(folder / f"{kind}.{path.stem}.npy", log_probs[0, : frames[0]].numpy())


if __name__ == "__main__":
    for kind in sys.argv[2:]:
        make(kind, Path(sys.argv[1]))
        if kind in CONFORMERS:
            export(kind, Path(sys.argv[1]))
