"""What ``emit.fit`` refuses: rows, options, and training that comes to nothing."""

import math
from typing import Any

import keras
import numpy as np
import pytest
from support import golden
from training_support import Columns, training_columns

from emit.fit import Epoch, FitOptions, fit, loop
from mojo_reader.errors import MojoDataError, MojoError, MojoUnsupportedError, TrainingError


def message_of(
    name: str, columns: Columns, kind: type[MojoError] = MojoDataError, **options: Any
) -> str:
    """Return what ``fit`` says to rows or options that it refuses."""
    with pytest.raises(kind) as error:
        fit(golden(name).mojo(), columns, FitOptions(**options))
    return str(error.value)


def with_cell(name: str, column: str, cell: object, row: int = 6) -> Columns:
    columns = training_columns(name)
    columns.setdefault(column, [1.0] * len(columns[next(iter(columns))]))[row] = cell
    return columns


BAD_ROWS = [
    ("iris_tanh", {"Sepal.Length": [1.0]}, {},
     "the rows lack the response column 'Species' (--response names another)"),
    ("iris_tanh", with_cell("iris_tanh", "Species", "Iris-nova"), {},
     "row 7, column 'Species': expected one of the model's classes 'Iris-setosa', "
     "'Iris-versicolor', 'Iris-virginica', found 'Iris-nova'"),
    ("iris_tanh", with_cell("iris_tanh", "Species", b"x"), {},
     "row 7, column 'Species': expected a level's text, found b'x'"),
    ("iris_tanh", {name: cells[:9] for name, cells in training_columns("iris_tanh").items()}, {},
     "expected at least 10 rows to train on, found 9"),
    ("iris_tanh", {**training_columns("iris_tanh"), "Species": [None] * 149 + ["Iris-setosa"]}, {},
     "expected at least 10 rows to train on, found 1 (149 rows left out: no response)"),
    ("iris_tanh", {name: [] for name in training_columns("iris_tanh")}, {}, "there are no rows"),
    ("gaussian", with_cell("gaussian", "y", "many"), {},
     "row 7, column 'y': expected a number, found 'many'"),
    ("gaussian", with_cell("gaussian", "y", math.inf), {},
     "row 7, column 'y': expected a number that float32 can hold, found inf"),
    ("gamma", with_cell("gamma", "y", 0.0), {},
     "row 7, column 'y': expected a number above 0, as gamma needs, found 0.0"),
    ("poisson", with_cell("poisson", "y", -1), {},
     "row 7, column 'y': expected a number of 0 or more, as poisson needs, found -1.0"),
    ("tweedie", with_cell("tweedie", "y", -0.5), {},
     "row 7, column 'y': expected a number of 0 or more, as tweedie needs, found -0.5"),
    ("gaussian", training_columns("gaussian"), {"weights": "w"},
     "the rows lack the weights column 'w'"),
    ("gaussian", with_cell("gaussian", "w", -2.0), {"weights": "w"},
     "row 7, column 'w': expected a weight of 0 or more, found -2.0"),
    ("gaussian", with_cell("gaussian", "w", None), {"weights": "w"},
     "row 7, column 'w': expected a weight of 0 or more, found None"),
    ("gaussian", with_cell("gaussian", "w", "heavy"), {"weights": "w"},
     "row 7, column 'w': expected a number, found 'heavy'"),
    ("gaussian", training_columns("gaussian"), {"response": "age"},
     "the response 'age' is one of the model's features"),
    ("gaussian", training_columns("gaussian"), {"weights": "y"},
     "the column 'y' cannot be both response and weights"),
    ("autoencoder_tanh", training_columns("autoencoder_tanh"), {"response": "y"},
     "an autoencoder trains on its input and has no response 'y'"),
    ("iris_tanh", training_columns("iris_tanh"), {"validation_split": 0.001},
     "a validation split of 0.001 leaves no row to hold out of 150"),
    ("iris_tanh", training_columns("iris_tanh"), {"validation_split": 0.999},
     "a validation split of 0.999 leaves no row to train on of 150"),
    ("v3_20_encoding_binary", training_columns("binomial_tanh"), {},
     "the model was trained with categorical_encoding Binary and this MOJO (version 1.00) lacks "
     "the original levels, so the rows must carry its encoded columns; absent: "),
]  # fmt: skip


@pytest.mark.parametrize(("name", "columns", "options", "wanted"), BAD_ROWS)
def test_bad_rows_are_told_in_one_sentence(
    name: str, columns: Columns, options: dict[str, Any], wanted: str
) -> None:
    found = message_of(name, columns, **options)
    assert found.startswith(wanted) if wanted.endswith(": ") else found == wanted


@pytest.mark.parametrize(
    ("name", "options", "wanted"),
    [
        ("iris_tanh", {"freeze": 3},
         "expected 0 to 2 layers to freeze, found 3: the output layer has to train"),
        ("iris_tanh", {"threshold": "max-f1"}, "a Multinomial model has no threshold"),
        ("gaussian", {"class_weights": "balanced"}, "a Regression model has no classes to weigh"),
        ("iris_tanh", {"class_weights": {"rose": 1.0}},
         "expected a weight of one of 'Iris-setosa', 'Iris-versicolor', 'Iris-virginica', found "
         "one of 'rose'"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_the_model_are_refused(
    name: str, options: dict[str, Any], wanted: str
) -> None:
    assert message_of(name, training_columns(name), MojoUnsupportedError, **options) == wanted


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"epochs": 0}, "expected epochs of 1 or more, found 0"),
        ({"batch_size": 0}, "expected batch_size of 1 or more, found 0"),
        ({"early_stopping": 0}, "expected early_stopping of 1 or more, found 0"),
        ({"learning_rate": 0.0}, "expected a learning_rate above 0, found 0.0"),
        ({"validation_split": 1.0}, "expected a validation_split from 0 to less than 1, found 1.0"),
        ({"class_weights": {"Iris-setosa": -1.0}},
         "expected a class weight of 0 or more, found -1.0 for 'Iris-setosa'"),
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ValueError, match="expected") as error:
        fit(golden("iris_tanh").mojo(), training_columns("iris_tanh"), FitOptions(**options))
    assert str(error.value) == wanted


def test_a_loss_that_is_no_number_stops_and_nothing_better_is_no_result() -> None:
    wanted = (
        "no epoch was better than the model before training: the loss was no finite number in "
        "epoch 1"
    )
    columns = training_columns("poisson")
    columns["y"] = [1e30] * 300
    found = message_of("poisson", columns, TrainingError, learning_rate=1e20, epochs=2)
    assert found == wanted


@pytest.mark.long
def test_epochs_before_a_loss_that_is_no_number_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    train = loop.Trainer.epoch

    def bursting(trainer: loop.Trainer, rows: loop.Rows, progress: Any) -> float:
        if trainer.done >= 2 * len(rows[0]):
            rows = (rows[0], np.full_like(rows[1], np.inf), rows[2])
        return train(trainer, rows, progress)

    monkeypatch.setattr(loop.Trainer, "epoch", bursting)
    seen: list[Epoch] = []
    result = fit(
        golden("gaussian").mojo(),
        training_columns("gaussian"),
        FitOptions(epochs=9, validation_split=0.0),
        on_epoch=seen.append,
    )
    assert tuple(seen) == result.epochs
    assert [math.isfinite(epoch.held_out) for epoch in seen] == [True, True, True, False]
    assert result.best.epoch == 2
    assert result.notes[0] == "training ended early: the loss was no finite number in epoch 3"
    assert result.after["RMSE"] < result.before["RMSE"]


@pytest.mark.long
def test_training_that_betters_nothing_is_no_result() -> None:
    columns = training_columns("iris_tanh")
    found = message_of("iris_tanh", columns, TrainingError, epochs=2, learning_rate=5.0)
    assert found.startswith(
        "no epoch was better than the model before training (mean deviance 0.284185 before, "
    )
    assert found.endswith(" in the best of 2 epochs)")


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    assert message_of("iris_tanh", {}, MojoUnsupportedError) == (
        "fit trains on JAX, and Keras runs on torch here: set KERAS_BACKEND=jax before Keras is "
        "imported, or train training_model(mojo) with Keras's own fit"
    )
