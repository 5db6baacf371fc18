"""Calibrations of word confidence, one card per model.

Cards of the package are in this directory, those of a user beside the model. ``mediaindex calibrate`` writes them.
"""

from .card import CalibrationCard, Fitted, Quality, find_card, own_path, write_card

__all__ = ["CalibrationCard", "Fitted", "Quality", "find_card", "own_path", "write_card"]
