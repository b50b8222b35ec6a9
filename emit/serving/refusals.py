"""What is wrong with a request, in one sentence and with a status of HTTP."""

from http import HTTPStatus


class Refused(Exception):  # noqa: N818 - it is what the client did
    """A request that is not answered.

    Args:
        sentence: what was expected and what was found.
        status: of HTTP.

    Attributes:
        status: of HTTP.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        sentence: str,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


def check_version(name: str, version: str) -> None:
    """Refuse a version of the model: there is one model, and it has none.

    Raises:
        Refused: a version is named; not found.
    """
    if version:
        message = f"the model {name!r} has no versions, found {version!r}; ask without one"
        raise Refused(message, HTTPStatus.NOT_FOUND)


def check_name(name: str, served: str) -> None:
    """Require the name of the model that is served.

    Raises:
        Refused: it is another; not found.
    """
    if name != served:
        message = f"expected the model {served!r}, found {name!r}"
        raise Refused(message, HTTPStatus.NOT_FOUND)
