"""The report as JUnit XML, as continuous integration reads it: a suite for each section, a test case for each case."""

import re
from typing import Final
from xml.etree import ElementTree as ET

from refws.oracle.output.words import by_section, harmless, outcome, section_title, short
from refws.oracle.play import CaseResult
from refws.oracle.report import Report
from refws.oracle.verdict import Verdict, level

__all__ = ["junit"]

_SKIPPED: Final = (Verdict.UNIMPLEMENTED, Verdict.NOT_RUN)
_ERRORS: Final = (Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR)


def junit(report: Report) -> str:
    """FAIL is a failure, INCONCLUSIVE and HARNESS-ERROR are errors, UNIMPLEMENTED and NOT-RUN are skipped.

    What is known and came is skipped, with its reason; what is known and did not come is a failure. A run that ended
    early has an error of its own.
    """
    root = ET.Element("testsuites", name=f"refws oracle: {report.testee.role} {report.testee.address}")
    surprises = {result.case.id for result in report.surprises()}
    suites = [_suite(report, section, results, surprises) for section, results in by_section(report).items()]
    if report.interrupted:
        suite = ET.Element("testsuite", name="the run")
        case = ET.SubElement(suite, "testcase", name="to the end", classname="refws.oracle", time="0")
        ET.SubElement(case, "error", message=harmless(report.interrupted), type="interrupted")
        suites.append(suite)
    for suite in suites:
        _count(suite)
        suite.set("timestamp", report.started.removesuffix("+00:00"))
        root.append(suite)
    _total(root, suites)
    root.set("time", f"{report.seconds:.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(report: Report, section: str, results: list[CaseResult], surprises: set[str]) -> ET.Element:
    suite = ET.Element("testsuite", name=f"{short(section)} {section_title(section)}".strip())
    suite.set("time", f"{sum(result.seconds for result in results):.3f}")
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("testee", f"{report.testee.role} {report.testee.address} {report.testee.name}".strip()),
        ("oracle", report.oracle_version),
        ("outcome", outcome(report)),
    ):
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    for result in results:
        case = ET.SubElement(suite, "testcase", name=result.case.id, classname=f"refws.oracle.{report.testee.role}")
        case.set("time", f"{result.seconds:.3f}")
        _say(case, report, result, result.case.id in surprises)
    return suite


def _say(case: ET.Element, report: Report, result: CaseResult, surprise: bool) -> None:
    verdict = result.verdict
    known = report.expected.get(result.case.id)
    whys = _clean("\n".join(_line(result)))
    first = _clean(result.findings[0].why) if result.findings else result.case.title
    if surprise and known is not None:
        message = f"{verdict}, where {known.verdict} is known: {known.reason}"
        ET.SubElement(case, "failure", message=_clean(message), type=verdict.value).text = whys
    elif known is not None and report.is_known(result):
        ET.SubElement(case, "skipped", message=_clean(f"known {verdict}: {known.reason}"))
        ET.SubElement(case, "system-out").text = whys
    elif verdict is Verdict.FAIL:
        ET.SubElement(case, "failure", message=first, type=verdict.value).text = whys
    elif verdict in _ERRORS:
        ET.SubElement(case, "error", message=first, type=verdict.value).text = whys
    elif verdict in _SKIPPED:
        ET.SubElement(case, "skipped", message=f"{verdict}: {first}")
    elif whys:
        ET.SubElement(case, "system-out").text = whys


def _line(result: CaseResult) -> list[str]:
    lines = []
    for finding in result.findings:
        at = "" if finding.offset is None else f", octet {finding.offset}"
        blamed = f"{short(finding.clause)} {level(finding.clause)}, {finding.obligation}{at}"
        lines.append(f"{finding.verdict} {blamed}: {finding.why}")
    return lines


def _clean(text: str) -> str:
    """Without what XML cannot hold; lines stay."""
    return re.sub(r"[^\n]+", lambda line: harmless(line[0]), text)


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))


def _total(root: ET.Element, suites: list[ET.Element]) -> None:
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in suites)))
