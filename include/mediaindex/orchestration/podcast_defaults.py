"""How often, how many and how long, when podcasts are collected. Plain values: DAG files read this."""

from __future__ import annotations

import os
from datetime import timedelta

from mediaindex.catalog.patience import Patience

POOL = "podcasts"
# How often it is asked which feeds are due; how often one feed is due, its source says.
SCHEDULE = os.environ.get("MEDIAINDEX_PODCAST_SCHEDULE") or "*/15 * * * *"
GROUPS = 16  # mapped tasks of a run at most, however many feeds there are
# After this a task begins no further episode, and the next run goes on; one episode may take an hour by WebLimits.
BEGIN_WITHIN_S = 45 * 60.0
COLLECT_TIMEOUT = timedelta(hours=3)
# A feed is asked again for ever, but ever more rarely; an episode is given up until its feed says something new of it.
FEED_PATIENCE = Patience(first_wait_s=600.0, longest_wait_s=6 * 3600.0)
EPISODE_PATIENCE = Patience(transient_attempts=12, doubtful_attempts=4, first_wait_s=600.0, longest_wait_s=12 * 3600.0)
