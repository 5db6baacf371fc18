"""Speaker diarization on ONNX Runtime, after pyannote's method."""
