"""What the reader makes of real MOJOs."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support import (
    Edit,
    Golden,
    assert_close,
    golden,
    golden_cases,
    rewritten,
    scored_cases,
)

from mojo_reader import Scorer, list_base_models, read_mojo
from mojo_reader.details import read_details
from mojo_reader.errors import (
    MojoUnsupportedError,
)
from mojo_reader.model import CategoricalEncoding, Category
from mojo_reader.summary import summarize

IRIS = golden("iris_tanh")
BINOMIAL = golden("bernoulli")
each_case = pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)


# --------------------------------------------------------------------------- what is read


@each_case
def test_the_network_fits_the_features(case: Golden) -> None:
    mojo = case.mojo()
    widths = [mojo.features.width, *(layer.units for layer in mojo.layers)]
    assert [layer.inputs for layer in mojo.layers] == widths[:-1]
    assert mojo.info.category == case.case["category"]
    assert mojo.info.h2o_version == case.case["h2o_version"]
    assert f"{mojo.info.mojo_version:.2f}" == case.case["mojo_version"]


@each_case
def test_arrays_are_read_only_and_typed(case: Golden) -> None:
    for layer in case.mojo().layers:
        for kernel, bias in zip(layer.kernels, layer.biases, strict=True):
            assert kernel.dtype == np.float32
            assert bias.dtype == np.float64
            assert not kernel.flags.writeable
            assert not bias.flags.writeable


def test_every_kind_of_source_gives_the_same_model(tmp_path: Path) -> None:
    content = IRIS.path.read_bytes()
    with zipfile.ZipFile(IRIS.path) as file:
        file.extractall(tmp_path)

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self._stream = io.BytesIO(content)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self._stream.read(size)

    columns = IRIS.columns()
    expected = Scorer(IRIS.mojo()).predict_proba(columns)
    sources = [IRIS.path, str(IRIS.path), content, io.BytesIO(content), tmp_path, Pipe()]
    for source in sources:
        mojo = read_mojo(source)
        assert (Scorer(mojo).predict_proba(columns) == expected).all()
        if source is not tmp_path:
            assert mojo.info.sha256 == IRIS.mojo().info.sha256


def test_a_base_model_is_taken_from_an_ensemble() -> None:
    ensembles = [case for case in golden_cases() if case.case.get("base_model")]
    assert ensembles
    for case in ensembles:
        chosen = case.case["base_model"]
        assert chosen in list_base_models(case.path)
        assert case.mojo().info.base_model == chosen
        with pytest.raises(MojoUnsupportedError) as caught:
            read_mojo(case.path)
        assert chosen in str(caught.value)
        with pytest.raises(MojoUnsupportedError, match="'nobody' is none of them"):
            read_mojo(case.path, base_model="nobody")


def test_other_models_have_no_base_models() -> None:
    assert list_base_models(IRIS.path) == ()
    with pytest.raises(MojoUnsupportedError, match="the model is no stacked ensemble"):
        read_mojo(IRIS.path, base_model="x")


def test_training_parameters_come_from_the_details() -> None:
    details = read_details(golden("iris_l1_l2").mojo())
    assert details.warning is None
    assert details.parameters["l1"] == 0.01
    assert details.parameters["response_column"] == "Species"
    assert "scoring_history" in details.tables


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'{"output": 3, "parameters": 4}', b"[" * 100_000]
)
def test_bad_details_cost_the_parameters_only(tmp_path: Path, content: bytes) -> None:
    path = rewritten(IRIS.path, tmp_path / "m.zip", {"experimental/modelDetails.json": content})
    mojo = read_mojo(path)
    details = read_details(mojo)
    assert details.parameters == {}
    assert details.warning is not None
    assert Scorer(mojo).predict(IRIS.columns()).tolist() == IRIS.expected().labels


def test_a_model_without_details_scores_the_same(tmp_path: Path) -> None:
    path = rewritten(IRIS.path, tmp_path / "m.zip", {"experimental/modelDetails.json": None})
    assert_close(
        Scorer(read_mojo(path), exact=True).predict_proba(IRIS.columns()), IRIS.expected().values
    )


@pytest.mark.parametrize(
    "edit",
    [
        lambda ini: ini.replace(b"\n", b"\r\n"),
        lambda ini: ini.replace(b"\n", b"\r"),
        lambda ini: ini.replace(b" = ", b"="),
        lambda ini: ini.replace(b"\n", b" \t\n"),
        lambda ini: ini.replace(b"[info]\n", b"# a comment\n\n[info]\n# another = one\n\n"),
        lambda ini: ini.replace(b", ", b","),
        lambda ini: ini.rstrip(b"\n"),
    ],
    ids=[
        "crlf",
        "cr",
        "no blanks",
        "trailing blanks",
        "comments",
        "tight arrays",
        "no last newline",
    ],
)
def test_wire_variants_that_java_reads_score_the_same(tmp_path: Path, edit: Edit) -> None:
    path = rewritten(BINOMIAL.path, tmp_path / "m.zip", {"model.ini": edit})
    expected = BINOMIAL.expected()
    assert_close(
        Scorer(read_mojo(path), exact=True).predict_proba(BINOMIAL.columns()), expected.values
    )


def test_numbers_that_only_java_reads_go_the_slow_way(tmp_path: Path) -> None:
    def edit(ini: bytes) -> bytes:
        start = ini.index(b"bias_layer0 = [") + len(b"bias_layer0 = [")
        stop = ini.index(b",", start)
        number = float(ini[start:stop])
        return ini[:start] + f" {number.hex().replace('0x', '0X')}D".encode() + ini[stop:]

    path = rewritten(IRIS.path, tmp_path / "m.zip", {"model.ini": edit})
    assert_close(
        Scorer(read_mojo(path), exact=True).predict_proba(IRIS.columns()), IRIS.expected().values
    )


def test_odd_column_names_and_levels_are_read() -> None:
    names = {name for case in golden_cases() for name in case.mojo().features.names}
    assert any("=" in name for name in names)
    assert any(":" in name for name in names)
    levels = {
        level
        for case in scored_cases()
        for feature in case.mojo().features.categorical
        for level in feature.levels
    }
    for part in (",", '"', "\n", "\\", "<script>"):
        assert any(part in level for level in levels), part
    assert not all(level.isascii() for level in levels)
    assert any(level != level.rstrip() for level in levels)


def test_every_encoding_and_category_has_a_golden() -> None:
    cases = [case.mojo().info for case in golden_cases()]
    assert {info.category for info in cases} == set(Category)
    trained = {
        str(read_details(case.mojo()).parameters.get("categorical_encoding"))
        for case in golden_cases()
    }
    assert trained >= {encoding.value for encoding in CategoricalEncoding}


def test_the_weights_are_counted_without_the_biases() -> None:
    mojo = golden("binomial_tanh").mojo()
    assert [layer.weight_count for layer in mojo.layers] == [26 * 8, 8 * 6, 6 * 2]
    assert mojo.weight_count == 268
    assert summarize(mojo)["network"]["parameters"] == 268 + 8 + 6 + 2
