"""Types that all packages share: jobs, stages, artifacts, states. Imports only the timeline and the errors."""
