"""`tox -e bench` measures: no figure is judged here, only that there is one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("websockets")

RUN = Path(__file__).parent / "bench" / "run.py"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(RUN), *arguments], capture_output=True, text=True, check=False)


def test_a_run_measures_every_case_of_every_contestant(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    run = bench("--quick", "--rounds=1", "--only=send,handshake", "--with=refws pure,websockets", f"--json={file}")
    assert (run.returncode, run.stderr) == (0, "")
    results = json.loads(file.read_text())["results"]
    assert [result["title"] for result in results] == ["Send, sans-I/O", "Opening handshake", "Opening handshakes"]
    for result in results:
        for case, cells in result["cases"].items():
            assert set(cells) == {"refws pure", "websockets"}, case
            assert all(cell["median"] > 0 for cell in cells.values()), case
            assert cells["websockets"]["times_websockets"] == 1
    assert "refws pure is behind websockets in" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only=sned"], "'sned' is none of: receive, send"),
        (["--with=refws"], "'refws' is none of: refws +C, refws pure"),
        (["--rounds=0"], "'0' is not a number from 1 to 1000"),
        (["--rounds=1001"], "'1001' is not a number from 1 to 1000"),
        (["--json=/nowhere/at/all/x.json"], "there is no directory /nowhere/at/all"),
    ],
)
def test_a_wrong_option_is_one_clear_line(arguments: list[str], words: str) -> None:
    run = bench(*arguments)
    assert run.returncode == 2
    assert words in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
