"""Section 4.4, Supporting Multiple Versions of WebSocket Protocol."""

import pytest

from refws.failure import HandshakeFailure
from refws.rfc6455.s04_4_supporting_multiple_versions import SUPPORTED_VERSIONS, check_version


@pytest.mark.clause("rfc6455:4.1-p33-s2", "rfc6455:4.2.1-p8-s1", "rfc6455:4.2.2-p8-s1", "rfc6455:4.4-p2-s2")
def test_13_is_supported() -> None:
    assert SUPPORTED_VERSIONS == (13,)
    assert check_version(["13"]) == 13


@pytest.mark.clause(
    "rfc6455:4.2.1-p8-s1",
    "rfc6455:4.2.2-p8-s1",
    "rfc6455:4.2.2-p8-s2",
    "rfc6455:4.3-p7-s4",
    "rfc6455:4.4-p2-s3",
    "rfc6455:11.3.5-p8-s4",
    "rfc6455:11.3.5-p8-s5",
)
@pytest.mark.parametrize("version", ["0", "7", "8", "12", "14", "25", "255"])
def test_another_version_is_told_which_there_are(version: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        check_version([version])
    assert (failure.value.clause, failure.value.status) == ("rfc6455:4.2.2-p8-s2", 426)
    assert f"version {version} is" in failure.value.why
    assert [value for name, value in failure.value.headers if name == "Sec-WebSocket-Version"] == ["13"]
    assert ("Upgrade", "websocket") in failure.value.headers


@pytest.mark.clause(
    "rfc6455:4.2.1-p8-s1", "rfc6455:4.3-p4-s4", "rfc6455:4.3-p5-s11", "rfc6455:11.3.5-p8-s5", "rfc6455:11.3.5-p10-s2"
)
@pytest.mark.parametrize(
    ("values", "clause"),
    [
        ([], "rfc6455:4.2.1-p8-s1"),
        (["13", "13"], "rfc6455:11.3.5-p10-s2"),
        (["13", "8"], "rfc6455:11.3.5-p10-s2"),
        (["13", ""], "rfc6455:11.3.5-p10-s2"),
        *(([value], "rfc6455:4.3-p4-s4") for value in ("", "256", "013", "+13", "-13", "13, 8", "13.0", "thirteen")),
    ],
    ids=repr,
)
def test_what_is_no_version_is_a_bad_request(values: list[str], clause: str) -> None:
    with pytest.raises(HandshakeFailure) as failure:
        check_version(values)
    assert (failure.value.clause, failure.value.status) == (clause, 400)
    assert ("more than one" in failure.value.why) == (len(values) > 1)
    assert failure.value.headers == (("Sec-WebSocket-Version", "13"),)
