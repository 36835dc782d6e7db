"""The flags that name a number in a CSV file: one column, or a ratio of two."""

from __future__ import annotations

from argparse import Namespace

from lapwing.model.problem import WrongUse


def columns_of(options: Namespace, what: str) -> tuple[str, str | None]:
    """The column of --value, or those of --numerator and --denominator. `what` is what they make, for the error.

    Raises:
        WrongUse: neither or both are given.
    """
    ratio = (options.numerator, options.denominator)
    if options.value is not None and ratio == (None, None):
        return options.value, None
    if options.value is None and None not in ratio:
        return options.numerator, options.denominator
    raise WrongUse.of(
        "wrong-arguments",
        f"{what} is one column or a ratio of two.",
        hint="Give --value COL, or --numerator COL and --denominator COL.",
    )
