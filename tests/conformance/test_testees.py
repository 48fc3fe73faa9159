import pytest

from conformance.autobahn.cases import ALL_CASES, CORE
from conformance.results import Results, names
from conformance.testees import HOSTS, TESTEES, due, others


def test_refws_is_judged_by_all_cases_on_asyncio_and_by_groups_1_to_10_elsewhere():
    assert [(one.name, one.role, one.host, len(one.cases)) for one in TESTEES] == [
        ("server", "server", "asyncio", 517),
        ("server-http.server", "server", "http.server", 301),
        ("server-threads", "server", "threads", 301),
        ("server-uvicorn", "server", "uvicorn", 301),
        ("client", "client", "asyncio", 517),
        ("client-threads", "client", "threads", 301),
    ]
    assert {one.cases for one in TESTEES} == {ALL_CASES, CORE}
    assert HOSTS == ("asyncio", "http.server", "threads", "uvicorn")


def test_the_table_stands_in_the_order_of_reports():
    judged = [one.name for one in TESTEES]
    assert names(Results(dict.fromkeys(judged))) == judged


def test_every_further_host_is_told_to_its_program():
    for one in TESTEES:
        assert (one.host in one.command) == (one.host != "asyncio")
        assert ("{url}" in one.command) == ("{agent}" in one.command) == (one.role == "client")


def test_a_testee_takes_those_of_its_cases_that_are_asked_for():
    [server, *_, threads] = TESTEES
    assert server.limited_to({"12.1.1", "1.1.1", "99"}).cases == ("1.1.1", "12.1.1")
    assert threads.limited_to({"12.1.1", "1.1.1"}).cases == ("1.1.1",)
    assert threads.limited_to({"12.1.1"}).cases == ()


def test_other_programs():
    server, client = others("run 'the server' -p 0", "c {url}")
    assert (server.name, server.host, server.command) == ("server", "", ["run", "the server", "-p", "0"])
    assert (client.name, client.host, client.command) == ("client", "", ["c", "{url}"])
    assert server.cases == client.cases == ALL_CASES
    asyncio = {one.name: one.command for one in TESTEES if one.host == "asyncio"}
    assert {one.name: one.command for one in others(None, None)} == asyncio


def test_what_a_whole_run_has():
    assert due(Results({}, source="0123")) == TESTEES
    assert [(one.name, one.host) for one in due(Results({}))] == [("server", ""), ("client", "")]


@pytest.mark.parametrize("text", ["", "'", "  "])
def test_a_server_command_that_is_none(text):
    with pytest.raises(ValueError):
        others(text, None)


@pytest.mark.parametrize("text", ["", "client", "'{url}"])
def test_a_client_command_that_is_none(text):
    with pytest.raises(ValueError):
        others(None, text)
