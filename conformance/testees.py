"""What is judged: refws on each of its hosts, or two programs that somebody names. The table is `TESTEES`."""

import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from conformance.autobahn.cases import ALL_CASES, CORE
from conformance.results import ROLES, Results, Role, role_of


@dataclass(frozen=True, slots=True)
class Testee:
    """A program that is judged: its name in reports, what it runs on, how it is started, by which cases it is judged.

    The name is the role, and for a further host of this role a hyphen and the host. In the command of a client,
    `{url}` and `{agent}` stand for the fuzzing server's URL and the name of the agent.
    """

    name: str
    host: str
    command: Sequence[str]
    cases: Sequence[str]

    @property
    def role(self) -> Role:
        """The side it plays."""
        return role_of(self.name)

    def limited_to(self, cases: Collection[str]) -> Self:
        """Give this testee with those of its cases that are among `cases`."""
        return replace(self, cases=tuple(case for case in self.cases if case in cases))


_SERVER: Final = (sys.executable, "-m", "conformance", "server-testee")
_CLIENT: Final = (sys.executable, "-m", "conformance", "client-testee", "{url}", "--agent", "{agent}")
_REFWS_SERVE: Final = (sys.executable, "-m", "refws", "serve", "--echo", "--host", "127.0.0.1", "--port", "0")

# refws itself. All hosts share the protocol and its compression, so that groups 12 and 13 are left to asyncio.
TESTEES: Final = (
    Testee("server", "asyncio", _REFWS_SERVE, ALL_CASES),
    Testee("server-http.server", "http.server", (*_SERVER, "http.server"), CORE),
    Testee("server-threads", "threads", (*_SERVER, "threads"), CORE),
    Testee("server-uvicorn", "uvicorn", (*_SERVER, "uvicorn"), CORE),
    Testee("client", "asyncio", _CLIENT, ALL_CASES),
    Testee("client-threads", "threads", (*_CLIENT, "--host", "threads"), CORE),
)
HOSTS: Final = tuple(dict.fromkeys(testee.host for testee in TESTEES))


def hosts_of(role: Role) -> Sequence[str]:
    """Give the hosts on which refws is judged in a role."""
    return [testee.host for testee in TESTEES if testee.role == role]


def others(server: str | None, client: str | None) -> Sequence[Testee]:
    """Give the testees of a run that judges other programs by all cases: a server and a client, by their commands.

    None is refws. Raises ValueError when a command cannot be split or is empty, and when a client's lacks {url}.
    """
    if client is not None and "{url}" not in client:
        raise ValueError("the command needs {url} where the fuzzing server's URL belongs ({agent} is optional)")
    commands = (_REFWS_SERVE if server is None else _split(server), _CLIENT if client is None else _split(client))
    return [Testee(role, "", command, ALL_CASES) for role, command in zip(ROLES, commands, strict=True)]


def due(results: Results) -> Sequence[Testee]:
    """Give the testees that a whole run like this one has: all of the table where it judged refws, else two."""
    return TESTEES if results.source else others(None, None)


def _split(text: str) -> Sequence[str]:
    words = shlex.split(text)
    if not words:
        raise ValueError("the command is empty")
    return words
