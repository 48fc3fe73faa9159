"""What stops the harness, as opposed to what a verdict says about a testee; and the exit statuses."""

from enum import IntEnum


class HarnessFailure(Exception):
    """The run could not be done or cannot be trusted; the message is one line that says what to do, where known."""


class ExitStatus(IntEnum):
    """How the harness tells its caller what came out; wrong options are 2 as well, as everywhere."""

    GOOD = 0
    WORSE = 1
    FAILURE = 2
    INTERRUPTED = 130
