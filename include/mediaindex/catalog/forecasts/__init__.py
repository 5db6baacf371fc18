"""Stored forecasts, and the measurements that they are made from."""
