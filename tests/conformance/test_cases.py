import pytest

from conformance.autobahn.cases import ALL_CASES, CORE, UNJUDGED, case_order, group_of


def test_all_517_cases_are_known_once():
    assert len(ALL_CASES) == len(set(ALL_CASES)) == 517


@pytest.mark.parametrize(
    ("group", "size"),
    [
        ("1", 16),
        ("2", 11),
        ("3", 7),
        ("4", 10),
        ("5", 20),
        ("6", 145),
        ("7", 37),
        ("9", 54),
        ("10", 1),
        ("12", 90),
        ("13", 126),
    ],
)
def test_each_group_has_its_size(group, size):
    assert sum(group_of(case) == group for case in ALL_CASES) == size


def test_groups_1_to_10_are_301_cases():
    assert len(CORE) == 301
    assert {group_of(case) for case in ALL_CASES} - {group_of(case) for case in CORE} == {"12", "13"}
    assert set(CORE) > UNJUDGED


def test_cases_stand_in_numeric_order():
    assert list(ALL_CASES) == sorted(ALL_CASES, key=case_order)
    assert ALL_CASES.index("6.9.4") < ALL_CASES.index("6.10.1") < ALL_CASES.index("10.1.1")
