"""A small client of H2O's REST API, which is the same for all releases.

Only the standard library is needed.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

REQUEST_SECONDS: Final = 300.0
POLL_SECONDS: Final = 0.1


class LabError(RuntimeError):
    """H2O refused a request, failed in a job, or did not start."""


class Client:
    """Requests to one server on this machine."""

    def __init__(self, port: int) -> None:
        """Takes the server's port."""
        self._port = port

    @property
    def address(self) -> str:
        """The server's URL."""
        return f"http://127.0.0.1:{self._port}"

    def raw_request(
        self, method: str, path: str, fields: Mapping[str, object] | None = None
    ) -> bytes:
        """Sends one request and returns the body.

        Args:
            method: ``GET``, ``POST`` or ``DELETE``.
            path: The path below the server's root.
            fields: Parameters; lists and booleans are written as H2O expects them.

        Raises:
            LabError: The server answered with an error; the message is the server's.
        """
        form = urllib.parse.urlencode({k: _field(v) for k, v in (fields or {}).items()})
        headers = {}
        body = None
        if method == "POST":
            body, headers = form, {"Content-Type": "application/x-www-form-urlencoded"}
        elif form:
            path = f"{path}?{form}"
        return self._send(method, path, body, headers)

    def json_request(self, path: str, fields: Mapping[str, object]) -> Json:
        """Posts fields as one JSON document, as nested ones have to be."""
        headers = {"Content-Type": "application/json"}
        answer: Json = json.loads(self._send("POST", path, json.dumps(fields), headers))
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != http.client.OK:
            message = f"{method} {path}: {response.status} {_reason(content)}"
            raise LabError(message)
        return content

    def request(self, method: str, path: str, fields: Mapping[str, object] | None = None) -> Json:
        """Sends one request and returns the parsed JSON object."""
        answer: Json = json.loads(self.raw_request(method, path, fields))
        return answer

    def wait(self, job: Json) -> str:
        """Waits for a job and returns the key of what it made.

        Raises:
            LabError: The job failed.
        """
        key = urllib.parse.quote(job["key"]["name"], safe="")
        while job["status"] in {"CREATED", "RUNNING"}:
            time.sleep(POLL_SECONDS)
            job = self.request("GET", f"/3/Jobs/{key}")["jobs"][0]
        if job["status"] != "DONE":
            trace = (job.get("stacktrace") or "").strip()
            message = f"job {job['status']}: {job.get('exception') or ''} {trace[:1500]}"
            raise LabError(message)
        return str(job["dest"]["name"])


def quoted(key: str) -> str:
    """A key as one component of a path."""
    return urllib.parse.quote(key, safe="")


def _field(value: object) -> str:
    """A parameter's text as H2O's REST API reads it."""
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _reason(content: bytes) -> str:
    """The server's own message in an error's body."""
    try:
        error = json.loads(content)
    except ValueError:
        return content[:500].decode(errors="replace")
    messages = [m["message"] for m in error.get("messages", []) if m.get("message_type") == "ERRR"]
    return "; ".join(messages) or str(error.get("exception_msg") or error.get("msg") or error)
