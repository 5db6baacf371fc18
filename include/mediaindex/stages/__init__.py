"""The heart, one module a stage: each says what it reads, what it writes, its settings and its version."""
