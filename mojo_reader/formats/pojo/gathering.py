"""The parts of a POJO together: the facts of its model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mojo_reader.formats.facts import ModelFacts, OriginalColumns
from mojo_reader.formats.pojo.assembling import fail, required
from mojo_reader.formats.pojo.members import Members
from mojo_reader.formats.pojo.scoring import Rules, Shape, Task
from mojo_reader.model import Form
from mojo_reader.model.distributions import DISTRIBUTION_LACKED

#: Of a regression, the inverse link tells one that scores alike.
_DISTRIBUTIONS: Final = {
    "Binomial": "bernoulli",
    "Multinomial": "multinomial",
    "AutoEncoder": "gaussian",
}
_THRESHOLD: Final = 0.5
#: Columns of weights, offsets and folds stand in this order. By whether there is an offset, and by
#: how many they are, where those of the offset and of the folds stand, if that tells them apart.
_OTHERS: Final[Mapping[tuple[bool, int], tuple[int | None, int | None]]] = {
    (False, 0): (None, None),
    (False, 2): (None, 1),
    (True, 1): (0, None),
    (True, 3): (1, 2),
}
_LACKS: Final = ("training parameters", "missing_values_handling")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What stands in front of the class.

    Attributes:
        version: release that wrote the POJO.
        offset: the model has an offset column; None where the comment is missing.
    """

    version: str
    offset: bool | None


def facts_of(
    head: Head, members: Members, shape: Shape, rules: Rules, arrays: Mapping[str, Any]
) -> ModelFacts:
    """Return the model's facts.

    Args:
        head: what stands in front of the class.
        members: of the class.
        shape: of the network.
        rules: of scoring.
        arrays: by the name of its class, each array of ``slots_of``.

    Raises:
        MojoFormatError: the parts contradict each other.
    """
    category = str(members.words["category"])
    columns, levels = _columns(members, shape, arrays)
    offset, fold, unknown_columns = _told(head, _others(columns, shape))
    norm_mul, norm_sub = _norms(members, ("NORMMUL", "NORMSUB"), shape.nums, used=rules.standardize)
    resp_mul, resp_sub = _norms(
        members, ("NORMRESPMUL", "NORMRESPSUB"), 1, used=rules.standardize_response
    )
    return ModelFacts(
        form=Form.POJO,
        h2o_version=head.version,
        category=category,
        uuid=members.words.get("uuid"),
        columns=columns,
        levels=levels,
        cats=shape.cats,
        nums=shape.nums,
        offset_column=offset,
        fold_column=fold,
        balance_classes=rules.balance_classes,
        default_threshold=_threshold(rules),
        prior_class_distrib=members.doubles.get("PRIOR_CLASS_DISTRIB"),
        model_class_distrib=members.doubles.get("MODEL_CLASS_DISTRIB"),
        cat_offsets=members.ints["CATOFFSETS"],
        norm_mul=norm_mul,
        norm_sub=norm_sub,
        norm_resp_mul=resp_mul,
        norm_resp_sub=resp_sub,
        use_all_factor_levels=rules.use_all_factor_levels,
        activation=rules.activation + ("WithDropout" if rules.dropout else ""),
        distribution=rules.distribution or _DISTRIBUTIONS[category],
        sizes=shape.sizes,
        weights=_layer_arrays(members, "WEIGHT", arrays),
        biases=_layer_arrays(members, "BIAS", arrays),
        hidden_dropout_ratios=_dropout_ratios(members, shape, rules),
        categorical_encoding=str(members.words.get("encoding", "AUTO")),
        original=_original(members, arrays),
        lacks=_lacks(shape, unknown_columns),
    )


def _columns(
    members: Members, shape: Shape, arrays: Mapping[str, Any]
) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    """Return the names of all columns, and the levels by their index."""
    domains = required(members.domains, "DOMAINS")
    (holder,) = members.classes["NAMES"]
    features: tuple[str, ...] | None = arrays[holder]
    if features is None:
        fail("the names of the columns are null")
    columns = tuple(name for name, _ in domains)
    for given, name in zip(features, columns, strict=False):
        if given != name:
            fail(f"DOMAINS names the column {name!r}, and NAMES {given!r}")
    supervised = shape.task is not Task.RECONSTRUCTION
    if len(columns) < len(features) + supervised:
        fail(f"expected levels for {len(features) + supervised} columns or more")
    said = members.words.get("isSupervised")
    if said != ("true" if supervised else "false"):
        fail(f"the model of the category {members.words['category']} says isSupervised {said}")
    response = members.words.get("response")
    if supervised and response not in {None, columns[-1]}:
        fail(f"the response is {response!r}, and the last column of DOMAINS {columns[-1]!r}")
    levels = {
        index: arrays[holder] or ()
        for index, (_, holder) in enumerate(domains)
        if holder is not None
    }
    classes = members.counts.get("NCLASSES", members.counts.get("nclasses"))
    if shape.task is Task.CLASSES and not classes == shape.sizes[-1] == len(
        levels.get(len(columns) - 1, ())
    ):
        fail(f"expected {classes} classes, levels of the response, and outputs of the network")
    return columns, levels


def _others(columns: tuple[str, ...], shape: Shape) -> tuple[str, ...]:
    """Return the columns of weights, offsets and folds."""
    supervised = shape.task is not Task.RECONSTRUCTION
    return columns[shape.cats + shape.nums : len(columns) - supervised]


def _told(head: Head, others: tuple[str, ...]) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return the offset's name, the folds', and the columns that cannot be told apart."""
    places = None if head.offset is None else _OTHERS.get((head.offset, len(others)))
    if places is None:
        return None, None, others
    offset, fold = (None if place is None else others[place] for place in places)
    return offset, fold, ()


def _norms(
    members: Members, names: tuple[str, str], count: int, *, used: bool
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return a factor and what is subtracted before it; None where the rules use neither."""
    arrays = tuple(members.doubles.get(name) for name in names)
    if not count:
        return np.empty(0), np.empty(0)  # as a MOJO has it
    for name, array in zip(names, arrays, strict=True):
        if (array is not None) is not used:
            fail(f"{name} is {'used but missing' if used else 'given but not used'}")
        if array is not None and len(array) != count:
            fail(f"expected {count} numbers in {name}, found {len(array)}")
    mul, sub = arrays
    return mul, sub


def _threshold(rules: Rules) -> float:
    return _THRESHOLD if rules.threshold is None else rules.threshold


def _layer_arrays(members: Members, field: str, arrays: Mapping[str, Any]) -> tuple[Any, ...]:
    first, *others = members.classes[field]
    found = tuple(arrays[name] for name in others)
    if arrays[first] is not None or any(array is None for array in found):
        fail(f"expected null as the first array of {field}, and numbers in all others")
    return found


def _dropout_ratios(members: Members, shape: Shape, rules: Rules) -> tuple[float, ...]:
    ratios = members.doubles.get("HIDDEN_DROPOUT_RATIOS")
    if (ratios is not None) is not rules.dropout:
        fail(f"HIDDEN_DROPOUT_RATIOS {'are used but missing' if rules.dropout else 'are not used'}")
    if ratios is None:
        return (0.0,) * (shape.hidden + 1)
    if len(ratios) != shape.hidden:
        fail(f"expected {shape.hidden} HIDDEN_DROPOUT_RATIOS, found {len(ratios)}")
    return (*ratios.tolist(), 0.0)


def _original(members: Members, arrays: Mapping[str, Any]) -> OriginalColumns | None:
    """Return the columns before the encoding."""
    if members.words.get("encoding", "AUTO") == "AUTO":
        return None
    domains = required(members.domains, "ORIG_DOMAINS")
    names = tuple(name for name, _ in domains)
    (holder,) = required(members.classes, "ORIG_NAMES")
    given = arrays[holder] or ()
    if given != names[: len(given)]:
        fail("ORIG_DOMAINS and ORIG_NAMES name other columns")
    return OriginalColumns(
        names=names,
        levels=tuple(None if holder is None else arrays[holder] or () for _, holder in domains),
        projection=members.doubles.get("projection"),
    )


def _lacks(shape: Shape, unknown_columns: tuple[str, ...]) -> tuple[str, ...]:
    lacks = list(_LACKS)
    if shape.task is Task.NUMBER:
        lacks.insert(0, DISTRIBUTION_LACKED)
    if shape.cats:
        lacks.append("the most frequent levels")
    lacks.extend(
        f"whether the column {name!r} holds weights, offsets or folds" for name in unknown_columns
    )
    return tuple(lacks)
