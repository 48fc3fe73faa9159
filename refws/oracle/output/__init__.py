"""The forms that a report takes: for a terminal, for programs, for continuous integration, for a browser."""
