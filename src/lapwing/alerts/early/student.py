"""Student's t by way of the normal, for arrays.

Wallace, "Bounds on normal approximations to Student's and the chi-square distributions" (1959): within .002 from three
degrees of freedom on.
"""

from __future__ import annotations

import math

import numpy as np

from lapwing.alerts.chance import Floats

_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def below(value: Floats, freedom: Floats) -> Floats:
    """The probability that t is below `value`."""
    stretch = (8 * freedom + 1) / (8 * freedom + 3)
    normal = np.sign(value) * stretch * np.sqrt(freedom * np.log1p(np.square(value) / freedom))
    found: Floats = 0.5 * _erfc(-normal / math.sqrt(2))
    return found


def quantile(normal: float, freedom: Floats) -> Floats:
    """The t as likely to be passed as a standard normal's `normal` is."""
    stretch = (8 * freedom + 3) / (8 * freedom + 1)
    found: Floats = np.sign(normal) * np.sqrt(freedom * np.expm1(np.square(normal * stretch) / freedom))
    return found
