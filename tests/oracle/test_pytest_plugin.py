"""The pytest plugin, in runs of pytest of its own."""

import subprocess
import sys

import pytest
from sample_reports import running, wrong_at_125

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def uri():
    """The address of a server that fails case 1.1.2."""
    with running(wrong_at_125) as uri:
        yield uri


@pytest.fixture
def judge(pytester, uri):
    """Runs a test file; the outcomes."""
    pytester.makeconftest(f"import pytest\n@pytest.fixture\ndef served(): return {uri!r}")

    def judge(source, *options):
        pytester.makepyfile(f"import pytest\n{source}")
        return pytester.runpytest_inprocess("-p", "refws_pytest", "-p", "no:cacheprovider", "-rA", *options)

    return judge


@pytest.fixture
def alone(pytester, monkeypatch):
    """Runs of pytest with the plugins that are named, and no others."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def test_a_test_for_each_case(judge):
    result = judge(
        """
@pytest.mark.websocket_oracle(server="served", cases="1.1.1,1.1.2,2.4")
def test_it(): pass
"""
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["PASSED *::test_it[[]5.5.2/ping-of-125-octets]", "FAILED *::test_it[[]5.2/text-of-125-octets]*"]
    )
    result.stdout.fnmatch_lines(["FAIL rfc6455:* MUST*: *"])


def test_a_url_a_module_and_the_result(judge, uri):
    result = judge(
        f"""
pytestmark = pytest.mark.websocket_oracle(server={uri!r}, cases=["2.1", "2.2"], exclude="2.2", patience=1.0)
def test_one(oracle_result, oracle_case):
    assert oracle_result.verdict == "PASS" and oracle_result.case is oracle_case
def test_two(oracle_result): raise ValueError("its own")
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*ValueError: its own"])


def test_what_is_known(judge, pytester):
    pytester.path.joinpath("known.toml").write_text(
        '[cases."1.1.2"]\nverdict = "FAIL"\nreason = "on purpose"\n'
        '[cases."1.1.3"]\nverdict = "FAIL"\nreason = "no more"\n'
    )
    result = judge(
        """
@pytest.mark.websocket_oracle(server="served", cases="1.1.2,1.1.3", expect="known.toml")
def test_it(): pass
"""
    )
    result.assert_outcomes(xfailed=1, failed=1)
    result.stdout.fnmatch_lines(["*PASS, where FAIL is known: no more*"])


def test_a_case_that_an_echo_cannot_show_is_skipped(judge):
    result = judge(
        """
@pytest.mark.websocket_oracle(server="served", cases="10.6/wss-connection")
def test_it(): pass
"""
    )
    result.assert_outcomes(skipped=1)


def test_a_server_that_is_down_fails(judge):
    result = judge(
        """
@pytest.mark.websocket_oracle(server="ws://127.0.0.1:1", cases="2.5")
def test_it(): pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no server answers at ws://127.0.0.1:1*"])


def test_a_client(judge, pytester):
    pytester.path.joinpath("echo_client.py").write_text(
        "import sys\nfrom refws.host.threads.client import connect_sync\n"
        "with connect_sync(sys.argv[1], proxy=None) as ws:\n    for message in ws: ws.send(message)\n"
    )
    result = judge(
        f"""
@pytest.mark.websocket_oracle(client="{sys.executable} echo_client.py {{url}}", cases="2.2")
def test_it(): pass
"""
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("", "wants either server= or client="),
        ("server='a', client='b'", "wants either server= or client="),
        ("server='a', case='2.5'", "knows no case"),
        ("server='a', cases='5.5/png'", "no case is called '5.5/png'"),
        ("server='a', expect='none.toml'", "none.toml"),
    ],
)
def test_a_marker_that_is_wrong(judge, marker, said):
    result = judge(f"@pytest.mark.websocket_oracle({marker})\ndef test_it(): pass")
    assert said in result.stdout.str() + result.stderr.str()
    assert result.ret


def test_it_works_with_xdist(alone, uri):
    alone.makepyfile(
        f"""
        import pytest
        @pytest.mark.websocket_oracle(server={uri!r}, cases="2.1-2.4")
        def test_it(): pass
        def test_other(): pass
        """
    )
    alone.runpytest_subprocess("-p", "refws_pytest", "-p", "xdist", "-n", "2").assert_outcomes(passed=5)


def test_a_run_that_does_not_use_it_imports_nothing_of_refws(alone):
    alone.makepyfile(
        """
        import sys
        def test_it(): assert not [name for name in sys.modules if name.startswith("refws.")]
        """
    )
    alone.runpytest_subprocess("-p", "refws_pytest").assert_outcomes(passed=1)


def test_the_marker_is_known(pytester):
    result = pytester.runpytest_inprocess("-p", "refws_pytest", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.websocket_oracle(server=URL or fixture*"])


def test_it_says_nothing_to_who_does_not_use_pytest():
    code = "import sys, refws.oracle; sys.exit('pytest' in sys.modules or 'refws.oracle.server' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
