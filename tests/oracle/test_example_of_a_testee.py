"""examples/oracle_echo.py: a testee that obeys control messages, so that nothing is left that an echo cannot show."""

import asyncio
import subprocess
import sys
from pathlib import Path

from refws.oracle import Verdict, all_cases, judge_server

EXAMPLE = Path(__file__).parents[2] / "examples" / "oracle_echo.py"


def test_it_obeys_and_passes():
    command = [sys.executable, "-W", "error", str(EXAMPLE), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            report = asyncio.run(judge_server(process.stdout.readline().strip(), wanted()))
        finally:
            process.kill()
    assert len(report.results) == len(wanted()) > 5
    assert [(result.case.id, result.verdict, result.findings) for result in report.results] == [
        (case.id, Verdict.PASS, ()) for case in wanted()
    ]


def wanted():
    return [case for case in all_cases() if case.commands and "server" in case.roles]
