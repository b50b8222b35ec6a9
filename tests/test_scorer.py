"""The scorer against H2O's own scores, on every golden case."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import Golden, assert_close, golden, golden_cases, read_csv, scored, scored_cases

from mojo_reader import Scorer
from mojo_reader.errors import MojoDataError
from mojo_reader.model import Activation
from mojo_reader.scoring import network
from mojo_reader.scoring.notices import Notices
from mojo_reader.scoring.scorer import MissingColumnWarning

FLOAT64_TOLERANCE = 1e-10
pytestmark = pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning")
each_scored_case = pytest.mark.parametrize("case", scored_cases(), ids=lambda case: case.name)


@each_scored_case
def test_float64_equals_h2o(case: Golden) -> None:
    expected = case.expected()
    found = scored(Scorer(case.mojo()), case.columns())
    assert_close(found.values, expected.values, tolerance=FLOAT64_TOLERANCE)
    assert found.labels == expected.labels
    if expected.header is not None:
        assert found.header == expected.header


def test_scores_come_by_h2os_names() -> None:
    case = golden("response_integers")
    expected = case.expected()
    scores = Scorer(case.mojo()).score(case.columns())
    assert list(scores) == expected.header
    assert scores["predict"].tolist() == expected.labels
    numbers = np.column_stack(list(scores.values())[1:])
    assert_close(numbers, expected.values, tolerance=FLOAT64_TOLERANCE)


@each_scored_case
def test_exact_equals_java_to_the_last_bit(case: Golden) -> None:
    expected = case.expected()
    found = scored(Scorer(case.mojo(), exact=True), case.columns())
    # The server's own network code rounds differently.
    tolerance = 0.0 if case.java else FLOAT64_TOLERANCE
    assert_close(found.values, expected.values, tolerance=tolerance)


@each_scored_case
def test_float32_labels_equal_h2o(case: Golden) -> None:
    expected = case.expected()
    if expected.labels is not None:
        found = scored(Scorer(case.mojo(), dtype="float32"), case.columns())
        assert found.labels == expected.labels


@pytest.mark.parametrize(
    "case", [case for case in golden_cases() if case.refused], ids=lambda case: case.name
)
def test_rows_without_a_score_are_refused(case: Golden) -> None:
    reasons = r"expected a number|lacks the original levels|the prediction is NaN"
    with pytest.raises(MojoDataError, match=reasons):
        Scorer(case.mojo()).score(case.columns())


def files_named(pattern: str) -> list[Path]:
    return [path for case in golden_cases() for path in sorted(case.folder.glob(pattern))]


@pytest.mark.parametrize("path", files_named("anomaly*.csv"), ids=lambda path: path.parent.name)
def test_reconstruction_error_equals_h2o(path: Path) -> None:
    case = Golden(path.parent)
    missing = "server" if path.stem == "anomaly_server" else "java"
    actual = Scorer(case.mojo()).anomaly(case.columns(), missing=missing)
    rows = read_csv(path)[1:]
    expected = np.array([float(row[0]) if row[0] not in {"", "NA"} else np.nan for row in rows])
    assert_close(actual, expected, tolerance=FLOAT64_TOLERANCE)


@pytest.mark.parametrize("path", files_named("features_layer_*.csv"), ids=lambda p: p.parent.name)
def test_hidden_outputs_equal_the_server(path: Path) -> None:
    case = Golden(path.parent)
    layer = int(path.stem.rpartition("_")[2])
    expected = np.array([list(map(float, row)) for row in read_csv(path)[1:]])
    actual = Scorer(case.mojo()).features(case.columns(), layer)
    assert_close(actual, expected, tolerance=FLOAT64_TOLERANCE)


def test_goldens_cover_what_they_must() -> None:
    cases = golden_cases()
    assert len(cases) >= 40
    assert len({case.case["h2o_version"] for case in cases}) >= 6
    assert {case.case["mojo_version"] for case in cases} == {"1.00", "1.10"}
    assert {case.case["oracle"] for case in cases} == {"java", "server"}
    assert files_named("anomaly.csv")
    assert files_named("features_layer_*.csv")


def test_rows_on_the_threshold_have_java_labels() -> None:
    on_threshold = [case for case in scored_cases() if case.case.get("rows_on_threshold")]
    assert on_threshold
    for case in on_threshold:
        scorer = Scorer(case.mojo())
        matrix = scorer.encode(case.columns())
        probabilities = scorer.score_matrix(matrix)
        threshold = scorer.mojo.output.threshold
        exactly = probabilities[:, 1] == threshold
        assert exactly.any(), case.name
        assert (scorer.label_indices(probabilities, matrix)[exactly] == 1).all()


def test_every_closed_set_is_served() -> None:
    assert set(network.ACTIVATIONS) == set(Activation)


def test_a_pickled_scorer_gives_the_same_bits() -> None:
    case = golden("iris_tanh")
    scorer = Scorer(case.mojo(), dtype="float32")
    again = pickle.loads(pickle.dumps(scorer))  # noqa: S301 - our own bytes
    assert again.dtype == "float32"
    columns = case.columns()
    assert (again.predict_proba(columns) == scorer.predict_proba(columns)).all()
    assert (copy.copy(scorer).predict(columns) == scorer.predict(columns)).all()


def test_threads_share_a_scorer() -> None:
    case = golden("iris_tanh")
    scorer = Scorer(case.mojo())
    columns = case.columns()
    expected = scorer.predict_proba(columns)
    with ThreadPoolExecutor(8) as pool:
        for actual in pool.map(lambda _: scorer.predict_proba(columns), range(64)):
            assert (actual == expected).all()


def test_one_row_and_no_row_keep_their_shape() -> None:
    case = golden("iris_tanh")
    scorer = Scorer(case.mojo())
    columns = case.columns()
    all_rows = scorer.predict_proba(columns)
    first = {name: values[:1] for name, values in columns.items()}
    assert_close(scorer.predict_proba(first), all_rows[:1], tolerance=FLOAT64_TOLERANCE)
    none = {name: values[:0] for name, values in columns.items()}
    assert scorer.predict_proba(none).shape == (0, 3)
    assert scorer.predict(none).shape == (0,)


def test_return_kinds_follow_the_category() -> None:
    classes = Scorer(golden("iris_tanh").mojo())
    regression = Scorer(golden("gaussian").mojo())
    autoencoder = Scorer(golden("autoencoder_tanh").mojo())
    assert classes.predict(golden("iris_tanh").columns()).dtype == object
    assert regression.predict(golden("gaussian").columns()).ndim == 1
    assert autoencoder.predict(golden("autoencoder_tanh").columns()).ndim == 2
    assert not hasattr(regression, "predict_proba")
    for call in (regression.reconstruct, regression.anomaly):
        with pytest.raises(AttributeError, match="a Regression model has no"):
            call({})


def test_an_absent_column_is_missing_and_said() -> None:
    case = golden("iris_tanh")
    scorer = Scorer(case.mojo())
    columns = case.columns()
    missing = {**columns, "Petal.Width": [None] * len(columns["Petal.Width"])}
    absent = {name: values for name, values in columns.items() if name != "Petal.Width"}
    with pytest.warns(MissingColumnWarning, match=r"Petal\.Width"):
        scores = scorer.predict_proba(absent)
    assert (scores == scorer.predict_proba(missing)).all()


def test_rows_without_any_column_are_refused() -> None:
    with pytest.raises(MojoDataError, match="the rows have none of the model's columns"):
        Scorer(golden("iris_tanh").mojo()).predict({"x": [1.0]})


def test_a_nan_prediction_is_refused_as_in_java() -> None:
    scorer = Scorer(golden("iris_rectifier").mojo())
    huge = {name: [1.0, np.inf] for name in scorer.mojo.features.names}
    with pytest.raises(MojoDataError, match="row 2: the prediction is NaN"):
        scorer.predict(huge)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float16"}, "expected dtype float64 or float32"),
        ({"dtype": "float32", "exact": True}, "exact=True needs dtype float64"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Scorer(golden("iris_tanh").mojo(), **options)


@pytest.mark.parametrize("name", ["levels_odd_text", "iris_tanh", "encoding_binary"])
def test_one_plain_row_is_encoded_as_among_others(name: str) -> None:
    case = golden(name)
    scorer = Scorer(case.mojo())
    columns: dict[str, list[Any]] = {c.name: case.columns()[c.name] for c in case.mojo().inputs}
    whole = scorer.encode(columns)
    for column in case.mojo().inputs:
        if not hasattr(column, "levels"):
            numbers = whole[:, column.feature].tolist()
            columns[column.name] = [None if np.isnan(cell) else cell for cell in numbers]
    plain = 0
    for place, expected in enumerate(whole[:40]):
        cells = {column: values[place] for column, values in columns.items()}
        one = {column: [cell] for column, cell in cells.items()}
        for table in (one, [cells], {**one, "further": [1]}):
            encoded = scorer.encode_rows(table, Notices()).matrix
            assert np.array_equal(encoded[0], expected, equal_nan=True)
        plain += scorer._rows._encoder.one_row(one) is not None
    assert plain > 10


def test_what_is_no_plain_row_takes_the_longer_way() -> None:
    scorer = Scorer(golden("iris_tanh").mojo())
    one_row = scorer._rows._encoder.one_row
    names = [column.name for column in scorer.mojo.inputs]
    row: dict[str, Any] = dict.fromkeys(names, 1.5)
    assert one_row({name: [cell] for name, cell in row.items()}) is not None
    assert one_row([row]) is not None
    assert one_row({name: np.array([cell]) for name, cell in row.items()}) is not None
    for odd in (
        [row, row],
        [{**row, names[0]: "1.5"}],
        [{**row, names[0]: True}],
        [{**row, names[0]: 10**400}],
        [{**row, "other": 1.5}],
        [{name: row[name] for name in names[1:]}],
        dict.fromkeys(names, (1.5,)),
        {name: [1.5, 2.5] for name in names},
    ):
        assert one_row(odd) is None
