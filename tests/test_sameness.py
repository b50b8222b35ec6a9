"""Two models compared field by field: what differs is found, and named."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support import golden, rewritten

from mojo_reader import Mojo, read_mojo
from mojo_reader.comparing.sameness import differences, same_model
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Layer

IRIS = golden("iris_tanh")


@pytest.fixture
def mojo() -> Mojo:
    return IRIS.mojo()


def names(a: Mojo, b: Mojo, **options: object) -> list[str]:
    return [found.name for found in differences(a, b, **options)]


def test_a_model_read_twice_is_the_same(mojo: Mojo) -> None:
    assert same_model(mojo, IRIS.mojo(), ignore=())


def test_where_a_model_was_read_from_is_no_difference(mojo: Mojo) -> None:
    place = dataclasses.replace(mojo.info, sha256="0" * 64, base_model="base")
    assert same_model(mojo, dataclasses.replace(mojo, info=place), ignore=())


def test_identity_is_ignored_unless_asked_for(mojo: Mojo) -> None:
    other = rebuilt(mojo, keys={"uuid": "1", "origin": "a test"})
    assert same_model(mojo, other)
    found = list(differences(mojo, other, ignore=()))
    assert [difference.name for difference in found] == [
        "info.uuid",
        "info.origin",
        "kept.keys[uuid]",
        "kept.keys[origin]",
    ]
    assert (found[1].first, found[1].second) == (None, "a test")
    assert (found[2].first, found[2].second) == (mojo.info.uuid, "1")


def test_a_changed_key_is_found_where_it_counts_and_where_it_stands(mojo: Mojo) -> None:
    assert names(mojo, rebuilt(mojo, keys={"timestamp": "now"})) == ["kept.keys[timestamp]"]
    assert names(mojo, rebuilt(mojo, keys={"norm_sub": "[0.0, 0.0, 0.0, 0.0]"})) == [
        "features.norm_sub",
        "kept.keys[norm_sub]",
    ]
    binomial = golden("binomial_tanh").mojo()
    assert names(binomial, rebuilt(binomial, keys={"default_threshold": "0.25"})) == [
        "output.threshold",
        "kept.keys[default_threshold]",
    ]


def test_an_array_is_compared_bit_by_bit(mojo: Mojo) -> None:
    def with_first_weight(number: float) -> Mojo:
        kernel = mojo.layers[1].kernels[0].copy()
        kernel[0, 0] = number
        layer = dataclasses.replace(mojo.layers[1], kernels=(kernel,))
        return rebuilt(mojo, layers=[mojo.layers[0], layer, mojo.layers[2]])

    assert names(with_first_weight(0.0), with_first_weight(-0.0)) == ["layers[1].kernels[0]"]
    number = np.float32(0.1)
    next_number = np.nextafter(number, np.float32(1))
    assert not same_model(with_first_weight(number), with_first_weight(next_number))
    assert same_model(with_first_weight(0.1), with_first_weight(0.1), ignore=())


def test_another_number_of_layers_differs_as_a_whole(mojo: Mojo) -> None:
    fewer = rebuilt(mojo, layers=[reshaped(mojo.layers[0], 4, 8), mojo.layers[2]])
    assert names(mojo, fewer) == [
        "layers",
        "kept.keys[neural_network_sizes]",
        "kept.keys[weight_layer2]",
        "kept.keys[bias_layer2]",
        "kept.keys[hidden_dropout_ratios]",
    ]


def reshaped(layer: Layer, inputs: int, units: int) -> Layer:
    return dataclasses.replace(
        layer, kernels=(np.ones((inputs, units), np.float32),), biases=(np.zeros(units),)
    )


def test_members_and_levels_differ_by_name(mojo: Mojo) -> None:
    member = "experimental/README.md"
    assert names(mojo, rebuilt(mojo, members={member: b"other"})) == [f"kept.members[{member}]"]
    assert names(mojo, rebuilt(mojo, members={member: None})) == [f"kept.members[{member}]"]


def test_a_level_differs_in_the_output_and_in_the_domain(mojo: Mojo, tmp_path: Path) -> None:
    def renamed(content: bytes) -> bytes:
        return content.replace(b"Iris-setosa", b"Setosa")

    other = rewritten(IRIS.path, tmp_path / "m.zip", {"domains/d000.txt": renamed})
    assert names(mojo, read_mojo(other)) == [
        "output.labels",
        "output.columns",
        "kept.domains[4][1]",
    ]


def test_not_a_number_is_itself(mojo: Mojo) -> None:
    def with_nan() -> Mojo:
        layer = dataclasses.replace(mojo.layers[0], dropout=float("nan"))
        return dataclasses.replace(mojo, layers=(layer, *mojo.layers[1:]))

    assert same_model(with_nan(), with_nan())
