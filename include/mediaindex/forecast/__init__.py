"""Forecasts of a backfill's work, duration and cost, and their comparison with what came."""
