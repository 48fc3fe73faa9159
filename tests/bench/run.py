"""Compare refws with websockets, wsproto, aiohttp and picows, in one interleaved run.

Every contestant runs in a process of its own; one sample of each is taken in turn, several rounds long, so that what
disturbs the machine disturbs all. A cell shows the median, how many times better than websockets that is (below 1 is
worse), and the smallest and the largest sample.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import onasyncio
import sansio
from contestants import CONTESTANTS, ON_REQUEST, BenchFailure, versions
from plan import Plan
from results import Result, markdown, show, show_losses
from rich.console import Console

MEASUREMENTS: dict[str, Callable[[Plan], Sequence[Result]]] = {
    "receive": sansio.receive,
    "send": sansio.send,
    "echo": onasyncio.echo,
    "memory": onasyncio.memory,
    "handshake": onasyncio.handshake,
}


WIDTH = 150
"""Columns of the widest table."""


def _names(all_of_them: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        for name in names:
            if name not in all_of_them:
                raise argparse.ArgumentTypeError(f"{name!r} is none of: {', '.join(all_of_them)}")
        return names

    return parse


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return int(text)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller samples, about 15 seconds in all instead of 60")
    parser.add_argument(
        "--only",
        type=_names(list(MEASUREMENTS)),
        default=tuple(MEASUREMENTS),
        metavar="NAMES",
        help=f"some of: {','.join(MEASUREMENTS)}",
    )
    parser.add_argument(
        "--with",
        dest="contestants",
        type=_names((*CONTESTANTS, *ON_REQUEST)),
        default=CONTESTANTS,
        metavar="NAMES",
        help=f"some of: {','.join(CONTESTANTS)}; on request also: {','.join(ON_REQUEST)}",
    )
    parser.add_argument("--rounds", type=_count, metavar="N", help="samples of each (15; with --quick 5)")
    parser.add_argument("--readme", action="store_true", help="put the ratios into the README too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to FILE too")
    options = parser.parse_args(arguments)
    if options.json is not None and not options.json.parent.is_dir():
        parser.error(f"there is no directory {options.json.parent} for the JSON")
    return options


def _put_into_readme(table: str, about: str, found: dict[str, str]) -> None:
    """Replace what stands in the README between the marks for it."""
    readme = Path(__file__).parents[2] / "README.md"
    before, begin, rest = readme.read_text(encoding="utf-8").partition("<!-- bench -->\n")
    _, end, after = rest.partition("<!-- end of bench -->")
    if not begin or not end:
        raise BenchFailure("README.md has no marks for the bench")
    what = f"{about}; {', '.join(f'{name} {version}' for name, version in found.items())}."
    readme.write_text(f"{before}{begin}{table}\n\n{what}\n{end}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status."""
    options = _arguments(arguments)
    # A narrower table would lose digits.
    console = Console(width=max(WIDTH, Console().width))
    rounds = options.rounds or (5 if options.quick else 15)
    begin = time.monotonic()
    results: list[Result] = []
    try:
        found = versions(options.contestants)
        about = f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} CPUs"
        console.print(f"{about}; {', '.join(f'{name} {version}' for name, version in found.items())}", style="dim")
        with Console(stderr=True).status("starting") as status:
            plan = Plan(options.contestants, rounds, options.quick, status.update)
            for name in options.only:
                done = MEASUREMENTS[name](plan)
                results += done
                for result in done:
                    show(console, result, options.contestants)
        show_losses(console, results, options.contestants)
        console.print(f"{rounds} rounds in {time.monotonic() - begin:.0f} s", style="dim")
        if options.json is not None:
            report = {"python": about, "versions": found, "results": [result.to_json() for result in results]}
            options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        if options.readme:
            _put_into_readme(markdown(results, options.contestants), about, found)
    except (BenchFailure, OSError) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
