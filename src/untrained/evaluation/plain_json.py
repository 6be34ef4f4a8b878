"""Plain values as JSON: numbers that JSON does not have become null."""

import json
import math
from typing import Any


def as_json(value: Any) -> bytes:
    """Write plain values as JSON; infinite numbers and NaN as null."""
    return (json.dumps(_finite(value), indent=2, allow_nan=False) + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
