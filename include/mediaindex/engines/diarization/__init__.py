"""Speaker diarization on ONNX Runtime, by the method of pyannote.audio."""
