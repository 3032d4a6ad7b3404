"""Median and worst of a row of measurements, and their ratio to another row."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any


def summary(seconds: Sequence[float]) -> dict[str, Any]:
    """In milliseconds; empty when nothing was measured."""
    if not seconds:
        return {}
    return {
        "median_ms": round(median(seconds) * 1000, 3),
        "best_ms": round(min(seconds) * 1000, 3),
        "worst_ms": round(max(seconds) * 1000, 3),
        "measured": len(seconds),
    }


def ratios(seconds: Sequence[float], bare: Sequence[float]) -> dict[str, float]:
    """Median and worst as multiples of the median of ``bare``."""
    if not seconds or not bare:
        return {}
    unit = median(bare)
    return {
        "median_ratio": round(median(seconds) / unit, 2),
        "worst_ratio": round(max(seconds) / unit, 2),
    }
