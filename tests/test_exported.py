"""Exported weights against H2O's own scores, and against the MOJO of the same model."""

import dataclasses
import json
import sys
import types
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import numpy as np
import pytest
from forms_support import (
    EXPORTED,
    REFUSED,
    change_model,
    change_numbers,
    copied,
    form_case,
    form_cases,
    newest_cases,
    scores,
    set_parameter,
)
from fuzz.examination import examine, read_exported_folder
from fuzz.exported_mutators import mutated_exported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Golden, assert_close, examples

from mojo_reader import Mojo, read_model, write_mojo
from mojo_reader.comparing.sameness import differences, same_model
from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoError, MojoFormatError, MojoLimitError, MojoUnsupportedError
from mojo_reader.formats.exported import exported_facts
from mojo_reader.formats.exported.answer import read_answer
from mojo_reader.formats.kinds import form_of_folder
from mojo_reader.formats.limits import Limits
from mojo_reader.making.from_h2o import from_h2o
from mojo_reader.model import Classification, Form

CASES = [case for case in form_cases() if (case.folder / EXPORTED).exists()]
READ = [case for case in CASES if case.name not in REFUSED]
TOLERANCE = 1e-12

#: What every MOJO says and H2O's clients do not.
LACKS = {"kept.keys[license]", "kept.keys[endianness]", "kept.members[experimental/README.md]"}
PRIORS = {"output.prior_class_distrib", "kept.keys[prior_class_distrib]"}
#: Releases up to 3.28 do not tell theirs, and so not which keys their MOJOs have.
OLD = {
    *("info.h2o_version", "kept.keys[h2o_version]"),
    *("info.mojo_version", "kept.keys[mojo_version]"),
    *("kept.keys[_genmodel_encoding]", "kept.keys[_orig_projection_array]"),
}
#: MOJOs of some releases do not say these.
UNSAID = {
    "kept.keys[escape_domain_values]",
    *("info.fold_column", "kept.keys[fold_column]"),
    *("info.offset_column", "kept.keys[offset_column]"),
}

pytestmark = pytest.mark.filterwarnings(
    "ignore::mojo_reader.scoring.scorer.MissingColumnWarning",
    "ignore::mojo_reader.scoring.scorer.UnseenLevelWarning",
)


def each(cases: list[Golden]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def read(case: Golden) -> Mojo:
    return read_model(case.folder / EXPORTED)


@each([*READ, *newest_cases()])
def test_the_scores_are_h2os(case: Golden) -> None:
    expected = case.expected()
    labels, numbers = scores(read(case), case)
    assert labels == expected.labels
    assert_close(numbers, expected.values, tolerance=TOLERANCE)


@each(READ)
def test_the_model_is_that_of_the_mojo(case: Golden) -> None:
    """All fields, arrays, keys and members, but for what is named here."""
    found, mojo = read(case), case.mojo()
    expected = set(LACKS)
    expected |= {"kept.keys[cat_modes]"} & {f"kept.keys[{key}]" for key in mojo.kept.keys}
    expected |= PRIORS if isinstance(mojo.output, Classification) else set()
    expected |= OLD if mojo.info.h2o_version < "3.30" else set()
    by_name = {difference.name: difference for difference in differences(found, mojo)}
    # A MOJO says when it was written, the server when the model was trained.
    by_name.pop("kept.keys[timestamp]", None)
    details = by_name.pop(f"kept.members[{DETAILS}]")
    assert json.loads(details.first) == json.loads(details.second)
    unsaid = UNSAID & set(by_name)
    assert {by_name[name].second for name in unsaid} <= {None}
    assert set(by_name) - unsaid == expected


def test_what_was_read_and_what_it_lacks_is_said() -> None:
    info = read(form_case("v3_46_regression_maxout")).info
    assert (info.form, info.h2o_version) == (Form.EXPORTED, "3.46.0.7")
    assert info.lacks == (
        "the model's identity (uuid)",
        "the most frequent level of each categorical column (cat_modes)",
    )
    classes = read(form_case("v3_32_missing_skip")).info
    assert classes.lacks == (
        "the model's identity (uuid)",
        "the classes' shares in training (prior_class_distrib)",
    )
    old = read(form_case("v3_20_poisson")).info
    assert (old.h2o_version, old.lacks) == (
        "unknown",
        (
            "the model's identity (uuid)",
            "the most frequent level of each categorical column (cat_modes)",
            "the release of H2O",
        ),
    )


@each(READ)
def test_a_mojo_of_it_reads_back_the_same(case: Golden, tmp_path: Path) -> None:
    mojo = read(case)
    write_mojo(mojo, tmp_path / "model.zip")
    assert same_model(read_model(tmp_path / "model.zip"), mojo)


@each([case for case in CASES if case.name in REFUSED])
def test_what_the_clients_do_not_give_is_refused_by_name(case: Golden) -> None:
    with pytest.raises(MojoUnsupportedError) as caught:
        read(case)
    assert f"the model was trained with {REFUSED[case.name]}, and H2O's clients" in str(
        caught.value
    )
    assert str(caught.value).endswith("give its MOJO, POJO or binary model (model.json)")


@pytest.mark.parametrize(
    ("loss", "distribution"),
    [
        ("Absolute", "laplace"),
        ("Huber", "huber"),
        ("Quantile", "quantile"),
        ("Quadratic", "gaussian"),
    ],
)
def test_the_loss_settles_what_auto_stands_for(
    loss: str, distribution: str, tmp_path: Path
) -> None:
    """As MOJOs of 3.20 and 3.28 say of models that were trained so."""
    exported = copied(form_case("v3_28_offset"), tmp_path)
    change_model(exported, lambda model: set_parameter(model, "loss", loss))
    assert read_model(exported).info.distribution == distribution


# --------------------------------------------------------------------------- ways of writing


def hexadecimal(cell: str) -> str:
    number = float(cell)
    # H2O writes a column of integers in decimals all the same.
    return cell if number.is_integer() else number.hex()


def test_numbers_may_be_hexadecimal(tmp_path: Path) -> None:
    case = form_case("v3_46_regression_maxout")
    exported = copied(case, tmp_path)
    for path in exported.glob("*.csv"):
        change_numbers(path, hexadecimal)
    assert same_model(read_model(exported), read(case))


def test_the_15_digits_that_r_writes_are_enough(tmp_path: Path) -> None:
    case = form_case("v3_46_regression_maxout")
    exported = copied(case, tmp_path)
    for path in exported.glob("*.csv"):
        change_numbers(path, lambda cell: f"{float(cell):.15g}")
    mojo = read_model(exported)
    assert_close(scores(mojo, case)[1], case.expected().values, tolerance=TOLERANCE)
    kernels = zip(mojo.layers, read(case).layers, strict=True)
    assert all((a.kernels[0] == b.kernels[0]).all() for a, b in kernels)


def test_fewer_digits_are_not(tmp_path: Path) -> None:
    exported = copied(form_case("v3_46_regression_maxout"), tmp_path)
    change_numbers(exported / "weights_1.csv", lambda cell: f"{float(cell):.9g}")
    expected = r"the weight -?0\.\d+ is no float32, so digits were lost when the file was written; "
    with pytest.raises(MojoUnsupportedError, match=expected):
        read_model(exported)


def test_lines_may_end_as_windows_ends_them(tmp_path: Path) -> None:
    case = form_case("v3_46_regression_maxout")
    exported = copied(case, tmp_path)
    for path in exported.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    assert same_model(read_model(exported), read(case))


def test_the_model_may_stand_alone_in_its_json(tmp_path: Path) -> None:
    """As ``h2o.saveModelDetails`` writes it."""
    case = form_case("v3_46_regression_maxout")
    exported = copied(case, tmp_path)
    path = exported / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))["models"][0]), "utf-8")
    assert same_model(read_model(exported), read(case))


def test_the_facts_come_of_plain_values_too() -> None:
    case = form_case("v3_46_regression_maxout")
    model = read_answer(case.folder / EXPORTED / "model.json", Limits())
    layers = read(case).layers
    weights = [np.stack([k.T for k in layer.kernels], axis=-1) for layer in layers]
    rows = [array.shape[0] * array.shape[2] for array in weights]
    tables = [np.full((n, a.shape[1]), 0.5, np.float32) for n, a in zip(rows, weights, strict=True)]
    facts = exported_facts(model, tables, [np.zeros(n) for n in rows], limits=Limits())
    assert facts.sizes == (26, 4, 3, 1)
    assert [len(array) for array in facts.weights] == [2 * 4 * 26, 2 * 3 * 4, 3]
    with pytest.raises(MojoFormatError, match=r"expected weights of the shapes \[\(8, 26\)"):
        exported_facts(model, tables[1:], [np.zeros(n) for n in rows], limits=Limits())


# --------------------------------------------------------------------------- what is wrong


def without(key: str) -> Any:
    return lambda model: model["output"].pop(key)


def output(key: str, value: Any) -> Any:
    return lambda model: model["output"].update({key: value})


def parameter(name: str, value: Any) -> Any:
    return lambda model: set_parameter(model, name, value)


WRONG_MODELS = {
    "another algorithm": (
        lambda model: model.update(algo="gbm"),
        "this is a model of the algorithm 'gbm', and only deeplearning can be read here "
        "(model.json)",
    ),
    "weights were not exported": (
        output("weights", None),
        "the model was trained without export_weights_and_biases=True, so H2O's clients do not "
        "give its weights; train it again with it, or give its MOJO, POJO or binary model "
        "(model.json)",
    ),
    "another category": (
        output("model_category", "Clustering"),
        "a model of the category 'Clustering' cannot be scored here (model.json)",
    ),
    **{
        f"no {key}": (
            without(key),
            f"the key is missing; this release of H2O does not give it (model.json output.{key})",
        )
        for key in ("names", "domains", "catoffsets", "normmul", "normsub", "normrespmul")
    },
    "a layer that hidden lacks": (
        parameter("hidden", [4]),
        "expected weights and biases of 2 layers, one more than hidden=[4] has, found 3 and 3 "
        "(model.json)",
    ),
    "other widths": (
        parameter("hidden", [5, 3]),
        "expected 10 rows of 26 numbers below a header, found 8 (weights_0.csv)",
    ),
    "fewer inputs": (
        output("catoffsets", [0, 12, 18, 21]),
        "row 1: expected 25 numbers, found more (weights_0.csv)",
    ),
    "fewer categorical features": (
        output("catoffsets", [0, 12, 18]),
        "expected the levels of 2 categorical features at the start of 7 features, found those of "
        "'city', 'color', 'shape' (model.json output.domains)",
    ),
    "levels that are none": (
        output("domains", [["a"], ["b"], [1], None, None, None, None, None]),
        "expected a text, found 1 (model.json output.domains)",
    ),
    "too few domains": (
        output("domains", []),
        "expected 8 lists of levels, one for each name, found 0 (model.json output.domains)",
    ),
    "a number that is none": (
        output("normmul", [1, 2, "three", 4]),
        "expected a number, found 'three' (model.json output.normmul)",
    ),
    "no multipliers": (
        output("normmul", None),
        "expected numbers, since the model was trained with standardize, found null (model.json "
        "output.normmul)",
    ),
    "no offsets": (
        output("catoffsets", []),
        "expected at least one number, found none (model.json output.catoffsets)",
    ),
    "half a character": (
        output("names", ["\ud83d", "color", "shape", "age", "size", "income", "ratio", "y"]),
        "expected a text, found '\\ud83d' (model.json output.names)",
    ),
    "a role among the features": (
        parameter("offset_column", {"column_name": "age"}),
        "expected 'age' behind the features (model.json output.names)",
    ),
}


@pytest.mark.parametrize("name", WRONG_MODELS)
def test_a_model_that_is_wrong_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    change, message = WRONG_MODELS[name]
    exported = copied(form_case("v3_46_regression_maxout"), tmp_path)
    change_model(exported, change)
    with pytest.raises(MojoError) as caught:
        read_model(exported)
    assert str(caught.value) == f"{exported}: {message}"


TWO_MODELS = '{"models": [{"output": {}}, {"output": {}}]}'
WRONG_FILES = {
    "no model": ("model.json", None, "expected the file model.json, found none"),
    "no JSON": ("model.json", "<html>", "expected the JSON of GET /3/Models/ID, found none"),
    "deep JSON": ("model.json", "[" * 99_999, "expected the JSON of GET /3/Models/ID, found none"),
    "a list": ("model.json", "[]", "expected a model as GET /3/Models/ID gives it"),
    "two models": ("model.json", TWO_MODELS, "expected one model, found 2 (model.json models)"),
    "NaN": ("model.json", '{"output": NaN}', "expected the JSON of GET /3/Models/ID, found none"),
    "no weights": ("weights_1.csv", None, "expected the file weights_1.csv, found none; layers"),
    "no biases": ("biases_0.csv", None, "expected the file biases_0.csv, found none; layers"),
    "a layer more": (
        "weights_3.csv",
        "",
        "expected the weights of 3 layers, counted from 0, found",
    ),
    "no header": ("biases_2.csv", "0.5\n", "expected 1 rows of 1 numbers below a header, found 0"),
    "no number": ("biases_2.csv", '"C1"\nNaN\n', "row 1: expected a number, found 'NaN'"),
    "an empty cell": ("biases_2.csv", '"C1"\n""\n', "row 1: expected a number, found '\"\"'"),
    "a row more": ("biases_2.csv", '"C1"\n1\n2\n', "expected 1 rows of 1 numbers below a header"),
    "a cell more": ("biases_2.csv", '"C1"\n1,2\n', "row 1: expected 1 numbers, found more"),
    "too large": ("biases_2.csv", '"C1"\n1e999\n', "expected numbers, found one that is too large"),
    "many digits": ("biases_2.csv", f'"C1"\n{"9" * 999}\n', "row 1: expected a number, found '999"),
    "an underscore": ("biases_2.csv", '"C1"\n1_0\n', "row 1: expected a number, found '1_0'"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_that_is_wrong_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    file, content, message = WRONG_FILES[name]
    exported = copied(form_case("v3_46_regression_maxout"), tmp_path)
    if content is None:
        (exported / file).unlink()
    else:
        (exported / file).write_text(content, "utf-8")
    assert form_of_folder(exported) is Form.EXPORTED
    with pytest.raises(MojoFormatError) as caught:
        read_model(exported)
    assert str(caught.value).startswith(f"{exported}: {message}")
    assert file in str(caught.value)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        *(("details_bytes", 1000), ("details_values", 100), ("layers", 2), ("weights", 100)),
        *(("biases", 10), ("columns", 7), ("levels", 18), ("column_levels", 10)),
    ],
)
def test_a_limit_is_kept(name: str, limit: int) -> None:
    limits = dataclasses.replace(Limits(), **{name: limit})
    with pytest.raises(MojoLimitError, match=f"--limit {name}=N"):
        read_model(form_case("v3_46_regression_maxout").folder / EXPORTED, limits=limits)


@settings(
    max_examples=examples(20),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False))
def test_a_damaged_folder_is_refused_or_sound(random: Random) -> None:
    examine(mutated_exported(random), read=read_exported_folder)


# --------------------------------------------------------------------------- from_h2o


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type:
    """A stand-in for H2O's client, whose server has the golden cases as models."""

    def api(endpoint: str, data: dict[str, Any] | None = None, save_to: str = "") -> Any:
        method, path = endpoint.split()
        assert method == "GET"
        if path == "/3/Cloud":
            return {"version": "3.20.0.8"}
        if path == "/3/DownloadDataset":
            assert data is not None
            assert data["hex_string"] is False
            # Keys are such as v3_46_tweedie.weights.0.
            model, kind, layer = data["frame_id"].rsplit(".", 2)
            source = form_case(model).folder / EXPORTED / f"{kind}_{layer}.csv"
        else:
            source = form_case(path.removeprefix("/3/Models/")).folder / EXPORTED / "model.json"
        Path(save_to).write_bytes(source.read_bytes())
        return save_to

    class Estimator:
        __module__: ClassVar[str] = "h2o.estimators.deeplearning"

        def __init__(self, model_id: str | None) -> None:
            self.model_id = model_id

    package = types.ModuleType("h2o")
    package.api = api  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "h2o", package)
    return Estimator


def test_a_model_on_a_server_is_read_by_the_clients_calls(client: type) -> None:
    case = form_case("v3_20_poisson")
    mojo = from_h2o(client(case.name))
    names = {difference.name for difference in differences(mojo, read(case))}
    # The client knows the release, which the files do not say.
    assert names == OLD | {"kept.keys[escape_domain_values]"} or names == OLD
    assert mojo.info.h2o_version == "3.20.0.8"
    assert "the release of H2O" not in mojo.info.lacks
    assert mojo.info.source is None


def test_an_object_of_the_users_own_class_is_a_model(client: type) -> None:
    mine = type("Mine", (client,), {"__module__": "__main__"})
    assert from_h2o(mine("v3_46_regression_maxout")).info.form == Form.EXPORTED


def test_what_is_no_model_of_the_client_is_refused(client: type) -> None:
    expected = "expected a model of H2O's Python client, such as h2o.get_model returns, found dict"
    with pytest.raises(TypeError, match=expected):
        from_h2o({})
    with pytest.raises(MojoUnsupportedError, match="the model was not trained yet"):
        from_h2o(client(None))


def test_no_weights_are_asked_for_that_could_not_be_used(client: type) -> None:
    with pytest.raises(MojoUnsupportedError, match="v3_46_encoding_eigen: the model was trained"):
        from_h2o(client("v3_46_encoding_eigen"))
