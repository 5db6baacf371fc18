"""Conformer-CTC on ONNX Runtime: features, decoding, vocabulary and language model."""
