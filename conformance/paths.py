"""Where the harness keeps things, below the repository it stands in."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
REPORTS: Final = ROOT / "reports"
WORK: Final = ROOT / ".work" / "conformance"
