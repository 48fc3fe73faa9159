"""The URIs of cases: what the oracle gives to a command, and what a client that connects asks for."""

from urllib.parse import parse_qs, urlsplit

from refws.oracle.case import Case

__all__ = ["RUN_CASE", "asked_for", "uri_of"]

RUN_CASE = "/runCase"


def uri_of(case: Case, base: str, number: int, agent: str, unset_port: int = 0) -> str:
    """What a command gets for ``{url}``; `base` is the oracle's own URI, without a path.

    ``{unset}`` has `unset_port`, that of a server which does not take WebSocket over HTTP/2.
    """
    scheme, _, address = base.partition("://")
    return (case.uri or "{base}/runCase?{query}").format(
        base=base,
        scheme=scheme,
        SCHEME=scheme.upper(),
        address=address,
        port=address.rpartition(":")[2],
        unset=f"{address.rpartition(':')[0]}:{unset_port}",
        query=f"case={number}&agent={agent}",
        number=number,
        agent=agent,
    )


def asked_for(target: str) -> tuple[str, dict[str, str]]:
    """(the path, what tells the case and the agent) of a request's target, or of a URI.

    The path is that of Autobahn's fuzzingserver; a case can be asked for at the root, too, and by path segments.
    """
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    segments = parts.path.split("/")
    if segments[1:2] == [RUN_CASE[1:]]:
        if len(segments) > 3:
            query = {"case": segments[2], "agent": segments[3], **query}
        return RUN_CASE, query
    return RUN_CASE if parts.path in ("", "/") and "case" in query else parts.path, query
