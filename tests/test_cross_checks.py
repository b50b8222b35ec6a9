"""A model that can be read and would score wrongly is refused: one check a case, each by name."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from support import Edit, golden, golden_cases, ini_edit, ini_key, rewritten

from mojo_reader import read_mojo
from mojo_reader.errors import MojoError, MojoFormatError, MojoUnsupportedError
from mojo_reader.model import Classification

INI = "model.ini"


def number(key: str, position: int, text: str) -> Mapping[str, Edit]:
    """Return the edit that replaces one number of an array."""

    def edit(ini: bytes) -> bytes:
        start = ini.index(f"\n{key} = [".encode()) + len(f"\n{key} = [")
        stop = ini.index(b"]", start)
        numbers = ini[start:stop].split(b", ")
        numbers[position] = text.encode()
        return ini[:start] + b", ".join(numbers) + ini[stop:]

    return {INI: edit}


def both(*edits: Mapping[str, Edit]) -> Mapping[str, Edit]:
    """Return the edits of model.ini one after the other."""

    def edit(ini: bytes) -> bytes:
        for one in edits:
            ini = one[INI](ini)
        return ini

    return {INI: edit}


def renamed(old: str, new: str) -> Mapping[str, Edit]:
    """Return the edit that renames a column."""
    return ini_edit(f"\n{old}\n", f"\n{new}\n")


def lines(content: str) -> Mapping[str, bytes]:
    return {"domains/d003.txt": content.encode()}


Check = tuple[str, Mapping[str, Edit | bytes], str]

NETWORK: list[Check] = [
    (
        "bernoulli",
        ini_key("neural_network_sizes", "[26]"),
        "expected at most 0 numbers by neural_network_sizes, found more (model.ini weight_layer0)",
    ),
    (
        "bernoulli",
        ini_key("neural_network_sizes", "[26, -8, 6, 2]"),
        "expected at least two positive sizes, found [26, -8, 6, 2] "
        "(model.ini neural_network_sizes)",
    ),
    (
        "bernoulli",
        ini_key("neural_network_sizes", "[26, 8, 7, 2]"),
        "expected 56 numbers, found 48 (model.ini weight_layer1)",
    ),
    (
        "bernoulli",
        ini_key("neural_network_sizes", "[26, 8.5, 6, 2]"),
        "expected an array of integers, found '[26, 8.5, 6, 2]' (model.ini neural_network_sizes)",
    ),
    (
        "bernoulli",
        ini_key("bias_layer1", "[1.0, 2.0]"),
        "expected 6 numbers, found 2 (model.ini bias_layer1)",
    ),
    (
        "multinomial_maxout",
        ini_key("activation", "Tanh"),
        "expected 208 numbers, found 416 (model.ini weight_layer0)",
    ),
    (
        "bernoulli",
        number("weight_layer1", 5, "NaN"),
        "number 5 is nan, expected finite numbers (model.ini weight_layer1)",
    ),
    (
        "bernoulli",
        number("weight_layer1", 5, "-Infinity"),
        "number 5 is -inf, expected finite numbers (model.ini weight_layer1)",
    ),
    (
        "bernoulli",
        number("weight_layer2", 0, "1e39"),
        "number 0 is inf, expected finite numbers (model.ini weight_layer2)",
    ),
    (
        "bernoulli",
        number("bias_layer0", 7, "1e309"),
        "number 7 is inf, expected finite numbers (model.ini bias_layer0)",
    ),
    (
        "bernoulli",
        ini_key("hidden_dropout_ratios", "[0.0, 0.0]"),
        "expected 3 ratios, one for each layer, found 2 (model.ini hidden_dropout_ratios)",
    ),
    *[
        (
            "bernoulli",
            ini_key("hidden_dropout_ratios", f"[0.0, {ratio}, 0.0]"),
            f"expected ratios from 0 to below 1, found [0.0, {float(ratio)}, 0.0] "
            "(model.ini hidden_dropout_ratios)",
        )
        for ratio in ("1.0", "-0.1", "5.0", "NaN")
    ],
    (
        "bernoulli",
        ini_key("activation", "RectifierWithdropout"),
        "the activation 'RectifierWithdropout' is not known; known are Rectifier, Tanh, "
        "ExpRectifier, Maxout, each also with WithDropout (model.ini activation)",
    ),
]

FEATURES: list[Check] = [
    (
        "bernoulli",
        both(ini_key("cats", "-1"), ini_key("nums", "8")),
        "expected cats + nums = -1 + 8 features, found 7 (model.ini n_features)",
    ),
    (
        "bernoulli",
        ini_key("nums", "5"),
        "expected cats + nums = 3 + 5 features, found 7 (model.ini n_features)",
    ),
    (
        "bernoulli",
        both(ini_key("cats", "9"), ini_key("nums", "-2")),
        "expected cats + nums = 9 + -2 features, found 7 (model.ini n_features)",
    ),
    (
        "bernoulli",
        both(ini_key("cats", "9"), ini_key("nums", "0"), ini_key("n_features", "9")),
        "expected at least 9 columns, found 8 (model.ini n_columns)",
    ),
    (
        "bernoulli",
        both(ini_key("cats", "2"), ini_key("nums", "5")),
        "the numeric column 'shape' has levels (model.ini [domains])",
    ),
    (
        "bernoulli",
        both(ini_key("cats", "4"), ini_key("nums", "3"), ini_key("cat_offsets", "[0,12,18,22,23]")),
        "expected 3 numbers, one for each numeric column, found 4 (model.ini norm_mul)",
    ),
    (
        "levels_only",
        ini_edit("\n1: 3 d001.txt", ""),
        "expected the levels of the column 'shape' (model.ini [domains])",
    ),
    (
        "bernoulli",
        renamed("size", "age"),
        "the column 'age' stands twice (model.ini [columns])",
    ),
    (
        "bernoulli",
        renamed("y", "age"),
        "the column 'age' stands twice (model.ini [columns])",
    ),
    (
        "bernoulli",
        renamed("size", ""),
        "column 4 has no name (model.ini [columns])",
    ),
    (
        "bernoulli",
        ini_key("cat_offsets", "[1, 12, 18, 22]"),
        "expected offsets that start at 0 and grow (model.ini cat_offsets)",
    ),
    (
        "bernoulli",
        ini_key("cat_offsets", "[0, 18, 12, 22]"),
        "expected offsets that start at 0 and grow (model.ini cat_offsets)",
    ),
    (
        "bernoulli",
        ini_key("cat_offsets", "[0, 12, 12, 22]"),
        "expected offsets that start at 0 and grow (model.ini cat_offsets)",
    ),
    (
        "bernoulli",
        ini_key("cat_offsets", "[0, 12, 17, 22]"),
        "the column 'color' has 5 levels and needs 6 inputs, found 5 (model.ini cat_offsets)",
    ),
    (
        "bernoulli",
        ini_key("cat_offsets", "[0, 12, 18, 23]"),
        "expected 23 inputs for levels (cat_offsets), or 2147483647 where they are hashed "
        "(max_categorical_features), found 22 (model.ini neural_network_sizes)",
    ),
    (
        "bernoulli",
        ini_key("cat_offsets", "[0, 12, 18, 21]"),
        "expected 25 inputs (cat_offsets and nums), found 26 (model.ini neural_network_sizes)",
    ),
    (
        "bernoulli",
        ini_key("use_all_factor_levels", "false"),
        "the column 'city' has 11 levels and needs 11 inputs, found 12 (model.ini cat_offsets)",
    ),
    (
        "hashed",
        ini_key("cat_offsets", "[0, 12, 18]"),
        "expected 4 offsets, found 3 (model.ini cat_offsets)",
    ),
    (
        "bernoulli",
        number("norm_mul", 2, "NaN"),
        "expected finite numbers (model.ini norm_mul)",
    ),
    (
        "bernoulli",
        number("norm_mul", 2, "Infinity"),
        "expected finite numbers (model.ini norm_mul)",
    ),
    (
        "bernoulli",
        number("norm_mul", 2, "-0.0"),
        "expected factors other than 0 (model.ini norm_mul)",
    ),
    (
        "bernoulli",
        number("norm_sub", 0, "NaN"),
        "expected finite numbers (model.ini norm_sub)",
    ),
    (
        "bernoulli",
        ini_key("norm_sub", "null"),
        "expected 4 numbers, one for each numeric column, found 0 (model.ini norm_sub)",
    ),
]

OUTPUT: list[Check] = [
    (
        "bernoulli",
        ini_key("prior_class_distrib", "[0.5, 0.4]"),
        "expected shares that sum to 1, found [0.5, 0.4] (model.ini prior_class_distrib)",
    ),
    (
        "bernoulli",
        ini_key("prior_class_distrib", "[1.5, -0.5]"),
        "expected shares that sum to 1, found [1.5, -0.5] (model.ini prior_class_distrib)",
    ),
    (
        "bernoulli",
        ini_key("prior_class_distrib", "[NaN, 0.5]"),
        "expected shares that sum to 1, found [nan, 0.5] (model.ini prior_class_distrib)",
    ),
    (
        "bernoulli",
        ini_key("prior_class_distrib", str([0.001] * 1000)),
        "expected 2 numbers, found 1000 (model.ini prior_class_distrib)",
    ),
    (
        "balance_classes_binomial",
        ini_key("model_class_distrib", "[0.9, 0.2]"),
        "expected shares that sum to 1, found [0.9, 0.2] (model.ini model_class_distrib)",
    ),
    (
        "balance_classes_binomial",
        ini_key("model_class_distrib", "[1e-320, 1.0]"),
        "expected shares of a class in the data, found [1e-320, 1.0] "
        "(model.ini model_class_distrib)",
    ),
    (
        "balance_classes_binomial",
        ini_key("model_class_distrib", "null"),
        "expected prior_class_distrib and model_class_distrib (model.ini balance_classes)",
    ),
    *[
        (
            "bernoulli",
            ini_key("default_threshold", text),
            f"expected a probability from 0 to 1, found {found} (model.ini default_threshold)",
        )
        for text, found in [("1.5", "1.5"), ("-0.1", "-0.1"), ("NaN", "nan")]
    ],
    (
        "bernoulli",
        both(ini_key("n_classes", "3"), ini_edit("7: 2 d003", "7: 3 d003")) | lines("a\nb\nc\n"),
        "expected as many outputs and response levels as classes, found 2 outputs and 3 levels "
        "for 3 classes (model.ini n_classes)",
    ),
    (
        "bernoulli",
        ini_edit("\n7: 2 d003.txt", ""),
        "expected the levels of the response 'y' (model.ini [domains])",
    ),
    (
        "bernoulli",
        lines("yes\nyes\n"),
        "the level 'yes' of the response 'y' stands twice (model.ini [domains])",
    ),
    (
        "bernoulli",
        ini_key("category", "Multinomial"),
        "expected another number of classes for Multinomial, found 2 (model.ini n_classes)",
    ),
    (
        "iris_tanh",
        ini_key("category", "Binomial"),
        "expected another number of classes for Binomial, found 3 (model.ini n_classes)",
    ),
    (
        "bernoulli",
        ini_key("category", "Regression"),
        "expected 1 class for Regression, found 2 (model.ini n_classes)",
    ),
    (
        "bernoulli",
        both(ini_key("category", "Regression"), ini_key("n_classes", "1")),
        "the distribution bernoulli does not fit the category Regression (model.ini distribution)",
    ),
    (
        "bernoulli",
        both(
            ini_key("category", "Regression"),
            ini_key("n_classes", "1"),
            ini_key("distribution", "gaussian"),
        ),
        "expected 1 output for regression, found 2 (model.ini neural_network_sizes)",
    ),
    (
        "gaussian",
        ini_edit("2: 3 d002.txt", "2: 3 d002.txt\n7: 3 d002.txt"),
        "the response 'y' of a regression has levels (model.ini [domains])",
    ),
    (
        "bernoulli",
        ini_key("distribution", "poisson"),
        "the distribution poisson does not fit the category Binomial (model.ini distribution)",
    ),
    (
        "bernoulli",
        ini_key("distribution", "cauchy"),
        "the distribution 'cauchy' is not known; known are AUTO, gaussian, huber, laplace, "
        "quantile, fractionalbinomial, negativebinomial, custom, multinomial, poisson, gamma, "
        "tweedie, bernoulli, quasibinomial, ordinal (model.ini distribution)",
    ),
    (
        "bernoulli",
        ini_key("supervised", "false"),
        "expected a supervised model for Binomial (model.ini supervised)",
    ),
    (
        "autoencoder_tanh",
        ini_key("supervised", "true"),
        "expected an unsupervised model for AutoEncoder (model.ini supervised)",
    ),
    (
        "autoencoder_tanh",
        ini_key("distribution", "bernoulli"),
        "the distribution bernoulli does not fit the category AutoEncoder (model.ini distribution)",
    ),
    (
        "gaussian",
        both(
            ini_key("category", "AutoEncoder"),
            ini_key("supervised", "false"),
        ),
        "expected 26 outputs, as many as inputs, found 1 (model.ini neural_network_sizes)",
    ),
    (
        "gaussian",
        ini_key("norm_resp_mul", "[0.0]"),
        "expected norm_resp_mul other than 0, with norm_resp_sub (model.ini norm_resp_mul)",
    ),
    (
        "gaussian",
        ini_key("norm_resp_mul", "[NaN]"),
        "expected one finite number, found [nan] (model.ini norm_resp_mul)",
    ),
    (
        "gaussian",
        ini_key("norm_resp_sub", "[1.0, 2.0]"),
        "expected one finite number, found [1.0, 2.0] (model.ini norm_resp_sub)",
    ),
    (
        "gaussian",
        ini_key("norm_resp_sub", "null"),
        "expected norm_resp_mul other than 0, with norm_resp_sub (model.ini norm_resp_mul)",
    ),
    (
        "gaussian",
        ini_key("mini_batch_size", "0"),
        "expected a positive number, found 0 (model.ini mini_batch_size)",
    ),
    (
        "gaussian",
        ini_key("mean_imputation", None),
        "the key is missing (model.ini mean_imputation)",
    ),
]

ENCODINGS: list[Check] = [
    (
        "encoding_binary",
        ini_key("_n_orig_domain_values", "3"),
        "expected levels of 9 columns, found 3 (model.ini _n_orig_domain_values)",
    ),
    (
        "encoding_binary",
        ini_key("_m_orig_domain_values_1", "-5"),
        "expected a number of levels, found -5 (model.ini _m_orig_domain_values_K)",
    ),
    (
        "encoding_binary",
        ini_key("_m_orig_domain_values_1", "6"),
        "expected 6 lines, found 5 (_orig_domain_values_1)",
    ),
    (
        "encoding_binary",
        {"_orig_domain_values_1": None},
        "the member is missing (_orig_domain_values_1)",
    ),
    (
        "encoding_eigen",
        number("_orig_projection_array", 0, "NaN"),
        "expected finite numbers (model.ini _orig_projection_array)",
    ),
    (
        "encoding_eigen",
        number("_orig_projection_array", 0, "1e39"),
        "expected finite numbers (model.ini _orig_projection_array)",
    ),
    (
        "encoding_eigen",
        ini_key("_orig_projection_array", "[1.0]"),
        "expected 19 numbers, one for each level, found 1 (model.ini _orig_projection_array)",
    ),
    (
        "encoding_label",
        {"_orig_names": lambda names: names.replace(b"city", b"town")},
        "the original column 'town' is no column of the model (model.ini _orig_names)",
    ),
    (
        "encoding_label",
        {"_orig_names": lambda names: names.replace(b"city", b"color")},
        "the column 'color' stands twice (model.ini _orig_names)",
    ),
]

CHECKS = [*NETWORK, *FEATURES, *OUTPUT, *ENCODINGS]


@pytest.mark.parametrize(
    ("case", "edits", "message"),
    CHECKS,
    ids=[f"{case}-{message[:60]}" for case, _, message in CHECKS],
)
def test_a_contradiction_is_named(
    tmp_path: Path, case: str, edits: Mapping[str, Edit | bytes], message: str
) -> None:
    path = rewritten(golden(case).path, tmp_path / "model.zip", edits)
    with pytest.raises(MojoError) as caught:
        read_mojo(path)
    assert str(caught.value) == f"{path}: {message}"
    assert type(caught.value) in {MojoFormatError, MojoUnsupportedError}


def test_a_message_stays_a_sentence_however_long_the_file_makes_it(tmp_path: Path) -> None:
    ratios = str([7.0] * 200_000)
    sizes = str([4] * 200_001)
    edits = both(
        ini_key("neural_network_sizes", "[4, 4, 4, 3]"), ini_key("hidden_dropout_ratios", ratios)
    )
    path = rewritten(golden("iris_tanh").path, tmp_path / "model.zip", edits)
    with pytest.raises(MojoError) as caught:
        read_mojo(path)
    assert len(str(caught.value)) < 300
    long = renamed("Petal.Width", "x" * 100_000)
    twice = both(long, renamed("Petal.Length", "x" * 100_000))
    path = rewritten(golden("iris_tanh").path, tmp_path / "long.zip", twice)
    with pytest.raises(MojoError) as caught:
        read_mojo(path)
    assert len(str(caught.value)) < 2100
    assert len(sizes) > 2100


def test_the_models_of_h2o_pass_what_is_checked_here() -> None:
    """What the checks promise holds for every golden, so that none is too strict."""
    for case in golden_cases():
        mojo = case.mojo()
        for layer in mojo.layers:
            assert all(np.isfinite(kernel).all() for kernel in layer.kernels)
            assert 0 <= layer.dropout < 1
        assert np.isfinite(mojo.features.norm_mul).all()
        assert (mojo.features.norm_mul != 0).all()
        if isinstance(mojo.output, Classification):
            assert mojo.output.prior_class_distrib is not None
            assert abs(mojo.output.prior_class_distrib.sum() - 1) < 1e-9
            assert mojo.output.threshold is None or 0 < mojo.output.threshold < 1


@pytest.mark.parametrize(
    ("prior", "model", "factors"),
    [
        ("[0.25, 0.75]", "[0.5, 0.5]", [0.5, 1.5]),
        # ``GenModel.correctProbabilities`` leaves a class alone of which either has no share.
        ("[0.0, 1.0]", "[0.5, 0.5]", [1.0, 2.0]),
        ("[0.25, 0.75]", "[0.0, 1.0]", [1.0, 0.75]),
    ],
)
def test_a_class_without_a_share_is_not_corrected(
    tmp_path: Path, prior: str, model: str, factors: list[float]
) -> None:
    edits = both(ini_key("prior_class_distrib", prior), ini_key("model_class_distrib", model))
    path = rewritten(golden("balance_classes_binomial").path, tmp_path / "model.zip", edits)
    output = read_mojo(path).output
    assert isinstance(output, Classification)
    assert output.prior_factors is not None
    assert output.prior_factors.tolist() == factors


def test_a_ratio_counts_only_where_the_activation_says_dropout(tmp_path: Path) -> None:
    ratios = ini_key("hidden_dropout_ratios", "[0.5, 0.5, 0.0]")
    named = both(ratios, ini_key("activation", "TanhWithDropout"))
    for edits, scale in ((ratios, 1.0), (named, 0.5)):
        path = rewritten(golden("iris_tanh").path, tmp_path / "model.zip", edits)
        assert [layer.scale for layer in read_mojo(path).layers] == [scale, scale, 1.0]
