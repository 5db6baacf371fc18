"""Calibrations of word confidence, a card a model: the package's own lie here, a user's beside the model.

``mediaindex calibrate`` writes them.
"""

from .card import CalibrationCard, Fitted, Quality, find_card, own_path, write_card

__all__ = ["CalibrationCard", "Fitted", "Quality", "find_card", "own_path", "write_card"]
