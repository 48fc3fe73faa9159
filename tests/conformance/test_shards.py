import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.autobahn.cases import ALL_CASES, case_order
from conformance.shards import cost_s, deal


@given(st.sets(st.sampled_from(ALL_CASES), min_size=1), st.integers(1, 40))
def test_every_case_is_dealt_once_and_no_shard_is_empty(cases, count):
    shards = deal(sorted(cases), count)
    assert sorted(case for shard in shards for case in shard) == sorted(cases)
    assert len(shards) == min(count, len(cases))
    assert all(shard and list(shard) == sorted(shard, key=case_order) for shard in shards)


@given(st.sets(st.sampled_from(ALL_CASES), min_size=1), st.integers(2, 8))
def test_no_two_shards_differ_by_more_than_one_case(cases, count):
    loads = [sum(map(cost_s, shard)) for shard in deal(sorted(cases), count)]
    dearest = max(map(cost_s, cases))
    assert max(loads) - min(loads) <= dearest + 1e-9


def test_cases_that_sleep_are_spread():
    shards = deal(["5.19", "5.20", "6.4.1", "6.4.2", "1.1.1", "1.1.2"], 2)
    assert [sum(cost_s(case) == 1.0 for case in shard) for shard in shards] == [2, 2]


@pytest.mark.parametrize(
    ("case", "seconds"),
    [("5.19", 1.0), ("5.1", 0.005), ("6.4.4", 1.0), ("6.5.1", 0.005), ("9.3.1", 0.6), ("9.3.2", 0.1), ("9.1.6", 0.3)],
)
def test_the_longest_prefix_gives_the_cost(case, seconds):
    assert cost_s(case) == seconds
