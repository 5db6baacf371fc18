"""Calibration of word confidence."""
