"""Binary models: what is read equals the MOJO of the same model, and what is refused."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from binary_support import (
    FOREIGN,
    GONE,
    NEVER_HAD,
    PREDICTIONS,
    case_of,
    foreign,
    golden_binaries,
    header,
    of_version,
    read_bytes,
    refusal,
)

from mojo_reader import read_model, read_mojo
from mojo_reader.comparing.sameness import differences
from mojo_reader.details import parse_details, read_details
from mojo_reader.errors import MojoFormatError, MojoUnsupportedError
from mojo_reader.formats.binary.details import _table
from mojo_reader.formats.binary.facts import _lacks, _original, _uuid
from mojo_reader.formats.binary.layouts import known_layouts
from mojo_reader.formats.binary.objects import Numbers, Record
from mojo_reader.formats.binary.wire import Source
from mojo_reader.formats.kinds import form_of_head
from mojo_reader.formats.limits import DEFAULT_LIMITS, Limits
from mojo_reader.model import Form

#: What a MOJO's writer adds of itself, and when it ran.
OF_THE_MOJO = {
    "kept.keys[license]",
    "kept.keys[endianness]",
    "kept.keys[timestamp]",
    "kept.members[experimental/README.md]",
    "kept.members[experimental/modelDetails.json]",
}
#: What MOJOs of old releases do not say, and their binary models do.
OLD_MOJOS_LACK = {
    "info.offset_column",
    "info.fold_column",
    "kept.keys[offset_column]",
    "kept.keys[fold_column]",
    "kept.keys[escape_domain_values]",
}


@pytest.mark.parametrize("path", golden_binaries(), ids=case_of)
def test_a_binary_model_is_the_model_of_its_mojo(path: Path) -> None:
    mojo, binary = read_mojo(path.with_name("model.zip")), read_model(path)
    assert binary.info.form is Form.BINARY
    found = {difference.name: difference for difference in differences(mojo, binary)}
    told = {name for name in found if name in OLD_MOJOS_LACK}
    assert all(found[name].first is None for name in told)
    if mojo.info.encoded_inputs and not binary.info.encoded_inputs:
        # The MOJO lost the columns before the encoding; the network is the same.
        found = {name: kept for name, kept in found.items() if name.startswith("layers")}
    assert set(found) - told <= OF_THE_MOJO


@pytest.mark.parametrize("path", golden_binaries(), ids=case_of)
def test_the_details_are_those_of_the_mojo(path: Path) -> None:
    mojo = read_details(read_mojo(path.with_name("model.zip")))
    binary = read_details(read_model(path))
    assert binary.warning is None
    for found, expected in (
        (binary.parameters, mojo.parameters),
        (binary.defaults, mojo.defaults),
    ):
        known = {name: value for name, value in expected.items() if name != NEVER_HAD}
        gone = {name: found[name] for name in GONE if known[name] is None}
        assert dict(found) == {**known, **gone}
    assert binary.tables == mojo.tables


@pytest.mark.parametrize("path", [FOREIGN, *golden_binaries()], ids=case_of)
def test_the_state_of_training_fits_the_network(path: Path) -> None:
    mojo = read_model(path)
    state = mojo.training
    assert state is not None
    used = state.parameters
    adaptive = used["adaptive_rate"]
    momenta = bool(used["momentum_start"] or used["momentum_stable"])
    assert [len(state.weight_ada), len(state.bias_ada)] == [len(mojo.layers) * adaptive] * 2
    assert [len(state.weight_momenta), len(state.bias_momenta)] == [len(mojo.layers) * momenta] * 2
    for index, layer in enumerate(mojo.layers):
        inputs, units = layer.kernels[0].shape
        candidates = (2,) if len(layer.kernels) > 1 else ()
        if adaptive:
            assert state.weight_ada[index].shape == (units, inputs, *candidates, 2)
            assert state.bias_ada[index].shape == (units, *candidates, 2)
            # Averages of squares.
            assert (state.weight_ada[index] >= 0).all()
            assert (state.bias_ada[index] >= 0).all()
        if momenta:
            assert state.weight_momenta[index].shape == (units, inputs, *candidates)
            assert state.bias_momenta[index].shape == (units, *candidates)
    assert state.processed > 0
    assert state.saw_missing is None or len(state.saw_missing) == len(mojo.features.categorical)
    for array in (*state.weight_ada, *state.bias_ada, *state.weight_momenta, *state.bias_momenta):
        assert not array.flags.writeable


# --------------------------------------------------------------------------- releases


def test_a_release_that_is_not_known_is_read_by_the_fields_that_fit() -> None:
    facts, known = read_bytes(of_version(foreign(), "3.45.0.6789")), read_bytes(foreign())
    assert facts.notes == (
        "the fields of H2O 3.45.0.6789 are not known here; those of 3.46.0.1 fit the whole file",
    )
    assert all(map(np.array_equal, facts.weights, known.weights))
    assert parse_details(facts.details) == parse_details(known.details)


@pytest.mark.parametrize("version", ["3.46.0.12", "3.46.0.99999", "3.47.0.6000", "4.0.0.1"])
def test_reserved_releases_are_refused_by_name(version: str) -> None:
    error = refusal(of_version(foreign(), version))
    assert type(error) is MojoUnsupportedError
    assert str(error) == (
        f"this binary model is of H2O {version}, and from 3.46.0.12 on their vendor reserves the "
        "export of scoring artifacts; export the model's weights from the running H2O (from_h2o, "
        "or a folder of exported weights), or ask H2O.ai"
    )


def test_no_table_is_of_a_reserved_release() -> None:
    releases = [release for layout in known_layouts().releases for release in layout]
    assert len(releases) == len(set(releases))
    assert max(tuple(map(int, release.split("."))) for release in releases) == (3, 46, 0, 11)
    assert min(tuple(map(int, release.split("."))) for release in releases) == (3, 20, 0, 4)


@pytest.mark.parametrize("version", ["3.46.0.7-SNAPSHOT", "", "3.46", "x" * 5000])
def test_a_version_that_is_none(version: str) -> None:
    error = refusal(of_version(foreign(), version))
    assert type(error) is MojoFormatError
    assert str(error) == (
        "this is an H2O binary file, which starts with the release that wrote it, such as "
        f"3.46.0.7; found {version[:40]!r}"
    )


# --------------------------------------------------------------------------- other files


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "hex.tree.gbm.GBMModel",
            "this is a binary model of the algorithm GBM, and only Deep Learning can be read here",
        ),
        (
            "hex.glm.GLMModel",
            "this is a binary model of the algorithm GLM, and only Deep Learning can be read here",
        ),
        (
            "hex.ensemble.StackedEnsembleModel",
            "this is the binary model of a stacked ensemble, and only Deep Learning can be read "
            "here; save its deep-learning base models one by one with h2o.save_model",
        ),
        (
            "water.fvec.Frame",
            "this is an H2O binary file of 'water.fvec.Frame', expected a Deep Learning model",
        ),
    ],
)
@pytest.mark.parametrize("version", ["3.46.0.7", "3.45.0.6789"])
def test_other_objects_are_refused_by_name(name: str, message: str, version: str) -> None:
    error = refusal(header(version, " BAD", name) + b"\x02")
    assert type(error) is MojoUnsupportedError
    assert str(error) == message


def test_what_is_no_binary_model() -> None:
    error = refusal(b"PK\x03\x04")
    assert type(error) is MojoFormatError
    assert str(error) == r"expected an H2O binary model, which starts with b'\x1c\xed'"
    assert form_of_head(b"PK\x03\x04") is None
    assert form_of_head(foreign()[:100]) is Form.BINARY


def test_bytes_behind_the_model() -> None:
    error = refusal(foreign() + b"more")
    assert type(error) is MojoFormatError
    assert str(error) == "expected the end of the file, found 4 bytes more"


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(share: float) -> None:
    error = refusal(foreign()[: int(len(foreign()) * share)])
    assert type(error) is MojoFormatError
    assert "bytes, found" in str(error)
    assert "the file is cut off" in str(error)


# --------------------------------------------------------------------------- byte order


def big_endian(content: bytes, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Turn a file's numbers around, as a machine of the other byte order would write them."""
    spans: list[tuple[int, int, int]] = []

    def place(stream: Source) -> int:
        return len(content) - stream.left()

    def integer(stream: Source, width: int) -> int:
        spans.append((place(stream), width, 1))
        return int.from_bytes(stream.read(width), "little", signed=True)

    def array(stream: Source, dtype: np.dtype[Any], count: int) -> np.ndarray[Any, Any]:
        spans.append((place(stream), dtype.itemsize, count))
        return read_array(stream, dtype, count)

    def numbers(leaf: Numbers, stream: Source, context: object, path: str) -> list[Any]:
        start = place(stream)
        for code in leaf._structs["<"].format[1:]:
            width = struct.calcsize("<" + code)
            spans.append((start, width, 1))
            start += width
        return read_numbers(leaf, stream, context, path)

    read_array, read_numbers = Source.array, Numbers._parse
    with monkeypatch.context() as patch:
        patch.setattr(Source, "integer", integer)
        patch.setattr(Source, "array", array)
        patch.setattr(Numbers, "_parse", numbers)
        read_bytes(content)
    turned = bytearray(content)
    for start, width, count in spans:
        for first in range(start, start + width * count, width):
            turned[first : first + width] = content[first : first + width][::-1]
    return bytes(turned)


def test_a_file_of_the_other_byte_order_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turned = big_endian(foreign(), monkeypatch)
    assert turned != foreign()
    error = refusal(turned)
    assert type(error) is MojoUnsupportedError
    assert str(error) == (
        "this binary model was written on a big-endian machine, which is not read here; download "
        "the MOJO of the model instead"
    )


# --------------------------------------------------------------------------- before the encoding


def test_columns_that_training_ignored_are_none_of_the_model() -> None:
    output = Record(
        "Output",
        {
            "_names": ["x", "city:0", "city:1", "few", "y"],
            "_origNames": ["ignored", "x", "city", "few", "y"],
            "_origDomains": [["a"], None, ["b", "c"], ["d"], ["no", "yes"]],
        },
    )
    original = _original(output, "Binary", DEFAULT_LIMITS)
    assert original is not None
    assert original.names == ("x", "city", "few", "y")
    assert original.levels == (None, ("b", "c"), ("d",), ("no", "yes"))
    output.fields["_names"] = ["x", "city.top_10_levels", "few", "y"]
    limited = _original(output, "EnumLimited", DEFAULT_LIMITS)
    assert limited is not None
    assert limited.names == original.names
    assert _original(output, "AUTO", DEFAULT_LIMITS) is None
    # A release that kept no values of it.
    assert _original(output, "Eigen", DEFAULT_LIMITS) is None


def test_tables_that_no_mojo_could_hold_are_left_out() -> None:
    whole = parse_details(read_bytes(foreign()).details)
    for limits in (Limits(details_bytes=40_000), Limits(details_values=3_000)):
        cut = parse_details(read_bytes(foreign(), limits).details)
        assert cut.parameters == whole.parameters
        assert cut.tables == {}
    assert set(whole.tables) == {"model_summary", "scoring_history", "variable_importances"}


# --------------------------------------------------------------------------- what only it holds


@pytest.mark.parametrize("path", golden_binaries(), ids=case_of)
def test_what_training_left_agrees_with_the_tables(path: Path) -> None:
    mojo = read_model(path)
    state, tables = mojo.training, read_details(mojo).tables
    assert state is not None
    history = tables["scoring_history"]
    assert state.processed == max(history.data[history.columns.index("samples")])
    given = read_details(mojo).parameters
    if given["standardize"] and not given["weights_column"] and not given["fold_column"]:
        sub = mojo.features.norm_sub
        assert state.numeric_means is not None
        assert sub is not None
        if state.parameters["is_cv_model"]:
            # Its columns were standardized by the rows of its own folds.
            assert not np.array_equal(state.numeric_means, sub)
        else:
            assert np.array_equal(state.numeric_means, sub)
    assert (state.saw_missing is not None) == bool(mojo.features.categorical)
    if state.saw_missing is not None and "variable_importances" in tables:
        table = tables["variable_importances"]
        importances = dict(zip(table.data[0], table.data[1], strict=True))
        for feature, saw in zip(mojo.features.categorical, state.saw_missing, strict=True):
            # A slot that no row set counts for nothing.
            assert bool(importances[f"{feature.name}.missing(NA)"]) == saw


def test_special_columns_are_those_of_the_parameters() -> None:
    found = set()
    for path in golden_binaries():
        mojo = read_model(path)
        given = read_details(mojo).parameters
        assert mojo.info.offset_column == given["offset_column"]
        assert mojo.info.fold_column == given["fold_column"]
        found |= {mojo.info.offset_column, mojo.info.fold_column}
    assert len(found) > 2


def test_predictions_of_cross_validation_are_passed_over() -> None:
    content = PREDICTIONS.read_bytes()
    assert b"C8DChunk" in content
    facts = read_bytes(content)
    assert facts.category == "Multinomial"
    assert facts.notes == ()
    error = refusal(content + b"\0")
    assert str(error) == "expected the end of the file, found 1 bytes more"
    assert type(refusal(content[:-1])) is MojoFormatError


def test_the_identity_is_in_the_metrics_as_well() -> None:
    metrics = Record("Metrics", {"_model_checksum": -12})
    output = Record("Output", {"_training_metrics": metrics})
    model = Record("Model", {"_checksum": 0, "_output": output})
    assert _uuid(model) == "-12"
    model.fields["_checksum"] = 34
    assert _uuid(model) == "34"
    model.fields["_checksum"] = metrics.fields["_model_checksum"] = 0
    assert _uuid(model) is None
    assert _lacks(None, "AUTO", None) == ("the model's uuid",)


def test_a_table_without_headers_of_rows() -> None:
    table = Record(
        "Table",
        {
            "tableHeader": "Name",
            "tableDescription": None,
            "colHeaderForRowHeaders": "",
            "rowHeaders": ["a", None],
            "colHeaders": ["Training RMSE", "N_o %"],
            "colTypes": ["double", "int"],
            "colFormats": ["%f", "%d"],
            "cellValues": [[1.5, 2], [float("nan"), None]],
        },
    )
    found = _table(table)
    assert [column["name"] for column in found["columns"]] == ["training_rmse", "n_o_"]
    assert found["data"] == [[1.5, "NaN"], [2, None]]
    assert found["rowcount"] == 2
    table.fields["rowHeaders"] = ["a", "b"]
    assert _table(table)["data"] == [["a", "b"], [1.5, "NaN"], [2, None]]


def test_a_file_that_no_layout_fits_says_what_the_best_one_found() -> None:
    error = refusal(of_version(foreign(), "3.45.0.6789") + b"more")
    assert type(error) is MojoUnsupportedError
    assert str(error) == (
        "this binary model is of H2O 3.45.0.6789, which is not known here, and the fields of no "
        "release that is known fit it; by those of 3.46.0.1: expected the end of the file, found 4 "
        "bytes more"
    )
