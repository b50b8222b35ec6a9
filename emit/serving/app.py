"""The ASGI application: routes, limits, and where a request is scored."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import orjson

from mojo_reader.making.origin import own_version
from mojo_reader.scoring.blas import usable_cores

from .answers import JSON_TYPE, Answer, ServedModel, refusal
from .bodies import Disconnected, Message, Receive, check_length, decompressed, whole_body
from .cors import Headers, Origins
from .large import LargeBodies
from .metrics import Metrics
from .openapi import document
from .platforms import Aliases
from .refusals import Refused, check_name, check_version
from .requests import JSON_LENGTH_HEADER

Send = Callable[[Message], Awaitable[None]]
Scope = dict[str, Any]

#: JSON of more would keep every other thread waiting while it is read.
_LARGE: Final = 1_000_000
#: Seconds for a client to read why its body was refused, while it still sends it.
_LINGER: Final = 2.0


@dataclass(slots=True)
class State:
    """What the server tells about itself.

    Attributes:
        draining: it is about to stop: not ready any more, and still answers.
    """

    draining: bool = False


@dataclass(frozen=True, slots=True)
class _Heads:
    """The headers that matter."""

    length: bytes | None = None
    json_length: bytes | None = None
    coding: bytes | None = None


class Application:
    """Answers HTTP for one model.

    Args:
        model: the model.
        state: of the server.
        metrics: counts the requests.
        most: bytes that a body may have.
        processes: that answer beside this one, itself included.
        aliases: further paths of readiness and predictions.
        origins: of pages that may read the answers.
    """

    def __init__(  # noqa: PLR0913 - options
        self,
        model: ServedModel,
        state: State,
        metrics: Metrics,
        *,
        most: int,
        processes: int = 1,
        aliases: Aliases | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        self._model = model
        self._origins = Origins(origins)
        self._state = state
        self._metrics = metrics
        self._most = most
        self._threads = ThreadPoolExecutor(usable_cores(), thread_name_prefix="scorer")
        self._large = LargeBodies(model, max(usable_cores() // processes, 1))
        name = model.name
        v2, v1 = f"/v2/models/{name}", f"/v1/models/{name}"
        self._posts: dict[str, tuple[str, Callable[..., Answer]]] = {
            f"{v2}/infer": ("v2", model.answer_v2),
            f"{v1}:predict": ("v1", model.answer_v1),
        }
        ready = {"name": name, "ready": True}
        metadata = {"name": "mojo2keras", "version": own_version(),
                    "extensions": ["binary_tensor_data"]}  # fmt: skip
        self._gets: dict[str, Callable[[], Answer]] = {
            "/": _constant({"status": "alive"}),
            "/v2": _constant(metadata),
            "/v2/": _constant(metadata),
            "/v2/health/live": _constant({"live": True}),
            "/v2/health/ready": self._ready({"ready": True}),
            "/v2/models": _constant({"models": [name]}),
            v2: _constant(model.metadata()),
            f"{v2}/ready": self._ready(ready),
            "/v1/models": _constant({"models": [name]}),
            v1: self._ready(ready),
            "/metrics": self._figures,
            "/openapi.json": _constant(document(model)),
        }
        if aliases is not None:
            self._gets.update(dict.fromkeys(aliases.ready, self._ready(ready)))
            self._posts.update(dict.fromkeys(aliases.predict, ("any", model.answer_any)))

    def close(self) -> None:
        """End the threads and the processes that score."""
        self._threads.shutdown(wait=False)
        self._large.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        if method == "POST" and path in self._posts:
            await self._answer_post(scope, receive, send)
            return
        try:
            answer = self._answer_other(method, path, scope["headers"])
        except Refused as refused:
            answer = refusal(refused)
        except Exception:  # noqa: BLE001 - a fault of ours, which ends one request only
            answer = _fault()
        await self._send(send, answer, self._origins.answers(scope["headers"]))

    def _answer_other(self, method: str, path: str, headers: Headers) -> Answer:
        found = self._gets.get(path)
        if found is not None and method in {"GET", "HEAD"}:
            return found()
        if method == "OPTIONS" and (told := self._origins.preflight(headers)) is not None:
            return Answer(b"", HTTPStatus.NO_CONTENT.value, told)
        if found is not None or path in self._posts:
            allowed = b"GET, HEAD" if found is not None else b"POST"
            message = f"expected the method {allowed.decode()} here, found {method}"
            raise Refused(message, HTTPStatus.METHOD_NOT_ALLOWED, headers=((b"allow", allowed),))
        self._refuse_other_model(path)
        message = f"there is nothing at {path!r}; /openapi.json lists what there is"
        raise Refused(message, HTTPStatus.NOT_FOUND)

    def _refuse_other_model(self, path: str) -> None:
        """Say so where a path is about another model, or a version of the one."""
        start, _, rest = path.partition("/models/")
        if start not in {"/v1", "/v2"} or not rest:
            return
        served = self._model.name
        if rest.startswith(served) and rest[len(served) :].startswith("/versions/"):
            check_version(served, rest[len(served) :].split("/")[2])
        known = rest == served or rest.startswith((f"{served}/", f"{served}:"))
        if not known:
            check_name(rest.partition("/")[0].partition(":")[0], served)

    async def _answer_post(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        protocol, respond = self._posts[scope["path"]]
        unread = False
        try:
            heads = _heads(scope["headers"])
            check_length(heads.length, self._most)
            body = await whole_body(receive, self._most)
            if len(body) <= self._model.small_bytes and heads.coding is None:
                answer = respond(body, heads.json_length)
            else:
                answer = await self._elsewhere(respond, body, heads)
        except Refused as refused:
            answer = refusal(refused)
            unread = refused.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except Disconnected:
            return
        except Exception:  # noqa: BLE001 - a fault of ours, which ends one request only
            answer = _fault()
        self._metrics.answered(protocol, answer.status, answer.rows, began)
        told = self._origins.answers(scope["headers"])
        await self._send(send, answer, told, rest=receive if unread else None)

    async def _elsewhere(
        self, respond: Callable[..., Answer], body: bytes, heads: _Heads
    ) -> Answer:
        """Answer a larger body where it keeps nobody waiting."""
        run = asyncio.get_running_loop().run_in_executor
        if heads.coding is not None:
            body = await run(self._threads, decompressed, body, heads.coding, self._most)
        json_length = heads.json_length
        if len(body) > _LARGE and (json_length is None or json_length == b"%d" % len(body)):
            return await self._large.answer(respond.__name__, body, json_length)
        return await run(self._threads, respond, body, json_length)

    async def _send(
        self, send: Send, answer: Answer, told: Headers, rest: Receive | None = None
    ) -> None:
        headers = [*answer.headers, *told, (b"content-length", b"%d" % len(answer.body))]
        if self._state.draining:  # a new connection, which a balancer leads elsewhere
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if rest is not None:
            await send({"type": "http.response.body", "body": answer.body, "more_body": True})
            await _drop(rest)
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.body", "body": answer.body})

    # ------------------------------------------------------------------ what can be asked

    def _ready(self, content: object) -> Callable[[], Answer]:
        ready = Answer(orjson.dumps(content))
        message = "the server is stopping"
        refused = refusal(Refused(message, HTTPStatus.SERVICE_UNAVAILABLE))
        return lambda: refused if self._state.draining else ready

    def _figures(self) -> Answer:
        text, kind = self._metrics.text()
        return Answer(text, headers=((b"content-type", kind),))


def _constant(content: object) -> Callable[[], Answer]:
    answer = Answer(orjson.dumps(content))
    return lambda: answer


def _heads(headers: list[tuple[bytes, bytes]]) -> _Heads:
    length = json_length = coding = None
    for name, value in headers:
        if name == b"content-length":
            length = value
        elif name == JSON_LENGTH_HEADER:
            json_length = value
        elif name == b"content-encoding":
            coding = value
    return _Heads(length, json_length, coding)


def _fault() -> Answer:
    """Return the answer to what should not have happened, and write down where it did."""
    traceback.print_exc()
    body = orjson.dumps({"error": "the server failed; its log says where"})
    return Answer(body, HTTPStatus.INTERNAL_SERVER_ERROR.value, (JSON_TYPE,))


async def _drop(receive: Receive) -> None:
    """Read and forget, for a moment: who is still sending would not read the answer otherwise."""
    try:
        async with asyncio.timeout(_LINGER):
            while (message := await receive())["type"] == "http.request":
                if not message["more_body"]:
                    return
    except TimeoutError:
        pass
