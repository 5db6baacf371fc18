"""Runs stages over a batch: job.json in, result.json out, progress on the way, an exit code that means something."""
