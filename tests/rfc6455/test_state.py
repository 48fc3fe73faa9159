"""refws.rfc6455.state: the table, every pair of it, and every pair that it does not have."""

import itertools

import pytest

from refws.failure import UsageError
from refws.rfc6455.s07_1_definitions import Closing
from refws.rfc6455.state import READY_STATE, TRANSITIONS, Occurrence, ReadyState, State

# For each state what ESTABLISHED, CLOSE_SENT, CLOSE_RECEIVED, FAILED and TCP_CLOSED lead to.
EXPECTED = {
    "CONNECTING": ("OPEN", None, None, "FAILED", "CLOSED"),
    "OPEN": (None, "CLOSE_SENT", "CLOSE_RECEIVED", "FAILED", "CLOSED"),
    "CLOSE_SENT": (None, None, "CLOSE_EXCHANGED", "FAILED", "CLOSED"),
    "CLOSE_RECEIVED": (None, "CLOSE_EXCHANGED", None, "FAILED", "CLOSED"),
    "CLOSE_EXCHANGED": (None, None, None, "FAILED", "CLOSED"),
    "FAILED": (None, None, None, None, "CLOSED"),
    "CLOSED": (None, None, None, None, None),
}
PAIRS = [
    pytest.param(state, occurrence, EXPECTED[state.name][occurrence], id=f"{state.name}-{occurrence.name}")
    for state, occurrence in itertools.product(State, Occurrence)
]


@pytest.mark.clause(
    "rfc6455:4.1-p1-s2",
    "rfc6455:4.1-p47-s1",
    "rfc6455:4.2.2-p22-s2",
    "rfc6455:7.1.3-p1-s1",
    "rfc6455:7.1.4-p1-s1",
    "rfc6455:7.1.4-p2-s1",
    "rfc6455:5.5.1-p5-s1",
    "rfc6455:5.5.1-p7-s1",
)
@pytest.mark.parametrize(("state", "occurrence", "expected"), PAIRS)
def test_every_pair_leads_where_it_should_or_cannot_be(state, occurrence, expected):
    closing = Closing(lambda opcode, payload: None, client=False)
    closing.state = state
    if expected is None:
        with pytest.raises(UsageError, match=f"{occurrence.name} cannot happen .* {state.name}"):
            closing.has_occurred(occurrence)
        assert closing.state is state
        assert (state, occurrence) not in TRANSITIONS
    else:
        closing.has_occurred(occurrence)
        assert closing.state is State[expected]


@pytest.mark.clause("rfc6455:4.1-p1-s2")
def test_a_connection_begins_in_connecting():
    assert Closing(lambda opcode, payload: None, client=True).ready_state is ReadyState.CONNECTING


@pytest.mark.clause("rfc6455:7.1.3-p1-s1", "rfc6455:7.1.4-p1-s1")
def test_ready_states():
    closing = {State.CLOSE_SENT, State.CLOSE_RECEIVED, State.CLOSE_EXCHANGED, State.FAILED}
    assert {state for state in State if READY_STATE[state] is ReadyState.CLOSING} == closing
    assert [READY_STATE[s] for s in (State.CONNECTING, State.OPEN, State.CLOSED)] == [0, 1, 3]
