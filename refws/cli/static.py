"""Files of a folder, served beside WebSocket on the same port: ``refws serve --static DIR``.

For a page and what belongs to it; a file is read as a whole for each answer.
"""

import mimetypes
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from refws.failure import UsageError
from refws.rfc6455.http import HeaderFields, Request, Response

__all__ = ["StaticFiles", "plain"]

INDEX = "index.html"


def plain(status: HTTPStatus, *fields: tuple[str, str]) -> Response:
    """An answer that says its status, for a person."""
    headers = HeaderFields([("Content-Type", "text/plain; charset=utf-8"), *fields])
    return Response(status, headers, f"{status.phrase}\n".encode())


class StaticFiles:
    """Answers GET and HEAD with the files of `folder`. Raises `UsageError` where that is no folder.

    What a symbolic link leads to outside of it is not there, and neither are names that begin with a dot.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder")
        self._root = folder.resolve()

    def answer(self, request: Request) -> Response:
        """The answer to a request in plain HTTP."""
        if request.method not in ("GET", "HEAD"):
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "GET, HEAD"))
        try:
            found = self._find(request.path)
            if found is None:
                return plain(HTTPStatus.NOT_FOUND)
            if found.is_dir() and not request.path.endswith("/"):
                # Relative names in the page would mean something else. One slash in front: two name another server.
                there = quote("/" + request.path.lstrip("/"), safe="/%") + "/"
                return plain(HTTPStatus.MOVED_PERMANENTLY, ("Location", there))
            if request.path.endswith("/"):
                found = self._find(f"{request.path}{INDEX}")
            return plain(HTTPStatus.NOT_FOUND) if found is None or not found.is_file() else _file(found, request)
        except OSError:
            # It went away, or this user may not read it.
            return plain(HTTPStatus.NOT_FOUND)

    def _find(self, path: str) -> Path | None:
        """The file or folder that the path of a request names, if it may be seen."""
        try:
            names = [name for name in unquote_to_bytes(path).decode().split("/") if name]
            # A dot begins "..", too; on Windows a backslash or a colon would begin another path.
            if not path.startswith("/") or any(name.startswith(".") or set("\\:\0") & set(name) for name in names):
                return None
            found = self._root.joinpath(*names).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            # RuntimeError: links that lead to each other, before Python 3.13
            return None
        return found if found.is_relative_to(self._root) else None


def _file(path: Path, request: Request) -> Response:
    modified = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    kind, encoding = mimetypes.guess_type(path.name)
    if encoding is not None:
        # As a file to keep, not as the encoding of another.
        kind = f"application/{encoding}"
    if kind is None:
        kind = "application/octet-stream"
    elif kind.startswith("text/"):
        kind += "; charset=utf-8"
    fields = [("Last-Modified", format_datetime(modified, usegmt=True)), ("X-Content-Type-Options", "nosniff")]
    if _is_known(modified, request):
        return Response(HTTPStatus.NOT_MODIFIED, HeaderFields(fields))
    return Response(HTTPStatus.OK, HeaderFields([("Content-Type", kind), *fields]), path.read_bytes())


def _is_known(modified: datetime, request: Request) -> bool:
    since = request.headers.get("If-Modified-Since")
    try:
        return since is not None and modified <= parsedate_to_datetime(since).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return False
