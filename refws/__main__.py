"""``python -m refws``."""

from refws.cli import main

main()
