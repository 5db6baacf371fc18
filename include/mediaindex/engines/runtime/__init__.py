"""What engines share: devices, ONNX Runtime sessions, loading and queues of chunks."""
