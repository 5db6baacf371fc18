"""NeMo checkpoints: export to ONNX, int8 rounding, and recognition by NeMo."""
