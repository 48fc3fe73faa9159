"""The cases of the client's opening handshake: every clause is known, right clients pass, and liars are caught."""

import asyncio
import importlib
import os
import ssl
import sys
import uuid
from urllib.parse import quote

import pytest

import refws
from refws.clauses.ledger import lookup
from refws.oracle.cases import all_cases
from refws.oracle.cases.s03_client_uris import WIDE
from refws.oracle.cases.s04_1_client_keys import ENOUGH, oddities
from refws.oracle.client import ClientJudge
from refws.oracle.client_uris import asked_for as path_and_query
from refws.oracle.client_uris import uri_of
from refws.oracle.clients import judge_client
from refws.oracle.expect import NeverConnects
from refws.oracle.verdict import Role, Verdict
from refws.oracle.wire.tls import ClientHello, parse_client_hello
from tests.oracle.handshake_clients import Client, results_of

URIS = ("s03_client_uris", "s04_1_client_tls")
MODULES = (
    "s04_1_client_checks",
    "s04_1_client_instead",
    "s04_1_client_keys",
    "s04_1_client_reading",
    "s04_1_client_statuses",
    "s04_1_client_subprotocols",
    "s09_1_client_extensions",
    "s11_client_header_fields",
)
CASES = {case.id: case for module in MODULES for case in importlib.import_module(f"refws.oracle.cases.{module}").CASES}
URI_CASES = {case.id: case for module in URIS for case in importlib.import_module(f"refws.oracle.cases.{module}").CASES}
PATIENCE = 2.0
# Where a right client waits for the final answer, too, until the oracle's patience is over.
WAITING = "4.1/status/102-then-nothing"
QUICK = {id_: case for id_, case in CASES.items() if id_ != WAITING}


def judged(run, cases, patience=PATIENCE):
    async def main():
        return await results_of(ClientJudge(cases, patience=patience), run)

    return asyncio.run(main())


def verdicts(results):
    return {id_: result.verdict.value for id_, result in results.items() if result.verdict is not Verdict.PASS}


def liar(fault, *ids, patience=PATIENCE):
    return judged(lambda port, target: Client(fault).run(port, target), [CASES[id_] for id_ in ids], patience)


def test_each_case_is_for_clients_and_cites_requirements_of_the_ledger():
    for case in [*CASES.values(), *URI_CASES.values()]:
        assert case.roles == {Role.CLIENT}
        assert case.bare
        assert len(case.clauses) == len(set(case.clauses)), case.id
        for clause in case.clauses:
            (record,) = lookup(clause)
            assert record.is_requirement


def test_what_is_not_shown_is_in_the_ledger_and_in_no_case():
    shown = {clause for case in [*CASES.values(), *URI_CASES.values()] for clause in case.clauses}
    for module in ("s03_client_uris", "s04_1_client_keys"):
        for clause, reason in importlib.import_module(f"refws.oracle.cases.{module}").NOT_SHOWN.items():
            (record,) = lookup(clause)
            assert record.wire == "yes"
            assert reason
            assert clause not in shown


def test_a_right_client_passes_all_of_them():
    results = judged(lambda port, target: Client().run(port, target), list(QUICK.values()))
    assert verdicts(results) == {}
    assert len(results) == len(QUICK)
    assert liar("", WAITING, patience=0.3)[WAITING].verdict is Verdict.PASS


def test_a_client_that_asks_for_nothing_is_tried_where_that_makes_no_difference():
    client = Client(subprotocols=(), extensions="")
    results = judged(client.run, [*QUICK.values()])
    assert set(verdicts(results).values()) == {"UNIMPLEMENTED"}
    assert all(id_.startswith(("4.1/subprotocol/", "9.1/", "11.3.4/")) for id_ in verdicts(results))


def test_an_eccentric_client_passes_all_of_them():
    cases = [case for case in QUICK.values() if not case.slow]
    assert verdicts(judged(lambda port, target: Client("is eccentric").run(port, target), cases)) == {}


def test_a_client_may_fail_with_a_close_but_sends_no_frame_to_what_is_plain_http():
    ids = ("4.1/accept/missing", "4.1/start-line/empty", "9.1/answer/malformed/no-name", "4.1/status/404")
    results = liar("says goodbye", *ids)
    assert verdicts(results) == {"4.1/status/404": "FAIL"}
    assert results["4.1/accept/missing"].closing is Verdict.PASS


def test_a_client_that_fails_and_leaves_the_end_of_tcp_to_the_server_passes():
    ids = ("4.1/accept/missing", "4.1/status/404", "4.1/start-line/empty", "9.1/answer/malformed/no-name")
    assert verdicts(liar("leaves the end to the server", *ids, patience=0.3)) == {}


def test_a_client_that_leaves_what_is_behind_the_answer_until_more_comes_is_not_strict_where_that_is_the_point():
    behind = [id_ for id_ in CASES if id_.startswith("4.1/reading/") and id_.endswith("-behind")]
    others = ("4.1/reading/ordinary", "4.1/upgrade/upper-case", "4.1/accept/missing", "4.1/status/404")
    results = liar("leaves what is behind", *behind, *others, patience=0.2)
    wrong = verdicts(results)
    # nothing more comes there, and so it never answers the Close
    assert wrong.pop("4.1/reading/close-behind") == "FAIL"
    assert "4.1/reading/text-behind" in wrong
    assert set(wrong.values()) == {"NON-STRICT"}
    assert set(wrong) < set(behind)
    assert "until more comes" in results["4.1/reading/text-behind"].findings[0].why


def test_who_is_silent_until_it_is_asked_again_is_not_taken_to_be_slow():
    cases = [CASES["4.1/reading/ordinary"], *(case for case in all_cases() if case.alias == "1.1.2")]
    judge = ClientJudge(cases, patience=0.2)
    client = Client("leaves what is behind")
    results = asyncio.run(results_of(judge, client.run))
    assert verdicts(results) == {}
    assert judge.agent("client").round_trips == []


def test_the_positive_control_does_not_depend_on_the_segment_that_it_comes_in():
    (case,) = [case for case in all_cases() if case.alias == "1.1.2"]
    client = Client("leaves what is behind")
    assert verdicts(judged(client.run, [case], patience=0.2)) == {}


async def refws_client(port, target):
    async with refws.connect(f"ws://127.0.0.1:{port}{target}", subprotocols=["chat.v2", "chat"]) as ws:
        async for message in ws:
            await ws.send(message)


def refws_client_in_a_thread(port, target):
    with refws.connect_sync(f"ws://127.0.0.1:{port}{target}", subprotocols=["chat.v2", "chat"]) as ws:
        for message in ws:
            ws.send(message)


def test_refws_passes_all_of_them():
    assert verdicts(judged(refws_client, [case for case in QUICK.values() if not case.slow])) == {}


def test_refws_in_threads_passes_all_of_them():
    async def run(port, target):
        await asyncio.to_thread(refws_client_in_a_thread, port, target)

    assert verdicts(judged(run, [case for case in QUICK.values() if not case.slow])) == {}


LIARS = [
    ("does not wait", "4.1/reading/waits-for-the-answer", "4.1-p38-s1"),
    ("status", "4.1/status/200", "4.1-p39-s1"),
    ("status", "4.1/status/302", "4.1-p39-s1"),
    ("status", "4.1/status/401", "4.1-p39-s1"),
    ("status", "4.1/status/500-and-101-in-the-reason", "4.1-p39-s1"),
    ("opens on 1xx", WAITING, "4.1-p39-s1"),
    ("any head", "11.3.5/answer/list", "4.1-p39-s1"),
    ("any head", "4.1/status/404-with-frames", "4.1-p39-s1"),
    ("any head", "4.1/instead/greeting", "4.1-p45-s1"),
    ("any head", "4.1/start-line/empty", "4.1-p45-s1"),
    ("start line", "4.1/start-line/another-protocol", "4.1-p45-s1"),
    ("upgrade", "4.1/upgrade/missing", "4.1-p40-s1"),
    ("upgrade", "4.1/upgrade/h2c", "4.1-p40-s1"),
    ("upgrade", "4.1/upgrade/kelvin-sign", "4.1-p40-s1"),
    ("upgrade in any list", "4.1/upgrade/list", "4.1-p40-s1"),
    ("upgrade in any list", "4.1/upgrade/another-field", "4.1-p40-s1"),
    ("case of upgrade", "4.1/upgrade/mixed-case", "4.1-p40-s1"),
    ("connection", "4.1/connection/missing", "4.1-p41-s1"),
    ("connection", "4.1/connection/keep-alive", "4.1-p41-s1"),
    ("connection within", "4.1/connection/within-a-token", "4.1-p41-s1"),
    ("connection is one word", "4.1/connection/last-of-a-list", "4.1-p41-s1"),
    ("accept", "4.1/accept/missing", "4.1-p42-s1"),
    ("accept", "4.1/accept/of-another-key", "4.1-p42-s1"),
    ("case of accept", "4.1/accept/lower-case", "4.1-p42-s1"),
    ("beginning of accept", "4.1/accept/truncated", "4.1-p42-s1"),
    ("first accept", "4.1/accept/right-then-wrong", "4.1-p42-s1"),
    ("last accept", "4.1/accept/wrong-then-right", "4.1-p42-s1"),
    ("padding of accept", "4.1/accept/padded", "4.1-p42-s1"),
    ("case of names", "4.1/names/lower-case", "4.1-p46-s1"),
    ("subprotocol", "4.1/subprotocol/not-asked-for", "4.1-p44-s1"),
    ("case of subprotocol", "4.1/subprotocol/in-another-case", "4.1-p44-s1"),
    ("first of subprotocols", "4.1/subprotocol/list", "4.1-p45-s1"),
    ("first of subprotocols", "11.3.4/two-subprotocols", "4.1-p44-s1"),
    ("empty subprotocol", "4.1/subprotocol/empty", "4.1-p45-s1"),
    ("extension", "9.1/answer/not-asked-for/unknown", "4.1-p43-s1"),
    ("extension list", "9.1/answer/not-asked-for/another-behind", "4.1-p43-s1"),
    ("first extension field", "9.1/answer/two-fields", "4.1-p43-s1"),
    ("extension", "9.1/answer/malformed/no-value", "9.1-p1-s3"),
    ("extension grammar", "9.1/answer/malformed/empty", "9.1-p1-s3"),
    ("extension parameters", "9.1/answer/unknown-parameter", "9.1-p7-s2"),
    ("drops what is behind", "4.1/reading/text-behind", "4.1-p47-s1"),
    ("keeps TCP", "4.1/accept/missing", "7.1.7-p1-s2/1"),
    ("keeps TCP", "4.1/instead/end-before-the-empty-line", "7.1.7-p1-s2/1"),
]
SILENT = {"keeps TCP", "opens on 1xx", "drops what is behind"}


@pytest.mark.parametrize(("fault", "id_", "clause"), LIARS, ids=[f"{fault}-{id_}" for fault, id_, _ in LIARS])
def test_a_liar_is_caught_on_the_clause(fault, id_, clause):
    result = liar(fault, id_, patience=0.3 if fault in SILENT else PATIENCE)[id_]
    assert result.verdict is Verdict.FAIL
    assert result.findings[0].clause == f"rfc6455:{clause}"


def test_a_client_without_a_bound_is_not_strict_and_the_bound_of_another_is_recorded():
    id_ = "4.1/instead/endless-fields"
    assert liar("bound", id_, patience=0.3)[id_].verdict is Verdict.NON_STRICT
    assert "gave up before" in liar("", id_)[id_].seen


LENIENT = [
    ("version", "4.1/start-line/http-1.0", "11.1.1-p11-s1"),
    ("first accept", "11.3.3/accept-twice", "11.3.3-p9-s1"),
    ("upgrade in any list", "4.1/upgrade/twice", "4.1-p40-s1"),
    ("start line", "4.1/reading/no-colon", "4.1-p45-s1"),
]


@pytest.mark.parametrize(("fault", "id_", "clause"), LENIENT, ids=[id_ for _, id_, _ in LENIENT])
def test_what_no_clause_binds_a_client_to_refuse_is_not_strict(fault, id_, clause):
    result = liar(fault, id_)[id_]
    assert (result.verdict, result.findings[0].clause) == (Verdict.NON_STRICT, f"rfc6455:{clause}")


# Keys


def test_keys_that_do_not_change_are_caught_in_a_run():
    ids = [id_ for id_ in CASES if id_.startswith(("4.1/accept/", "4.1/connection/", "4.1/start-line/", "4.1/keys"))]
    assert len(ids) > ENOUGH
    result = liar("one key", *ids)["4.1/keys/drawn-at-random-anew"]
    assert (result.verdict, result.findings[0].clause) == (Verdict.FAIL, "rfc6455:4.1-p29-s3")


def test_too_few_keys_tell_nothing():
    (result,) = liar("", "4.1/keys/drawn-at-random-anew").values()
    assert result.verdict is Verdict.NOT_RUN


def keys(make):
    return [make(number) for number in range(ENOUGH)]


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda number: os.urandom(16), []),
        (lambda number: bytes(16), [("rfc6455:4.1-p29-s3", Verdict.FAIL)]),
        (lambda number: number.to_bytes(16, "big"), [("rfc6455:4.1-p29-s3", Verdict.FAIL)]),
        (lambda number: b"prefix" + os.urandom(10), [("rfc6455:4.1-p29-s3", Verdict.FAIL)]),
        (lambda number: uuid.uuid4().bytes, [("rfc6455:4.1-p29-s2", Verdict.NON_STRICT)]),
        (lambda number: os.urandom(15) + b"\0", [("rfc6455:4.1-p29-s2", Verdict.NON_STRICT)]),
    ],
    ids=["random", "constant", "counting", "prefix", "uuid4", "last-octet"],
)
def test_what_is_odd_in_keys(make, found):
    assert [(clause, verdict) for clause, verdict, _ in oddities(keys(make))] == found


# URIs


def asked_for(id_, change=lambda target: target, host="", given=None):
    """The verdict on a client that was given a case's URI, and asks for what `change` makes of the right target."""

    async def main():
        case = URI_CASES[id_]
        judge = ClientJudge([case], patience=PATIENCE)
        right = uri_of(case, "", 1, "client")

        async def run(port, target):
            judge.given[id_] = given.replace("PORT", str(port)) if given else f"ws://127.0.0.1:{port}{right}"
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            client = Client()
            octets = client.request(port, change(right)).replace(b"127.0.0.1", host.encode() or b"127.0.0.1")
            writer.write(octets)
            try:
                await client.echo(reader, writer, await client.answer(reader))
            finally:
                writer.close()

        return (await results_of(judge, run))[id_]

    return asyncio.run(main())


def test_a_target_that_is_the_resource_name_passes():
    assert asked_for("3/uri/escaped-path").verdict is Verdict.PASS
    assert asked_for("3/uri/no-path", lambda target: "/" + target).verdict is Verdict.PASS
    assert asked_for("3/uri/empty-query", lambda target: target.rstrip("?")).verdict is Verdict.PASS
    assert (
        asked_for("11.1/uri/not-ascii", lambda target: target.replace("é=€", "%C3%A9=%E2%82%AC")).verdict
        is Verdict.PASS
    )


WRONG_TARGETS = [
    ("3/uri/escaped-path", lambda target: target.replace("%2F", "/"), Verdict.FAIL, "3-p8-s1"),
    ("3/uri/escaped-path", lambda target: target.replace("~", "%7E"), Verdict.NON_STRICT, "3-p8-s1"),
    ("3/uri/escapes-in-the-query", lambda target: target.replace("%25", "%2525"), Verdict.FAIL, "3-p10-s1"),
    ("3/uri/escaped-number-sign", lambda target: target.partition("&a=")[0], Verdict.FAIL, "3-p11-s2"),
    ("3/uri/empty-query", lambda target: target, Verdict.NON_STRICT, "3-p9-s1"),
    ("11.1/uri/not-ascii", lambda target: target.replace("é=€", "%E9=%A4"), Verdict.FAIL, "11.1.1-p9-s1"),
    ("3/uri/fragment", lambda target: target.partition("#")[0], Verdict.NON_STRICT, "3-p11-s1"),
    ("3/uri/fragment", lambda target: target, Verdict.FAIL, "3-p11-s1"),
]


@pytest.mark.parametrize(("id_", "change", "verdict", "clause"), WRONG_TARGETS)
def test_a_target_that_is_not_the_resource_name_is_caught(id_, change, verdict, clause):
    result = asked_for(id_, change)
    assert (result.verdict, result.findings[0].clause) == (verdict, f"rfc6455:{clause}")


def test_a_host_that_is_not_that_of_the_uri_is_caught():
    result = asked_for("3/uri/plain", host="127.0.0.2")
    assert (result.verdict, result.findings[0].clause) == (Verdict.FAIL, "rfc6455:4.1-p26-s1")


@pytest.mark.parametrize(
    ("host", "verdict"), [("localhost", Verdict.PASS), (quote(WIDE), Verdict.FAIL), ("127.0.0.1", Verdict.FAIL)]
)
def test_a_host_outside_ascii_is_named_in_ascii(host, verdict):
    target = "/runCase?case=1&agent=client"
    result = asked_for("11.1/uri/host-not-ascii", lambda _: target, host, f"ws://{WIDE}:PORT{target}")
    assert result.verdict is verdict
    assert not result.findings or result.findings[0].clause == "rfc6455:11.1.1-p8-s1"
    assert WIDE == "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54"


def test_a_client_that_connects_in_spite_of_a_port_with_a_letter_is_caught():
    given = "ws://127.0.0.1:1x/runCase?case=1&agent=client"
    result = asked_for("3/uri/letter-in-the-port", lambda target: target.removeprefix("x"), given=given)
    assert (result.verdict, result.findings[0].clause) == (Verdict.FAIL, "rfc6455:4.1-p4-s2")


def test_a_case_can_be_asked_for_in_several_ways():
    told = {"case": "7", "agent": "a"}
    for target in ("/runCase?case=7&agent=a", "/runCase/x%20y?case=7&agent=a", "/?case=7&agent=a", "?case=7&agent=a"):
        assert path_and_query(target) == ("/runCase", told)
    assert path_and_query("/runCase/7/a") == ("/runCase", told)
    assert path_and_query("/getCaseCount") == ("/getCaseCount", {})
    assert path_and_query("/") == ("/", {})


def test_a_client_that_puts_its_uri_together_is_not_tried():
    results = judged(lambda port, target: Client().run(port, target), [URI_CASES["3/uri/plain"]])
    assert results["3/uri/plain"].verdict is Verdict.NOT_RUN


def test_who_never_connects_refuses_a_uri_only_if_it_has_connected_before():
    case = next(
        case for case in URI_CASES.values() if isinstance(case.allowed[:1] and case.allowed[0].outcome, NeverConnects)
    )

    def verdict(has_opened):
        judge = ClientJudge([case])
        judge.agent("client").has_opened = has_opened
        judge.never_came(case, "client")
        (report,) = judge.reports()
        return report.results[0].verdict

    assert verdict(False) is Verdict.NOT_RUN
    assert verdict(True) is Verdict.PASS


# TLS


def client_hello(server_name=b"localhost", suites=(0x1301, 0xC02F), version=0x0303, records=1):
    """A ClientHello in that many records."""

    def vector(size, octets):
        return len(octets).to_bytes(size, "big") + octets

    name = b"\0\0" + vector(2, vector(2, b"\0" + vector(2, server_name))) if server_name else b""
    extensions = name + b"\0\x0b" + vector(2, b"\1\0")
    listed = b"".join(suite.to_bytes(2, "big") for suite in suites)
    body = version.to_bytes(2, "big") + bytes(32) + vector(1, b"") + vector(2, listed) + vector(1, b"\0")
    message = b"\1" + vector(3, body + vector(2, extensions))
    size = -(-len(message) // records)
    return b"".join(b"\x16\3\1" + vector(2, message[at : at + size]) for at in range(0, len(message), size))


def test_a_client_hello_is_read_in_whatever_pieces_it_comes():
    whole = client_hello(records=3)
    assert parse_client_hello(whole + b"more") == ClientHello((0x0303,), (0x1301, 0xC02F), "localhost")
    assert all(parse_client_hello(whole[:size]) is None for size in range(len(whole)))


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n", b"\x16\3\1\0\4\2\0\0\0", client_hello()[:5] + bytes(400)])
def test_what_is_no_client_hello(octets):
    with pytest.raises(ValueError):
        parse_client_hello(octets)


def said(*octets, ends=True):
    """The verdict on a client that was given a wss URI, and says this: something at first, the rest behind an alert."""

    async def main():
        (case,) = (case for case in URI_CASES.values() if case.uri.startswith("wss:"))
        judge = ClientJudge([case], patience=PATIENCE if ends else 0.2)

        async def run(port, target):
            judge.given[case.id] = uri_of(case, f"ws://127.0.0.1:{port}", 1, "client")
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(octets[0])
                for more in octets[1:]:
                    await reader.read(100)
                    writer.write(more)
                if not ends:
                    await asyncio.Event().wait()
            finally:
                writer.close()

        return (await results_of(judge, run))[case.id]

    return asyncio.run(main())


def test_a_client_that_does_tls_and_gives_up_passes():
    assert said(client_hello(), b"").verdict is Verdict.PASS


def connected_with(context):
    """The verdict on a client that really does TLS, with that context."""

    async def main():
        (case,) = (case for case in URI_CASES.values() if case.uri.startswith("wss:"))
        judge = ClientJudge([case], patience=PATIENCE)

        async def run(port, target):
            judge.given[case.id] = uri_of(case, f"ws://127.0.0.1:{port}", 1, "client")
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
            writer.write(Client().request(port, target))
            await reader.read()
            writer.close()

        return (await results_of(judge, run))[case.id]

    return asyncio.run(main())


def test_a_client_that_verifies_certificates_passes():
    result = connected_with(ssl.create_default_context())
    assert (result.verdict, "trusts nobody" in result.seen) == (Verdict.PASS, True)


def test_a_client_that_trusts_any_certificate_is_caught():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    result = connected_with(context)
    assert (result.verdict, result.findings[0].clause) == (Verdict.FAIL, "rfc6455:4.1-p19-s2")


TLS_LIARS = [
    ([client_hello(None), b""], Verdict.FAIL, "4.1-p20-s1"),
    ([client_hello(b"example.org"), b""], Verdict.FAIL, "4.1-p20-s1"),
    ([client_hello(suites=(0x1301, 0x0005)), b""], Verdict.NON_STRICT, "10.6-p2-s3"),
    ([client_hello(version=0x0301), b""], Verdict.NON_STRICT, "10.6-p2-s3"),
    ([client_hello(), b"GET /runCase?case=1 HTTP/1.1\r\n\r\n"], Verdict.FAIL, "4.1-p19-s2"),
    ([Client().request(0, "/runCase?case=1&agent=client")], Verdict.FAIL, "4.1-p19-s1"),
]


@pytest.mark.parametrize(("octets", "verdict", "clause"), TLS_LIARS)
def test_a_client_that_does_tls_wrong_is_caught(octets, verdict, clause):
    result = said(*octets)
    assert (result.verdict, result.findings[0].clause) == (verdict, f"rfc6455:{clause}")


def test_a_client_that_keeps_tcp_when_tls_has_failed_is_caught():
    result = said(client_hello(), b"", ends=False)
    assert (result.verdict, result.findings[0].clause) == (Verdict.FAIL, "rfc6455:7.1.7-p1-s2/1")


COMMAND = """
import asyncio, sys
from urllib.parse import urlsplit
from tests.oracle.handshake_clients import Client
uri = urlsplit(sys.argv[1])
if not uri.fragment:
    asyncio.run(Client().run(uri.port, f"{uri.path}?{uri.query}"))
"""


def test_a_command_gets_the_uris_of_the_cases(tmp_path):
    script = tmp_path / "client.py"
    script.write_text(COMMAND)
    cases = [URI_CASES[id_] for id_ in ("3/uri/plain", "3/uri/escaped-number-sign", "3/uri/fragment")]
    command = f"env PYTHONPATH={os.pathsep.join(path for path in sys.path if path)}:. {sys.executable} {script} {{url}}"
    (report,) = asyncio.run(judge_client(cases, command=command))
    assert [(result.case.id, result.verdict) for result in report.results] == [
        (case.id, Verdict.PASS) for case in cases
    ]
