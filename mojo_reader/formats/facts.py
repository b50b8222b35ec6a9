"""What a POJO, a binary model or exported weights say of a model.

A MOJO says it in keys of its own (``formats/mojo``). The other forms are brought to those by
``resolving.stated``, so that one set of rules and cross-checks holds for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mojo_reader.model import Form, TrainingState

__all__ = ["ModelFacts", "OriginalColumns"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OriginalColumns:
    """The columns before ``categorical_encoding`` (``Model.Output._origNames``, ``_origDomains``).

    Attributes:
        names: in the training frame's order, the response last where the model has one.
        levels: one entry for each name; None for a numeric column.
        projection: ``(levels of all categorical columns,)`` float64, the values of ``Eigen``; None
            where the file has none.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]
    projection: NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ModelFacts:
    """What H2O's ``DeepLearningMojoWriter`` would write of a model.

    Attributes:
        form: what was read.
        h2o_version: release that wrote it, such as ``3.46.0.7``; ``unknown`` where it does not
            say.
        category: ``Binomial``, ``Multinomial``, ``Regression`` or ``AutoEncoder``.
        uuid: H2O's identity of the model, as text; None where it does not say.
        timestamp: when it was trained, as a MOJO writes it; None where it does not say.
        columns: features in the model's order (categorical, then numeric), then weights, offset
            and fold columns, then the response.
        levels: by index in ``columns``, the levels of each categorical column, the response
            included.
        cats: number of categorical features.
        nums: number of numeric features.
        offset_column, fold_column: names; None for none.
        balance_classes: probabilities are corrected by the priors.
        default_threshold: of the second of two classes.
        prior_class_distrib, model_class_distrib: ``(n_classes,)`` float64; None for none.
        mini_batch_size: of training.
        cat_offsets: ``(cats + 1,)`` first input of each categorical column.
        cat_modes: ``(cats,)`` most frequent code of each; None where it does not say.
        norm_mul, norm_sub: ``(nums,)`` float64; None where numbers are not standardized.
        norm_resp_mul, norm_resp_sub: ``(1,)`` float64; None where the response is not.
        use_all_factor_levels: the first level of each column has an input, too.
        activation: H2O's name, such as ``RectifierWithDropout``.
        distribution: H2O's name; where the form does not say it, one that scores alike.
        mean_imputation: ``missing_values_handling`` is not ``Skip``.
        sizes: number of inputs of the network, then of each layer's units.
        weights: one flat float32 array a layer, in the MOJO's order.
        biases: one flat float64 array a layer.
        hidden_dropout_ratios: one for each layer, the last 0.
        categorical_encoding: H2O's name, such as ``Eigen``; ``AUTO`` for all that score alike.
        original: columns before the encoding; None where there is none.
        details: content of ``modelDetails.json``; None where the form says nothing of training.
        training: what a MOJO has no place for; None where the form has none either.
        lacks: what a MOJO says and this form does not, in a user's words, such as ``the
            distribution``.
        notes: what else a person has to know of how it was read, one sentence each.
    """

    form: Form
    h2o_version: str
    category: str
    uuid: str | None
    timestamp: str | None = None
    columns: tuple[str, ...]
    levels: Mapping[int, tuple[str, ...]]
    cats: int
    nums: int
    offset_column: str | None = None
    fold_column: str | None = None
    balance_classes: bool
    default_threshold: float
    prior_class_distrib: NDArray[np.float64] | None
    model_class_distrib: NDArray[np.float64] | None
    mini_batch_size: int = 1
    cat_offsets: tuple[int, ...]
    cat_modes: tuple[int, ...] | None = None
    norm_mul: NDArray[np.float64] | None
    norm_sub: NDArray[np.float64] | None
    norm_resp_mul: NDArray[np.float64] | None
    norm_resp_sub: NDArray[np.float64] | None
    use_all_factor_levels: bool
    activation: str
    distribution: str
    mean_imputation: bool = True
    sizes: tuple[int, ...]
    weights: tuple[NDArray[np.float32], ...] = field(repr=False)
    biases: tuple[NDArray[np.float64], ...] = field(repr=False)
    hidden_dropout_ratios: tuple[float, ...]
    categorical_encoding: str = "AUTO"
    original: OriginalColumns | None = None
    details: bytes | None = field(default=None, repr=False)
    training: TrainingState | None = field(default=None, repr=False)
    lacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
