"""The proof's own machinery: liars are caught and blamed, who is honest is not, and no clause is forgotten."""

import asyncio
import json
from collections import Counter

import pytest
from click.testing import CliRunner

import refws
from conformance.autobahn.cases import ALL_CASES
from conformance.cli import main
from conformance.failure import ExitStatus
from conformance.liars import command
from conformance.liars.autobahn import Told
from conformance.liars.coverage import EXEMPT, SHOWN_BY, bound_roles, due, uncovered
from conformance.liars.endpoint import Endpoint
from conformance.liars.everyone import all_liars
from conformance.liars.liar import Liar
from conformance.liars.matrix import cases_for, play_liars
from conformance.liars.report import describe, not_conformant, page, to_json, worse
from conformance.paths import REPORTS
from refws.clauses.ledger import lookup
from refws.oracle.cases import all_cases
from refws.oracle.server import Target, one_case
from refws.oracle.verdict import Role, Verdict
from refws.rfc6455 import s06_2_receiving_data

SAMPLE = (
    "posts/client",
    "does-not-wait/client",
    "takes-any-accept/client",
    "answers-with-wrong-accept/server",
    "sends-unmasked/client",
    "takes-unmasked-frames/server",
    "takes-rsv/server",
    "fragments-pongs/server",
    "drops-at-close/server",
    "fails-with1006/client",
    "leaves-out-tls/client",
    "speaks-outside-tls/client",
    "speaks-outside-tls/server",
    "takes-cut-text/client",
    "takes-marked-continuations/client",
)


def test_every_clause_that_a_peer_can_see_has_a_liar_or_a_reason():
    assert uncovered(all_liars()) == []
    assert len(due()) > 200


def test_a_clause_without_its_liar_is_noticed():
    rest = [liar for liar in all_liars() if liar.clause != "rfc6455:5.1-p1-s6"]
    assert [(clause.name, role) for clause, role in uncovered(rest)] == [("rfc6455:5.1-p1-s6", Role.SERVER)]


def test_no_clause_has_both_a_liar_and_a_reason_for_none():
    lied = {name for liar in all_liars() for name in (liar.clause, f"{liar.clause} {liar.role}")}
    assert lied & EXEMPT.keys() == set()


@pytest.mark.parametrize("name", [*EXEMPT, *SHOWN_BY])
def test_reasons_are_about_clauses_that_are_due(name):
    clause, _, role = name.partition(" ")
    (record,) = lookup(clause)
    assert record.name == clause
    assert record.is_wire_visible_must
    assert not role or role in bound_roles(record)


def test_each_liar_has_its_name_its_role_and_its_fault():
    liars = all_liars()
    assert Counter(liar.name for liar in liars).most_common(1)[0][1] == 1
    for liar in liars:
        assert liar.role in bound_roles(liar.record), liar.name
        assert liar.fault.endswith("."), liar.name


def test_liars_are_caught_and_blamed_on_their_clause():
    liars = [liar for liar in all_liars() if liar.name in SAMPLE]
    fates = asyncio.run(play_liars(liars, all_cases()))
    assert {liar.name for liar in liars} == set(SAMPLE)
    assert [fate.liar.name for fate in fates if fate.survived] == []
    assert [fate.liar.name for fate in fates if not fate.is_blamed_rightly] == []


@pytest.mark.parametrize("role", [Role.SERVER, Role.CLIENT])
def test_who_is_honest_survives(role):
    honest = Liar("rfc6455:5.1-p1-s2", role, Endpoint, "It has none.", plays="5.2/")
    (fate,) = asyncio.run(play_liars([honest], all_cases()))
    assert fate.played > 50
    assert fate.survived


def test_a_liar_whose_clause_is_another_is_not_blamed_rightly():
    unmasked = next(liar for liar in all_liars() if liar.name == "sends-unmasked/client")
    accused = Liar("rfc6455:5.5-p3-s1/1", Role.CLIENT, unmasked.kind, "It is accused of something else.")
    (fate,) = asyncio.run(play_liars([accused], all_cases()))
    assert not fate.survived
    assert not fate.is_blamed_rightly


def test_a_liar_that_is_built_on_the_reference_is_caught(monkeypatch):
    monkeypatch.setattr(s06_2_receiving_data, "check_mask", lambda masked, expected: None)

    async def echo(websocket):
        async for message in websocket:
            await websocket.send(message)

    async def judge():
        cases = [case for case in all_cases() if "rfc6455:5.1-p1-s4" in case.clauses]
        async with refws.serve(echo) as server:
            target = Target.of(server.uri)
            return [await one_case(target, case, 1.0) for case in cases]

    results = asyncio.run(judge())
    blamed = {finding.clause for result in results for finding in result.findings if finding.verdict is Verdict.FAIL}
    assert "rfc6455:5.1-p1-s4" in blamed


HONEST = {"server": {"behavior": {"INFORMATIONAL": 3, "OK": 514}, "behaviorClose": {"INFORMATIONAL": 3, "OK": 514}}}


def fates_of(*names):
    liars = [liar for liar in all_liars() if liar.name in names]
    return asyncio.run(play_liars(liars, all_cases()))


def test_the_report_says_what_became_of_each():
    survey = describe(fates_of("posts/client"), {"late-end/server": []}, Told({"posts/client": "invisible"}, HONEST))
    assert survey["liars"]["posts/client"] == {
        "clause": "rfc6455:4.1-p23-s1/1",
        "level": "MUST",
        "role": "client",
        "fault": "The method of its request is POST.",
        "caught": True,
        "blamed": True,
        "case": survey["liars"]["posts/client"]["case"],
        "finding": "rfc6455:4.1-p23-s1/1",
        "autobahn": "invisible",
    }
    assert survey["clauses"]["rfc6455:4.1-p23-s1/1"] == {"client": {"liars": ["posts/client"]}}
    assert survey["clauses"]["rfc6455:4.1-p18-s1"]["client"]["exempt"]
    assert survey["honest"] == HONEST
    text = page(survey)
    assert "posts/client" in text
    assert "<b>514</b> OK" in text
    assert "never failed" in text
    assert "<script" not in text
    assert page(json.loads(to_json(survey))) == text


def test_what_is_worse_than_before_is_told():
    survey = describe(fates_of("posts/client", "sends-masked/server"), {"late-end/server": []}, Told())
    assert worse(survey, survey) == []
    now = json.loads(to_json(survey))
    now["liars"]["posts/client"]["caught"] = False
    del now["liars"]["sends-masked/server"], now["eccentrics"]["late-end/server"]
    assert worse(survey, now) == [
        "posts/client was caught, and now survives",
        "sends-masked/server is gone",
        "the eccentric late-end/server is gone",
    ]


@pytest.mark.parametrize("kind", ["behavior", "behaviorClose"])
@pytest.mark.parametrize("verdict", ["FAILED", "NON-STRICT", "UNIMPLEMENTED", "UNCLEAN", "FAILED BY CLIENT"])
def test_an_endpoint_of_ours_that_autobahn_minds_is_a_fault(kind, verdict):
    assert not_conformant({"honest": HONEST}) == []
    minded = {"server": HONEST["server"], "client": {**HONEST["server"], kind: {"OK": 516, verdict: 1}}}
    (line,) = not_conformant({"honest": minded})
    assert line.startswith("Autobahn does not find the honest client conformant")


def test_autobahn_has_found_our_own_endpoint_conformant_in_all_its_cases():
    survey = json.loads((REPORTS / "liars.json").read_text("utf-8"))
    assert not_conformant(survey) == []
    for role in Role:
        assert [sum(verdicts.values()) for verdicts in survey["honest"][role].values()] == [len(ALL_CASES)] * 2


def call(*arguments):
    return CliRunner().invoke(main, ["liars", *map(str, arguments)])


def test_the_command_judges_the_liars_that_are_asked_for(tmp_path):
    done = call("--liar", "posts/", "--no-eccentrics", "--reports", tmp_path, "--work", tmp_path)
    assert done.exit_code == ExitStatus.GOOD, done.output
    assert "1 of 1 liars caught" in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_command_publishes_nothing_of_a_part(tmp_path):
    done = call("--liar", "posts/", "--bless", "--reports", tmp_path)
    assert done.exit_code == ExitStatus.FAILURE
    assert list(tmp_path.iterdir()) == []


def test_the_command_fails_on_a_survivor(monkeypatch, tmp_path):
    honest = Liar("rfc6455:5.1-p1-s2", Role.CLIENT, Endpoint, "It has none.")
    monkeypatch.setattr(command, "all_liars", lambda: (honest,))
    done = call("--liar", "endpoint", "--no-eccentrics", "--reports", tmp_path, "--work", tmp_path)
    assert done.exit_code == ExitStatus.WORSE
    assert "endpoint/client breaks rfc6455:5.1-p1-s2, and survives" in done.output


def test_the_command_blesses_and_then_compares(monkeypatch, tmp_path):
    chosen = tuple(liar for liar in all_liars() if liar.name == "posts/client")
    monkeypatch.setattr(command, "all_liars", lambda: chosen)
    monkeypatch.setattr(command, "uncovered", lambda liars: [])
    monkeypatch.setattr(command, "ECCENTRICS", ())
    folders = ("--reports", tmp_path, "--work", tmp_path / "work")
    assert call(*folders).exit_code == ExitStatus.WORSE  # nothing to compare with
    assert call("--bless", *folders).exit_code == ExitStatus.GOOD
    first = (tmp_path / "liars.json").read_bytes(), (tmp_path / "liars.html").read_bytes()
    assert call(*folders).exit_code == ExitStatus.GOOD
    assert call("--bless", *folders).exit_code == ExitStatus.GOOD
    assert ((tmp_path / "liars.json").read_bytes(), (tmp_path / "liars.html").read_bytes()) == first
    monkeypatch.setattr(command, "all_liars", lambda: ())
    done = call(*folders)
    assert done.exit_code == ExitStatus.WORSE
    assert "posts/client is gone" in done.output


def test_a_liar_plays_the_cases_about_its_clause():
    liar = next(one for one in all_liars() if one.name == "takes-unmasked-frames/server")
    played = cases_for(liar, all_cases())
    assert 10 < len(played) < len(all_cases()) / 4
    assert all(case in played for case in all_cases() if case.clauses[0] == liar.clause and not case.alias)


def test_autobahn_can_be_asked_about_the_honest_endpoint_alone(tmp_path, monkeypatch):
    class Engine:
        def close(self):
            pass

    async def standing(engine, make, role, folder):
        assert make is Endpoint
        return {"behavior": {"OK": 517}, "behaviorClose": {"OK" if role is Role.SERVER else "UNCLEAN": 517}}

    monkeypatch.setattr(command, "choose", lambda *_: Engine())
    monkeypatch.setattr(command, "standing", standing)
    done = call("--liar", "honest", "--autobahn", "--no-eccentrics", "--reports", tmp_path, "--work", tmp_path / "work")
    told = json.loads((tmp_path / "work" / "autobahn-on-liars.json").read_text())
    assert told["liars"] == {}
    assert told["honest"].keys() == {"server", "client"}
    assert done.exit_code == ExitStatus.WORSE
    assert "Autobahn does not find the honest client conformant" in done.output
    assert "honest server" not in done.output
