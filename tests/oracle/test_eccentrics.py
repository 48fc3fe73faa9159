"""Honest eccentrics are never failed: here in a sample of cases; `python -m conformance liars` plays all quick ones."""

import asyncio

import pytest

from conformance.liars.eccentrics import ECCENTRICS, name_of, roles_of
from conformance.liars.endpoint import Endpoint
from conformance.liars.matrix import is_short
from conformance.liars.playing import judged
from refws.oracle.carrier import Carrier
from refws.oracle.cases import all_cases
from refws.oracle.verdict import Role, Verdict

QUICK = [case for case in all_cases() if is_short(case)]
SAMPLE = QUICK[::60]
EACH = [(kind, role) for kind in ECCENTRICS for role in roles_of(kind)]


def test_there_are_at_least_twenty():
    assert len({name_of(kind) for kind in ECCENTRICS}) >= 20
    assert all(kind.__doc__ for kind in ECCENTRICS)


@pytest.mark.parametrize(("kind", "role"), EACH, ids=[f"{name_of(kind)}/{role}" for kind, role in EACH])
def test_eccentrics_are_never_failed(kind, role):
    results = asyncio.run(judged(kind, role, SAMPLE, patience=3.0, jobs=16))
    assert results
    failed = [(one.case.id, one.findings) for one in results if one.verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR)]
    assert failed == []


@pytest.mark.parametrize("role", Role)
def test_the_honest_endpoint_is_conformant_in_every_quick_case(role):
    """Its only NON-STRICT cases are those of data that zlib does not tell apart from right data (ruling 27)."""
    results = asyncio.run(judged(Endpoint, role, QUICK, patience=3.0, jobs=16))
    assert len(results) == sum(role in case.roles and Carrier.HTTP1 in case.carriers for case in QUICK)
    assert {one.verdict for one in results} <= {
        Verdict.PASS,
        Verdict.NON_STRICT,
        Verdict.UNIMPLEMENTED,
        Verdict.NOT_RUN,
    }
    loose = {one.case.id for one in results if one.verdict is Verdict.NON_STRICT}
    assert loose <= {"7692:7.2.2/cut-short", "7692:7.2.2/cut-short-stored-block", "7692:7.2.2/tail-kept"}
