"""Where wstest runs: in Docker containers, or on a local CPython 2.7."""
