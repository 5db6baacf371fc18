"""How good and how fast the pipeline is on recordings with references: figures a file, a bucket and in all."""
