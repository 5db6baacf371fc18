"""Forecasts of a backfill's work, duration and cost, and their comparison with the actual values."""
