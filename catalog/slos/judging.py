"""Whether one measured value is good. Pure."""


def judge_value(value: float, at_least: float | None, at_most: float | None) -> bool:
    """Whether `value` lies within the bounds that are given, both included."""
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
