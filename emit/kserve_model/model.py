"""``ServedMojo``: a ``kserve.Model`` around a ``Scorer``."""

import asyncio
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import kserve
from kserve import InferRequest, InferResponse
from kserve.errors import InvalidInput

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError, MojoUnsupportedError
from mojo_reader.scoring.equal_names import require_distinct
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.rows import EncodedRows

from .tensors import (
    input_types,
    output_tensor,
    output_types,
    predictions,
    request_columns,
    wanted_outputs,
)


class ServedMojo(kserve.Model):
    """Scores requests of the Open Inference Protocol, and KServe's v1 ones.

    Args:
        name: under which clients ask for it.
        scorer: the model's scorer.
    """

    def __init__(self, name: str, scorer: Scorer) -> None:
        super().__init__(name)
        self.scorer = scorer
        self.ready = True
        self._inputs = input_types(scorer)
        self._input_names = dict.fromkeys(tensor.name for tensor in self._inputs)
        self._outputs = output_types(scorer.mojo)
        # Scoring is arithmetic: more threads than processors only wait for each other, and in
        # the loop's own thread a large batch would keep everybody waiting.
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="scorer")

    def get_input_types(self) -> list[dict[str, Any]]:
        """Return the metadata of the inputs."""
        return [tensor.metadata() for tensor in self._inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        """Return the metadata of the outputs."""
        return [tensor.metadata() for tensor in self._outputs]

    async def predict(
        self, payload: Any, headers: Any = None, response_headers: Any = None
    ) -> InferResponse | dict[str, Any]:
        """Answer one request, in a thread.

        Args:
            payload: an ``InferRequest``; or the JSON of a v1 request, whose ``instances`` are
                row mappings.
            headers: not used.
            response_headers: not used.

        Returns:
            A response of the request's kind, with ``notices`` where there are any.

        Raises:
            InvalidInput: the request does not fit the model.
        """
        del headers, response_headers
        answer = self._infer if isinstance(payload, InferRequest) else self._predict_instances
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, answer, payload)
        except (MojoDataError, MojoUnsupportedError) as error:
            raise InvalidInput(str(error)) from error

    def _infer(self, request: InferRequest) -> InferResponse:
        wanted = wanted_outputs(request, [tensor.name for tensor in self._outputs])
        columns, _ = request_columns(request, self._input_names)
        rows, notices = self._encoded(columns)
        return InferResponse(
            response_id=request.id or str(uuid.uuid4()),
            model_name=self.name,
            infer_outputs=[
                output_tensor(name, values, request)
                for name, values in predictions(self.scorer, rows, wanted).items()
            ],
            parameters={"notices": notices} if notices else None,
            use_binary_outputs=request.use_binary_outputs,
            requested_outputs=request.request_outputs,
        )

    def _predict_instances(self, payload: Any) -> dict[str, Any]:
        """Answer a v1 request with one mapping of H2O's output columns for each row.

        Raises:
            MojoUnsupportedError: H2O gives two columns one name.
        """
        require_distinct(
            self.scorer.mojo.output.columns,
            "a response of the v1 protocol",
            "ask by the v2 protocol, whose tensors go by position",
        )
        if not isinstance(payload, dict) or not isinstance(payload.get("instances"), list):
            message = (
                "expected an object whose 'instances' is a list of rows, as JSON with the content "
                "type application/json"
            )
            raise InvalidInput(message)
        encoded, notices = self._encoded(payload["instances"])
        columns = self.scorer.output_columns(encoded.matrix, offset=encoded.offset)
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        answer = {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}
        return {**answer, "notices": notices} if notices else answer

    def _encoded(self, table: object) -> tuple[EncodedRows, str]:
        """Return the rows as the model reads them, and what a person should know about them."""
        notices = Notices()
        rows = self.scorer.encode_rows(table, notices)
        return rows, "; ".join(notices.sentences())
