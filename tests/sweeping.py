"""Running many numbered cases, each of which can be repeated alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator


def outcomes(
    run: Callable[[int], str], told: Callable[[int], str], numbers: Iterable[int], until: float
) -> Iterator[tuple[int, str]]:
    """Run cases until a time on the monotonic clock at the latest, each with its outcome.

    An error that a case raises tells its name too.
    """
    logger = logging.getLogger("dingtalk_models")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # each odd field is warned of
    try:
        for number in numbers:
            if time.monotonic() > until:
                break
            try:
                outcome = run(number)
            except Exception as error:
                error.add_note(told(number))
                raise
            yield number, outcome
    finally:
        logger.setLevel(level)
