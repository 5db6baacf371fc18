"""Saved forecasts, and the measurements that they are based on."""
