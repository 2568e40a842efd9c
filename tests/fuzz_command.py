"""The command `scripts/fuzz`: one value changed at a time, everywhere; or, with `--random`, many at once, by chance."""

from __future__ import annotations

import argparse
import sys
import time

import fuzzing
import one_value


def main() -> None:
    """Run cases, count what came of them, and fail if a call raised."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", help="how many (all; a million at random)")
    parser.add_argument("first", type=int, nargs="?", default=0, help="the number of the first one (0)")
    parser.add_argument("--random", action="store_true", help="mutate replies by chance instead")
    given = parser.parse_args()
    begun = time.perf_counter()
    most = fuzzing.MILLION if given.random else one_value.count() - given.first
    numbers = range(given.first, given.first + (most if given.cases is None else given.cases))
    wrong: list[str] = []
    if given.random:
        found = fuzzing.fuzz(numbers)
    else:
        found, wrong = one_value.sweep(numbers)
        if len(numbers) == 1:
            print(one_value.told(given.first))
    for kind, times in found.most_common():
        print(f"{times:>9,}  {kind}")
    print(*wrong, sep="\n")
    operations = len({sample.info.name for sample, _ in one_value.places()})
    print(f"{found.total():>9,}  in {time.perf_counter() - begun:.0f} s, {operations} operations: {len(wrong)} raised")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
