"""What every room agrees on: jobs, stages, artifacts, states. It imports only the timeline and the errors."""
