"""The pytest plugin of the oracle: one test for each case. `refws.oracle.pytest_plugin` says how it is used.

It is installed beside the package, so that a run of pytest that does not use it imports nothing of refws.
"""

from collections.abc import Iterator
from typing import Any

import pytest

__all__: list[str] = []

MARKER = "websocket_oracle"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(server=URL or fixture, client=COMMAND, cases=, section=, clause=, level=, exclude=, patience=, "
        "strict=, expect=, headers=, tls=): judge a WebSocket server or client, one test for each case",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the marker becomes one for each case."""
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is not None:
        from refws.oracle.pytest_plugin import generate  # noqa: PLC0415 (only where it is used)

        generate(metafunc, marker)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test with the marker has the result, whether its function asks for it or not."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker(MARKER) is not None and "oracle_result" not in names:
        names.append("oracle_result")


@pytest.fixture
def oracle_case() -> Any:
    """The case that is played."""
    raise pytest.UsageError(f"oracle_case is for tests that are marked with {MARKER}")


@pytest.fixture
def oracle_result(request: pytest.FixtureRequest, oracle_case: Any) -> Any:
    """How the testee did in the case, a `refws.oracle.CaseResult`."""
    from refws.oracle.pytest_plugin import result_of  # noqa: PLC0415

    return result_of(request, request.node.get_closest_marker(MARKER), oracle_case)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Fail a test whose testee failed the case, before its own lines see the result."""
    marker = pyfuncitem.get_closest_marker(MARKER)
    if marker is not None:
        from refws.oracle.pytest_plugin import conclude  # noqa: PLC0415

        result: Any = pyfuncitem.funcargs["oracle_result"]
        conclude(marker, result)
    return (yield)
