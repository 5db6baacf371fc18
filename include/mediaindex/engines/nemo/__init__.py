"""NeMo checkpoints: export to ONNX, reduced precision, and recognition with NeMo itself."""
