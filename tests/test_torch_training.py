"""PyTorch modules that train, and the way back: what was trained scores the same as a MOJO."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from keras_support import hand_made
from rules import Of, holding
from support import Golden, golden, golden_cases

from emit.torch_model import check_torch, from_torch, to_torch
from emit.written_back import check_matrix, check_predictions
from mojo_reader import Mojo, read_mojo, write_mojo
from mojo_reader.comparing.sameness import same_model
from mojo_reader.details import DETAILS
from mojo_reader.errors import MojoUnsupportedError, ParityError
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Activation, Classification, Reconstruction

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::mojo_reader.scoring.scorer.MissingColumnWarning"),
]

#: What from_torch changes on purpose.
MARKED: Final = ("uuid", "origin", f"kept.members[{DETAILS}]")
#: One of each activation, with and without levels, gathered, hashed, in each category.
CHAIN: Final = (
    *("binomial_exprectifier", "multinomial_maxout", "regression_maxout_dropout"),
    *("levels_thousand", "hashed", "fewer_levels_mean", "poisson", "no_hidden_layer"),
    *("autoencoder_levels_tanh_dropout", "balance_classes_binomial", "levels_only"),
)


def trained(module: Any, mojo: Mojo, matrix: Any, steps: int = 5) -> Any:
    """Train on made-up answers, a few steps of Adam."""
    import torch

    torch.manual_seed(1)
    dtype = next(module.parameters()).dtype
    columns = torch.tensor(matrix).to(dtype)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    module.train()
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(module, mojo, columns).backward()
        optimizer.step()
    return module.eval()


def loss_of(module: Any, mojo: Mojo, columns: Any) -> Any:
    import torch
    from torch.nn import functional

    rows = len(columns)
    match mojo.output:
        case Classification() as classes:
            labels = torch.arange(rows) % len(classes.labels)
            return functional.cross_entropy(module.raw_outputs(columns), labels)
        case Reconstruction():
            return functional.mse_loss(module[:-1](columns), module.inputs(columns) + 0.1)
        case _:
            wanted = torch.linspace(-1, 1, rows).to(columns.dtype)[:, None]
            return functional.mse_loss(module.raw_outputs(columns), wanted)


# --------------------------------------------------------------------------- back


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", holding(golden_cases(), Of.FILE), ids=lambda case: case.name)
def test_an_untouched_module_comes_back_bit_by_bit(case: Golden, dtype: str) -> None:
    mojo = case.mojo()
    back = from_torch(to_torch(mojo, dtype=dtype), mojo)
    assert same_model(back, mojo, ignore=MARKED)
    assert not same_model(back, mojo, ignore=MARKED[1:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CHAIN)
def test_a_trained_module_scores_the_same_as_a_mojo(name: str, dtype: str, tmp_path: Path) -> None:
    mojo = golden(name).mojo()
    # Golden rows go to infinity, where nothing trains.
    matrix = check_matrix(mojo.features)
    module = trained(to_torch(mojo, dtype=dtype), mojo, matrix)
    path = tmp_path / "retrained.zip"
    write_mojo(from_torch(module, mojo), path)
    back = read_mojo(path)
    assert not same_model(back, mojo, ignore=MARKED)
    # A MOJO's kernels are float32, whatever the module's are.
    for weight_of, weight in module.named_parameters():
        if weight_of.endswith("weight"):
            weight.data = weight.data.float().to(weight.dtype)
    found = check_torch(module, back, matrix)
    assert found.passed, found
    assert found.rows == len(matrix) > 0


def test_a_compiled_module_and_one_that_trains_come_back_as_they_are() -> None:
    import torch

    mojo = golden("binomial_maxout_dropout").mojo()
    module = to_torch(mojo).train()
    module.inputs.eval()
    back = from_torch(torch.compile(module), mojo)
    assert same_model(back, mojo, ignore=MARKED)
    assert module.training
    assert module.hidden_1_dropout.training
    assert not module.inputs.training


def test_hidden_layers_may_get_another_width() -> None:
    from torch import nn

    mojo = golden("iris_tanh").mojo()
    module = to_torch(mojo)
    module.hidden_1, module.hidden_2 = nn.Linear(4, 7), nn.Linear(7, 8)
    back = from_torch(module, mojo)
    assert [layer.units for layer in back.layers] == [7, 8, 3]
    assert check_torch(module, back).passed


@pytest.mark.parametrize(("factor", "held"), [(1.0, True), (3e7, True), (3e7, False)])
def test_weights_that_training_has_blown_up_are_held_to_what_float32_can(
    factor: float, *, held: bool
) -> None:
    """Where huge products cancel, float32 alone takes the same network far away."""
    mojo = hand_made(activation=Activation.TANH, levels=(), nums=2, classes=1, norm=(0.0, 1.0))
    near, far = check_matrix(mojo.features)[5]
    first, *rest = mojo.layers
    kernel = np.tile(np.float32([[far], [-near]]) * np.float32(factor), (1, first.units))
    blown = dataclasses.replace(first, kernels=(kernel,), biases=(np.zeros(first.units),))
    mojo = dataclasses.replace(mojo, layers=(blown, *rest))
    from emit.torch_model.parity import predict_function

    predict = predict_function(to_torch(mojo))

    def shifted(rows: Any) -> Any:
        return predict(rows) + (0.0 if held else 5.0)

    if held:
        check_predictions(shifted, mojo, framework="PyTorch", dtype="float32")
        return
    with pytest.raises(ParityError):
        check_predictions(shifted, mojo, framework="PyTorch", dtype="float32")


Change = Callable[[Any], Any]


def _nan(module: Any) -> Any:
    module.hidden_2.weight.data[1, 2] = float("nan")
    return module


def _without_bias(module: Any) -> Any:
    from torch import nn

    module.hidden_1 = nn.Linear(4, 10, bias=False)
    return module


def _another_layer(module: Any) -> Any:
    from torch import nn

    module.hidden_1 = nn.Sequential(nn.Linear(4, 10))
    return module


def _half(module: Any) -> Any:
    return module.bfloat16()


def _made_from(name: str) -> Change:
    return lambda _: to_torch(golden(name).mojo())


def _state(module: Any) -> Any:
    return module.state_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            _nan,
            "expected finite float32 numbers in the weight of the layer 'hidden_2', found nan at "
            "[2, 1]",
        ),
        (_without_bias, "the layer 'hidden_1' has no bias"),
        (_another_layer, "expected a Linear layer 'hidden_1', found a Sequential"),
        (_half, "expected weights of float32 or float64, found bfloat16: call module.float()"),
        (
            _made_from("no_hidden_layer"),
            "expected a Linear layer 'hidden_1', found none: the model was not made from this MOJO "
            "by to_torch",
        ),
        (
            _made_from("four_hidden_layers"),
            "expected 2 hidden layers as in the MOJO, found a layer 'hidden_3'",
        ),
        (
            _made_from("multinomial_tanh_dropout"),
            "expected the Linear layer 'hidden_1' with 4 inputs, found 26: its weight has the "
            "shape (8, 26)",
        ),
        (
            _state,
            "expected a torch.nn.Module, found a OrderedDict: give the state_dict to what to_torch "
            "makes, by load_state_dict",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change: Change, message: str) -> None:
    mojo = golden("iris_tanh").mojo()
    with pytest.raises(MojoUnsupportedError) as caught:
        from_torch(change(to_torch(mojo)), mojo)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("iris_tanh", {"norm_sub": "[5.0, 3.0, 3.7, 1.2]"}),
        ("iris_tanh", {"activation": "ExpRectifier"}),
        ("balance_classes_binomial", {"prior_class_distrib": "[0.4, 0.6]"}),
        ("gaussian", {"norm_resp_sub": "[0.0]"}),
        ("poisson", {"distribution": "gaussian"}),
    ],
)
def test_a_module_of_another_mojo_is_found_by_what_it_predicts(
    name: str, keys: dict[str, str]
) -> None:
    mojo = golden(name).mojo()
    module = to_torch(rebuilt(mojo, keys=keys))
    with pytest.raises(ParityError, match="the PyTorch model does not predict"):
        from_torch(module, mojo)
    assert same_model(from_torch(module, mojo, check=False), mojo, ignore=MARKED)


# --------------------------------------------------------------------------- dropout


def test_hidden_units_are_dropped_without_being_enlarged_and_shrunk_in_scoring() -> None:
    import torch

    mojo = golden("binomial_rectifier_dropout").mojo()
    dropout = to_torch(mojo).hidden_1_dropout
    layer = mojo.layers[0]
    assert layer.dropout
    ones = torch.ones(2000, layer.units)
    torch.manual_seed(0)
    found = dropout.train()(ones)
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert abs(float(found.mean()) - (1.0 - layer.dropout)) < 0.01
    assert torch.equal(dropout.eval()(ones), ones * (1.0 - layer.dropout))


@pytest.mark.parametrize("levels", [(3, 2), (3000,)], ids=["multiplied", "gathered"])
def test_inputs_are_dropped_without_being_enlarged_and_whole_in_scoring(
    levels: tuple[int, ...],
) -> None:
    import torch

    from emit.torch_model.encoding import Inputs

    mojo = hand_made(levels=levels, nums=2)
    inputs = Inputs(mojo.features, 0.25, "float32")
    matrix = torch.full((4000, len(levels) + 2), 1.0)
    whole = _dense(inputs.eval()(matrix), mojo)
    assert torch.equal(whole, whole[:1].expand_as(whole))
    torch.manual_seed(0)
    dropped = _dense(inputs.train()(matrix), mojo)
    set_ones = whole[0] != 0
    assert torch.equal(dropped[:, ~set_ones], whole[:, ~set_ones])
    kept = dropped[:, set_ones] == whole[:, set_ones]
    assert (kept | (dropped[:, set_ones] == 0)).all()
    assert (abs(kept.float().mean(dim=0) - 0.75) < 0.03).all()
    # Each by itself.
    assert (abs(np.corrcoef(kept.numpy().T.astype(float)) - np.eye(kept.shape[1])) < 0.08).all()


def _dense(found: Any, mojo: Mojo) -> Any:
    import torch

    if not isinstance(found, tuple):
        return found
    slots, numbers = found
    width = mojo.features.one_hot_width
    block = torch.zeros(len(slots), width + 1).scatter_add(1, slots, torch.ones(slots.shape))
    return torch.cat([block[:, :width], numbers], dim=1)


def test_input_dropout_comes_from_the_file() -> None:
    """The golden case was trained with ``input_dropout_ratio``."""
    ratios = {
        case.name: dropout.p
        for case in holding(golden_cases(), Of.FILE)
        if (dropout := to_torch(case.mojo()).inputs.dropout) is not None
    }
    assert set(ratios.values()) > {0.0} or ratios


@pytest.mark.parametrize("activation", [a for a in Activation if a is not Activation.SOFTMAX])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slopes_stay_finite_where_formulas_overflow(activation: Activation, dtype: str) -> None:
    import torch

    if activation is Activation.LINEAR:
        return
    module = to_torch(hand_made(activation=activation, levels=()), dtype=dtype).train()
    matrix = torch.full((4, 2), 1e5, dtype=getattr(torch, dtype), requires_grad=True)
    module.raw_outputs(matrix).sum().backward()
    assert torch.isfinite(matrix.grad).all()
