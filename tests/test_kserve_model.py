"""The model behind the protocol, in this process: tensors in, H2O's numbers out."""

import asyncio
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from docs_support import DOCS, blocks
from support import Golden, assert_close, golden, read_csv, scored_cases

from mojo_reader import Scorer

pytestmark = pytest.mark.kserve
TOLERANCE = 1e-10
LEVELS = "levels_odd_text"


@pytest.fixture
def ks() -> ModuleType:
    """Return what needs kserve, which is not installed everywhere."""
    import kserve_support

    return kserve_support


def model(case: Golden) -> Any:
    from emit.kserve_model.model import ServedMojo

    return ServedMojo(case.name, Scorer(case.mojo()))


def answer(case: Golden, request: Any) -> Any:
    response, _ = asyncio.run(model(case)(request))
    return response


def refusal(case: Golden, request: Any) -> str:
    from kserve.errors import InvalidInput

    with pytest.raises(InvalidInput) as caught:
        answer(case, request)
    return str(caught.value)


def assert_golden(case: Golden, outputs: dict[str, np.ndarray]) -> None:
    expected = case.expected()
    if expected.labels is not None:
        assert outputs["predict"].tolist() == expected.labels
        values = outputs["probabilities"]
    elif "reconstruction" in outputs:
        values = outputs["reconstruction"]
    else:
        values = outputs["predict"][:, None]
    assert_close(values, expected.values, tolerance=TOLERANCE)


@pytest.mark.parametrize("case", scored_cases(), ids=lambda case: case.name)
def test_json_tensors_give_h2os_scores(case: Golden, ks: ModuleType) -> None:
    response, _ = answer(case, ks.json_request(ks.tensors(case))).to_rest()
    assert_golden(case, ks.arrays(response))


@pytest.mark.parametrize("case", scored_cases(), ids=lambda case: case.name)
def test_binary_tensors_over_grpc_give_h2os_scores(case: Golden, ks: ModuleType) -> None:
    from kserve import InferRequest, InferResponse

    if not ks.has_no_level_marks(case):
        # The one thing that bytes cannot say: missing, where an empty text is a level.
        assert case.name == "levels_missing_marks"
        return
    request = InferRequest.from_grpc(ks.binary_request(ks.tensors(case)).to_grpc())
    sent = InferResponse.from_grpc(answer(case, request).to_grpc())
    outputs = {output.name: output.as_numpy() for output in sent.outputs}
    if "predict" in outputs and outputs["predict"].dtype == object:
        outputs["predict"] = np.array([text.decode() for text in outputs["predict"]], object)
    assert_golden(case, outputs)


@pytest.mark.parametrize(
    "case",
    [case for case in scored_cases() if (case.folder / "anomaly.csv").exists()],
    ids=lambda case: case.name,
)
def test_an_autoencoders_error_is_an_output(case: Golden, ks: ModuleType) -> None:
    from kserve.protocol.infer_type import RequestedOutput

    wanted = [RequestedOutput("Reconstruction.MSE")]
    request = ks.json_request(ks.tensors(case), request_outputs=wanted)
    response, _ = answer(case, request).to_rest()
    outputs = ks.arrays(response)
    assert list(outputs) == ["Reconstruction.MSE"]
    rows = read_csv(case.folder / "anomaly.csv")[1:]
    expected = [float(row[0]) if row[0] not in {"", "NA"} else np.nan for row in rows]
    assert_close(outputs["Reconstruction.MSE"], np.array(expected), tolerance=TOLERANCE)


# --------------------------------------------------------------------------- what cells mean


@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64", "INT8", "INT64", "UINT16", "BOOL"])
def test_any_numeric_datatype_is_a_number(datatype: str, ks: ModuleType) -> None:
    from kserve.utils.numpy_codec import to_np_dtype

    case = golden("iris_tanh")
    names = [column.name for column in case.mojo().inputs]
    cells = np.array([[0.0], [1.0]]).astype(to_np_dtype(datatype))
    request = ks.json_request(
        [{"name": n, "datatype": datatype, "shape": [2, 1], "data": None} for n in names]
    )
    for tensor in request.inputs:
        tensor.set_data_from_numpy(cells, binary_data=True)
    found = {output.name: output.data for output in answer(case, request).outputs}
    expected = Scorer(case.mojo()).predict_proba({name: [0, 1] for name in names})
    assert np.array_equal(found["probabilities"], expected)


def test_an_integer_tensor_is_a_levels_text(ks: ModuleType) -> None:
    case = golden("encoding_label_integer_levels")
    (column,) = (c for c in case.mojo().inputs if set(getattr(c, "levels", ())) >= {"-2", "12"})
    numbers = ks.json_request([ks.tensor(column.name, "INT64", [-2, 12, 5, None])])
    texts = ks.json_request([ks.tensor(column.name, "BYTES", ["-2", "12", "5", None])])
    found = [answer(case, request).outputs[1].data for request in (numbers, texts)]
    assert np.array_equal(*found)


def test_the_offset_is_an_input_where_asked(ks: ModuleType) -> None:
    from emit.kserve_model.model import ServedMojo

    case = golden("offset_gaussian")
    header, *lines = read_csv(case.folder / "server_rows.csv")
    columns = {name: [row[i] or None for row in lines] for i, name in enumerate(header)}
    scores = [float(row[0]) for row in read_csv(case.folder / "server_scores.csv")[1:]]
    model = ServedMojo("m", Scorer(case.mojo(), offset="server"))
    assert {"name": "exposure", "datatype": "FP64", "shape": [-1]} in model.get_input_types()
    given = ks.json_request([ks.tensor(name, "BYTES", cells) for name, cells in columns.items()])
    response = asyncio.run(model.predict(given))
    assert_close(response.outputs[0].data, np.array(scores), tolerance=1e-12)
    assert "rows whose negative offset is dropped" in response.parameters["notices"]
    instances = [dict(zip(header, (cell or None for cell in row), strict=True)) for row in lines]
    answer_v1 = asyncio.run(model.predict({"instances": instances}))
    found = np.array([row["predict"] for row in answer_v1["predictions"]])
    assert_close(found, np.array(scores), tolerance=1e-12)
    assert "rows whose negative offset is dropped" in answer_v1["notices"]


def test_unseen_and_absent_are_refused_where_asked(ks: ModuleType) -> None:
    from kserve.errors import InvalidInput

    from emit.kserve_model.model import ServedMojo

    case = golden("iris_tanh")
    model = ServedMojo("m", Scorer(case.mojo(), on_absent="error"))
    one = ks.json_request([ks.tensor("Sepal.Length", "FP64", [5.0])])
    with pytest.raises(InvalidInput, match=r"the rows lack columns of the model: 'Sepal\.Width'"):
        asyncio.run(model.predict(one))
    near = ks.json_request([ks.tensor("sepal.length", "FP64", [5.0])])
    with pytest.raises(InvalidInput, match=r"\(did you mean 'Sepal\.Length'\?\); its inputs"):
        asyncio.run(model.predict(near))
    case = golden(LEVELS)
    strict = ServedMojo("m", Scorer(case.mojo(), on_unseen="error"))
    rows = [{**t, "data": ["never seen"], "shape": [1]} for t in ks.tensors(case)]
    rows = [t if t["datatype"] == "BYTES" else {**t, "data": [None]} for t in rows]
    with pytest.raises(InvalidInput, match=r"row 1, column '.*': expected one of the model's"):
        asyncio.run(strict.predict(ks.json_request(rows)))


def test_unseen_and_absent_are_missing_and_said(ks: ModuleType) -> None:
    case = golden("iris_tanh")
    one = ks.json_request([ks.tensor("Sepal.Length", "FP64", [5.0, None])])
    response = answer(case, one)
    assert response.parameters["notices"] == (
        "columns of the model that the rows lack, taken as missing: "
        "'Sepal.Width', 'Petal.Length', 'Petal.Width'"
    )
    case = golden(LEVELS)
    rows = [{**t, "data": ["never seen"], "shape": [1]} for t in ks.tensors(case)]
    rows = [t if t["datatype"] == "BYTES" else {**t, "data": [None]} for t in rows]
    assert (
        "levels that the model does not know"
        in (answer(case, ks.json_request(rows)).parameters["notices"])
    )


def test_no_rows_give_empty_tensors(ks: ModuleType) -> None:
    case = golden("iris_tanh")
    response, _ = answer(case, ks.json_request([ks.tensor("Sepal.Width", "FP64", [])])).to_rest()
    assert [output["shape"] for output in response["outputs"]] == [[0], [0, 3]]
    assert [output["data"] for output in response["outputs"]] == [[], []]


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            [],
            "expected input tensors, found none; the model's are 'Sepal.Length', 'Sepal.Width', "
            "'Petal.Length', 'Petal.Width'",
        ),
        (
            [("sepal", "FP64", [1], [1.0])],
            "the model has no input 'sepal'; its inputs are 'Sepal.Length', 'Sepal.Width', "
            "'Petal.Length', 'Petal.Width'",
        ),
        (
            [("Sepal.Length", "FP64", [1], [1.0]), ("Sepal.Length", "FP64", [1], [1.0])],
            "the input 'Sepal.Length' stands twice",
        ),
        (
            [("Sepal.Length", "FP64", [1, 2], [1.0, 2.0])],
            "input 'Sepal.Length': expected the shape [rows] or [rows, 1], found [1, 2]",
        ),
        (
            [("Sepal.Length", "FP64", [-1], [1.0])],
            "input 'Sepal.Length': expected the shape [rows] or [rows, 1], found [-1]",
        ),
        (
            [("Sepal.Length", "FP64", [], [1.0])],
            "input 'Sepal.Length': expected the shape [rows] or [rows, 1], found []",
        ),
        (
            [("Sepal.Length", "FP64", [3], [1.0])],
            "input 'Sepal.Length': expected 3 values, found 1",
        ),
        (
            [("Sepal.Length", "FP64", [1], [1.0]), ("Sepal.Width", "FP64", [2], [1.0, 2.0])],
            "expected inputs of equally many rows, found 1 in 'Sepal.Length' and 2 in "
            "'Sepal.Width'",
        ),
        (
            [("Sepal.Length", "FLOAT", [1], [1.0])],
            "input 'Sepal.Length': expected a datatype such as BYTES or FP64, found 'FLOAT'",
        ),
        (
            [("Sepal.Length", "FP64", [2], [1.0, "long"])],
            "row 2, column 'Sepal.Length': expected a number, found 'long'",
        ),
    ],
)
def test_wrong_tensors_are_refused_in_a_sentence(
    inputs: list[tuple[str, str, list[int], list[Any]]], sentence: str, ks: ModuleType
) -> None:
    keys = ("name", "datatype", "shape", "data")
    request = ks.json_request([dict(zip(keys, values, strict=True)) for values in inputs])
    assert refusal(golden("iris_tanh"), request) == sentence


def test_an_output_that_the_model_has_not_is_refused(ks: ModuleType) -> None:
    from kserve.protocol.infer_type import RequestedOutput

    inputs = [ks.tensor("Sepal.Length", "FP64", [1.0])]
    request = ks.json_request(inputs, request_outputs=[RequestedOutput("score")])
    assert refusal(golden("iris_tanh"), request) == (
        "expected one of the outputs 'predict', 'probabilities', found 'score'"
    )


def test_bytes_that_are_no_text_are_refused(ks: ModuleType) -> None:
    case = golden(LEVELS)
    name = next(t["name"] for t in ks.tensors(case) if t["datatype"] == "BYTES")
    request = ks.json_request([{"name": name, "datatype": "BYTES", "shape": [1], "data": None}])
    request.inputs[0].set_data_from_numpy(np.array([b"\xff"], object), binary_data=True)
    assert refusal(case, request) == f"input {name!r}: expected text in UTF-8, found b'\\xff'"


def test_equal_names_are_refused_by_the_protocol_that_goes_by_name() -> None:
    from kserve.errors import InvalidInput

    case = golden("output_level_p0")
    columns = case.columns()
    rows = [{name: cells[0] for name, cells in columns.items()}]
    with pytest.raises(InvalidInput, match="ask by the v2 protocol, whose tensors go by position"):
        asyncio.run(model(case).predict({"instances": rows}))


def test_the_metadata_name_every_raw_column() -> None:
    case = golden(LEVELS)
    made = model(case)
    kinds = {t["name"]: (t["datatype"], t["shape"]) for t in made.get_input_types()}
    for column in case.mojo().inputs:
        levels = hasattr(column, "levels")
        assert kinds[column.name] == ("BYTES" if levels else "FP64", [-1])
    assert len(kinds) == len(case.mojo().inputs)


def test_the_documented_runtime_has_options_that_exist() -> None:
    import yaml

    from emit.serving.__main__ import _parser

    found = blocks((DOCS / "serving.md").read_text("utf-8"), "yaml")
    (text,) = (text for text in found if "ServingRuntime" in text)
    runtime, service = yaml.safe_load_all(text)
    (container,) = runtime["spec"]["containers"]
    chosen = _parser().parse_args(container["args"])
    assert container["ports"][0]["containerPort"] == chosen.http_port
    assert container["readinessProbe"]["httpGet"]["port"] == chosen.http_port
    (known,) = runtime["spec"]["supportedModelFormats"]
    assert service["spec"]["predictor"]["model"]["modelFormat"]["name"] == known["name"]


def test_blanks_around_an_inputs_name_are_dropped(ks: ModuleType) -> None:
    case = golden("iris_tanh")
    plain = ks.tensors(case)
    padded = [{**tensor, "name": f" {tensor['name']} "} for tensor in plain]
    found = [answer(case, ks.json_request(given)).outputs[1].data for given in (plain, padded)]
    assert np.array_equal(*found)
