"""Shared by the engines: device choice, ONNX Runtime sessions, loading of models, and the queue of chunks."""
