"""Golden cases that this project wrote: a MOJO of H2O's, changed, and scored by the Java scorer.

Their scores are H2O's as everywhere here; what they hold is that h2o-genmodel reads what
``write_mojo`` writes as the reader here does.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import lab
import numpy as np
from case import SCORER
from checks import check_row_count, has_exp, read_info, read_table, rows_on_threshold

from mojo_reader import Scorer, read_mojo, write_mojo
from mojo_reader.details import DETAILS, mark_as_original
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Activation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mojo_reader.model import Layer, Mojo


_SEED: Final = 20260
_NO_KEYS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenCase:
    """A golden case with other weights.

    Attributes:
        name: Folder below ``golden_mojos``.
        why: One sentence: what the case is for.
        source: The golden case that is changed.
        change: Makes the new model of the old one.
    """

    name: str
    why: str
    source: str
    change: Callable[[Mojo], Mojo]


def _seeded(
    hidden: tuple[int, ...] | None = None, keys: Mapping[str, str] = _NO_KEYS
) -> Callable[[Mojo], Mojo]:
    """A change to seeded weights, with a note of origin and marked metrics.

    Args:
        hidden: Widths of the hidden layers; None keeps them.
        keys: Keys of ``[info]`` that are set.
    """

    def change(mojo: Mojo) -> Mojo:
        content = mojo.kept.members[DETAILS]
        return rebuilt(
            mojo,
            keys={
                "uuid": str(_SEED),
                "origin": f"seeded weights, from uuid {mojo.info.uuid}",
                **keys,
            },
            layers=_seeded_layers(mojo.layers, hidden),
            members={DETAILS: mark_as_original(content, mojo.info.uuid)},
        )

    return change


def _retrained(mojo: Mojo) -> Mojo:
    """The model after some epochs in Keras on the frame that H2O trained it on."""
    import keras
    from cases import CASES as H2O_CASES

    from emit import from_keras, to_keras

    (case,) = [case for case in H2O_CASES if case.name == "binomial_tanh"]
    frame = case.frame()
    codes = [mojo.output.labels.index(str(cell)) for cell in frame["y"].cells]
    matrix = Scorer(mojo).encode({column.name: list(column.cells) for column in frame.columns})
    keras.utils.set_random_seed(_SEED)
    model = to_keras(mojo)
    model.fit(matrix, np.array(codes), epochs=20, verbose=0)
    return from_keras(model, mojo, uuid=str(_SEED))


def _seeded_layers(layers: tuple[Layer, ...], hidden: tuple[int, ...] | None) -> list[Layer]:
    """Layers of other widths with seeded weights; every hidden one is like the first."""
    source = np.random.default_rng(_SEED)
    widths = [layer.units for layer in layers[:-1]] if hidden is None else list(hidden)
    sizes = [layers[0].inputs, *widths, layers[-1].units]
    likes = [layers[0]] * len(widths) + [layers[-1]]
    return [
        _seeded_layer(source, like, shape)
        for like, shape in zip(likes, itertools.pairwise(sizes), strict=True)
    ]


def _seeded_layer(source: np.random.Generator, like: Layer, shape: tuple[int, int]) -> Layer:
    candidates = 2 if like.activation is Activation.MAXOUT else 1
    spread = (2 / sum(shape)) ** 0.5
    return dataclasses.replace(
        like,
        kernels=tuple(
            source.normal(0, spread, shape).astype(np.float32) for _ in range(candidates)
        ),
        biases=tuple(source.normal(0, 0.1, shape[1]) for _ in range(candidates)),
    )


CASES: Final = (
    RewrittenCase(
        name="rewritten_binomial_dropout",
        why="Written here: other widths and another threshold, with dropout.",
        source="binomial_rectifier_dropout",
        change=_seeded((11, 7), {"default_threshold": "0.25"}),
    ),
    RewrittenCase(
        name="rewritten_multinomial_maxout",
        why="Written here: both candidates of Maxout, with one more hidden layer.",
        source="multinomial_maxout",
        change=_seeded((5, 4, 3)),
    ),
    RewrittenCase(
        name="rewritten_autoencoder",
        why="Written here: an autoencoder, whose last layer has the hidden activation.",
        source="autoencoder_tanh",
        change=_seeded((9,)),
    ),
    RewrittenCase(
        name="rewritten_poisson_v3_20",
        why="Written here: MOJO 1.00, with a log link.",
        source="v3_20_poisson",
        change=_seeded(),
    ),
    RewrittenCase(
        name="retrained_binomial",
        why="Written here: what 20 epochs in Keras made of H2O's network.",
        source="binomial_tanh",
        change=_retrained,
    ),
)


def make_rewritten(case: RewrittenCase, scorer: lab.Release, target: Path, work: Path) -> None:
    """Changes, writes and scores one case; its folder changes only when all went well."""
    source = target / case.source
    folder = work / case.name
    folder.mkdir()
    mojo = folder / "model.zip"
    write_mojo(case.change(read_mojo(source / "model.zip")), mojo)
    shutil.copyfile(source / "input.csv", folder / "input.csv")
    notice = lab.predict_csv(scorer.jar, mojo, folder / "input.csv", folder / "expected.csv")
    check_row_count(folder / "expected.csv", len(read_table(source / "expected.csv")) - 1)
    facts = _facts(case, mojo, source) | rows_on_threshold(mojo, folder / "expected.csv")
    if notice.strip():
        facts["scorer_notice"] = notice.strip()
    text = json.dumps(facts, indent=2, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n", encoding="utf-8")
    shutil.rmtree(target / case.name, ignore_errors=True)
    shutil.copytree(folder, target / case.name)


def _facts(case: RewrittenCase, mojo: Path, source: Path) -> dict[str, object]:
    info = read_info(mojo)
    original = json.loads((source / "case.json").read_text("utf-8"))
    return {
        "case": case.name,
        "why": case.why,
        "rewritten_from": case.source,
        "h2o_version": original["h2o_version"],
        "oracle": "java",
        "scorer_version": SCORER,
        "mojo_version": info["mojo_version"],
        "category": info["category"],
        "has_exp": has_exp(info),
        "parameters": original["parameters"],
    }
