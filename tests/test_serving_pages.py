"""Pages of other origins: a browser's fetch() of predictions, and what it is told before."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_support import chromium, static_site
from serving_support import Server, arrays, ask, running, tensor, tensors
from support import assert_close, golden

pytestmark = pytest.mark.serve
CASE = golden("levels_odd_text")
APP = "https://app.example.com"
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type"}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    options = ("--model-name", "m", "--cors-origin", APP, "--cors-origin", "http://localhost:3000")
    with running(CASE.path, *options) as server:
        yield server


def preflight(server: Server, path: str, **other: str) -> tuple[int, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.request("OPTIONS", path, headers={**PREFLIGHT, **other})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers


def test_a_browser_is_told_before_it_asks(server: Server) -> None:
    status, headers = preflight(server, "/v2/models/m/infer")
    assert status == 204
    assert headers.get_all("access-control-allow-origin") == [APP]
    assert "POST" in headers["access-control-allow-methods"]
    assert "content-type" in headers["access-control-allow-headers"]
    assert headers["vary"] == "origin"
    status, headers = preflight(server, "/v2/models/m/infer", Origin="https://other.example.com")
    assert status == 405
    assert "access-control-allow-origin" not in headers


def test_every_answer_says_who_may_read_it(server: Server) -> None:
    body = json.dumps({"inputs": tensors(CASE)}).encode()
    for path, sent, status in (
        ("/v2/models/m/infer", body, 200),
        ("/v2/models/m/infer", b"{", 400),
        ("/v2/models/m", None, 200),
        ("/nowhere", None, 404),
    ):
        found, _, headers = ask(server, path, sent, Origin=APP)
        assert (found, headers["access-control-allow-origin"]) == (status, APP)
        _, _, headers = ask(server, path, sent, Origin="null")
        assert "access-control-allow-origin" not in headers
        assert headers["vary"] == "origin"


def test_nobody_may_unless_it_is_said() -> None:
    with running(CASE.path, "--model-name", "m") as server:
        assert preflight(server, "/v2/models/m/infer")[0] == 405
        headers = ask(server, "/v2", Origin=APP)[2]
        assert not [name for name in headers if name.startswith(("access-control", "vary"))]
    with running(CASE.path, "--model-name", "m", "--cors-origin", "*") as server:
        status, headers = preflight(server, "/v2/models/m/infer", Origin="null")
        assert (status, headers["access-control-allow-origin"]) == (204, "*")


@pytest.mark.parametrize("text", ["app.example.com", f"{APP}/", f"{APP}/page", "", "https://ü.de"])
def test_what_is_no_origin_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    from emit.serving.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["--model-dir", str(CASE.path), "--cors-origin", text])
    assert ended.value.code == 2
    assert f"expected an origin as https://app.example.com, or *, found {text!r}" in (
        capsys.readouterr().err
    )


FETCH = """
const [url, body, done] = arguments;
fetch(url, {method: 'POST', body, headers: {'Content-Type': 'application/json'}})
  .then((answer) => answer.json()).then(done).catch((error) => done(String(error)));
"""


@pytest.mark.chromium
def test_fetch_of_a_page(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>an application</title>")
    body = json.dumps({"inputs": tensors(CASE)})
    one = [{**tensor("x", "FP64", [1.0])}]
    with static_site(tmp_path) as site, chromium(browser="ALL") as browser:
        browser.get(site)
        browser.set_script_timeout(60)
        with running(CASE.path, "--model-name", "m", "--cors-origin", site) as server:
            found: Any = browser.execute_async_script(FETCH, server.infer_url("m"), body)
            assert isinstance(found, dict), found
            values = arrays(found)
            assert values["predict"].tolist() == CASE.expected().labels
            assert_close(values["probabilities"], CASE.expected().values, tolerance=1e-10)
            # A page reads why it was refused, too.
            refused = browser.execute_async_script(
                FETCH, server.infer_url("m"), json.dumps({"inputs": one})
            )
            assert refused["error"].startswith("the model has no input 'x'")
        with running(CASE.path, "--model-name", "m", "--cors-origin", APP) as server:
            found = browser.execute_async_script(FETCH, server.infer_url("m"), body)
            assert found == "TypeError: Failed to fetch"
