"""What a POJO says only by the code that scores a row (``score0``).

Every statement of it is compared with what H2O writes: what is different scores in a way that is
not known here, and is refused with its line. Nothing is executed.

Source: ``hex.deeplearning.DeepLearningModel.toJavaPredictBody``, which has changed twice
since 3.10, each time for a fault of the POJOs before: in 3.14.0.4 (a missing level sets an input)
and in 3.22.1.4 (a first level without an input sets none).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.formats.pojo.literals import parse_double
from mojo_reader.formats.pojo.source import Source

_SUM: Final = """
    int cols = ACTIVATION[i-1].length;
    int rows = ACTIVATION[i].length;
    int extra=cols-cols%8;
    int multiple = (cols/8)*8-1;
    int idx = 0;
    float[] a = WEIGHT[i];
    double[] x = ACTIVATION[i-1];
    double[] y = BIAS[i];
    double[] res = ACTIVATION[i];
    for (int row=0; row<rows; ++row) {
      double psum0 = 0, psum1 = 0, psum2 = 0, psum3 = 0, psum4 = 0, psum5 = 0, psum6 = 0, psum7 = 0;
      for (int col = 0; col < multiple; col += 8) {
        int off = idx + col;
        psum0 += a[off    ] * x[col    ];
        psum1 += a[off + 1] * x[col + 1];
        psum2 += a[off + 2] * x[col + 2];
        psum3 += a[off + 3] * x[col + 3];
        psum4 += a[off + 4] * x[col + 4];
        psum5 += a[off + 5] * x[col + 5];
        psum6 += a[off + 6] * x[col + 6];
        psum7 += a[off + 7] * x[col + 7];
      }
      res[row] += psum0 + psum1 + psum2 + psum3;
      res[row] += psum4 + psum5 + psum6 + psum7;
      for (int col = extra; col < cols; col++) res[row] += a[idx + col] * x[col];
      res[row] += y[row];
      idx += cols;
    }
"""
_LARGER_OF_TWO: Final = """
    for (int r=0; r<ACTIVATION[i].length; ++r) {
      final int cols = ACTIVATION[i-1].length;
      short maxK = 0;
      for (short k = 0; k < _k; ++k) {
        channel[k] = 0;
        for (int c=0; c<cols; ++c) {
          channel[k] += WEIGHT[i][_k*(r * cols + c) + k] * ACTIVATION[i-1][c];
        }
        channel[k] += BIAS[i][_k*r+k];
        if (channel[k] > channel[maxK]) maxK=k;
      }
      ACTIVATION[i][r] = channel[maxK];
"""
_SOFTMAX: Final = """
    double max = ACTIVATION[i][0];
    for (int r=1; r<ACTIVATION[i].length; r++) {
      if (ACTIVATION[i][r]>max) max = ACTIVATION[i][r];
    }
    double scale = 0;
    for (int r=0; r<ACTIVATION[i].length; r++) {
      ACTIVATION[i][r] = Math.exp(ACTIVATION[i][r] - max);
      scale += ACTIVATION[i][r];
    }
    for (int r=0; r<ACTIVATION[i].length; r++) {
      if (Double.isNaN(ACTIVATION[i][r]))
        throw new RuntimeException("Numerical instability, predicted NaN.");
      ACTIVATION[i][r] /= scale;
      preds[r+1] = ACTIVATION[i][r];
    }
"""
_RECONSTRUCT: Final = """
    for (int r=0; r<ACTIVATION[i].length; r++) {
      if (Double.isNaN(ACTIVATION[i][r]))
        throw new RuntimeException("Numerical instability, reconstructed NaN.");
      preds[r] = ACTIVATION[i][r];
    }
"""
_LINKS: Final = {
    "preds[1] = preds[1];": "gaussian",
    "preds[1] = Math.min(1e19, Math.exp(preds[1]));": "poisson",
    "preds[1] = Math.min(1.0E19, Math.exp(preds[1]));": "poisson",
    "preds[1] = 1./(1. + Math.min(1e19, Math.exp(-(preds[1]))));": "bernoulli",
    "preds[1] = 1/(1+Math.min(1e19, Math.exp(-preds[1])));": "bernoulli",
}
_HIDDEN: Final = "if (i<ACTIVATION.length-1)"
_IS_NAN: Final = (
    'if (Double.isNaN(preds[1])) throw new RuntimeException("Predicted regression target NaN!");'
)


class Task(StrEnum):
    """What the network's output becomes."""

    CLASSES = "classes"
    NUMBER = "number"
    RECONSTRUCTION = "reconstruction"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What the fields of the class say before.

    Attributes:
        cats, nums: numbers of categorical and of numeric features.
        task: of the network.
        one_hot: inputs of the categorical features.
        sizes: number of inputs of the network, then of each layer's units.
    """

    cats: int
    nums: int
    task: Task
    one_hot: int
    sizes: tuple[int, ...]

    @property
    def hidden(self) -> int:
        """Number of hidden layers."""
        return len(self.sizes) - 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How a row is scored.

    Attributes:
        use_all_factor_levels: the first level of each column has an input, too.
        standardize: numbers are standardized.
        activation: H2O's name without dropout.
        dropout: the hidden layers are scaled by ``HIDDEN_DROPOUT_RATIOS``.
        standardize_response: the response was standardized.
        distribution: of a regression, one that has its inverse link; None for others.
        balance_classes: probabilities are corrected by the priors.
        threshold: of the second of two classes; None without classes.
    """

    use_all_factor_levels: bool
    standardize: bool
    activation: str
    dropout: bool
    standardize_response: bool
    distribution: str | None
    balance_classes: bool
    threshold: float | None


def read_rules(source: Source, shape: Shape) -> Rules:
    """Read the method that scores.

    Args:
        source: in front of it.
        shape: of the network.

    Raises:
        MojoUnsupportedError: a statement of it is not known.
        MojoFormatError: the source ends too early.
    """
    source.rule("public final double[] score0( double[] data, double[] preds ) {")
    source.rule("java.util.Arrays.fill(preds,0);")
    keeps_first, standardize = _inputs(source, shape)
    source.rule("for (i=1; i<ACTIVATION.length; ++i) { java.util.Arrays.fill(ACTIVATION[i],0);")
    activation, dropout = _layers(source, shape)
    source.rule("if (i == ACTIVATION.length-1) {")
    standardize_response, distribution = False, None
    if shape.task is Task.CLASSES:
        source.rule(_SOFTMAX)
    elif shape.task is Task.NUMBER:
        standardize_response, distribution = _number(source)
    else:
        _reconstruction(source, shape)
    source.rule("} }")
    balance, threshold = _prediction(source, shape)
    source.rule("return preds; }")
    return Rules(
        use_all_factor_levels=keeps_first,
        standardize=standardize,
        activation=activation,
        dropout=dropout,
        standardize_response=standardize_response,
        distribution=distribution,
        balance_classes=balance,
        threshold=threshold,
    )


def _inputs(source: Source, shape: Shape) -> tuple[bool, bool]:
    """Read whether first levels have an input, and whether numbers are standardized."""
    keeps_first, standardize = True, False
    if shape.nums:
        source.rule("java.util.Arrays.fill(NUMS,0);")
    if shape.cats:
        source.rule("java.util.Arrays.fill(CATS,0);")
    source.rule("int i = 0, ncats = 0;")
    if shape.cats:
        keeps_first = _levels(source, shape.cats)
    if shape.nums:
        source.rule("final int n = data.length; for(; i<n; ++i) {")
        index = f"i-{shape.cats}" if shape.cats else "i"
        value = f"(data[i] - NORMSUB.VALUES[{index}])*NORMMUL.VALUES[{index}]"
        start = f"NUMS[{index}] = Double.isNaN(data[i]) ? 0 :"
        standardize = source.choose({f"{start} {value};": True, f"{start} data[i];": False})
        source.rule("}")
    source.rule("java.util.Arrays.fill(ACTIVATION[0],0);")
    if shape.cats:
        only_set = "for (i=0; i<ncats; ++i) { if(CATS[i] >= 0) ACTIVATION[0][CATS[i]] = 1; }"
        always = "for (i=0; i<ncats; ++i) ACTIVATION[0][CATS[i]] = 1;"
        source.choose({only_set: True, **({always: True} if keeps_first else {})})
    if shape.nums:
        source.rule(
            "for (i=0; i<NUMS.length; ++i) { ACTIVATION[0][CATOFFSETS[CATOFFSETS.length-1] + i] = "
            "Double.isNaN(NUMS[i]) ? 0 : NUMS[i]; }"
        )
    return keeps_first, standardize


def _levels(source: Source, cats: int) -> bool:
    """Read which input a level sets, and whether the first level of a column has one."""
    source.rule(f"for(; i<{cats}; ++i) {{ if (!Double.isNaN(data[i])) {{ int c = (int) data[i];")
    for pattern, fault in _FAULTS.items():
        if source.at(pattern):
            message = (
                f"this POJO {fault}, as those of its release do, and the model's MOJO does not; "
                "take that, or the binary model"
            )
            raise source.error(message, MojoUnsupportedError)
    all_but_first = (
        "if (c != 0) { CATS[ncats] = c + CATOFFSETS[i] - 1; } else { CATS[ncats] = -1; }"
    )
    keeps_first = source.choose({"CATS[ncats] = c + CATOFFSETS[i];": True, all_but_first: False})
    source.rule("} else { CATS[ncats] = CATOFFSETS[i+1]-1; } ncats++; }")
    return keeps_first


_NO_MISSING: Final = "sets no input for a missing level"
#: Before 3.14.0.4, and from there to 3.22.1.3.
_FAULTS: Final = {
    "CATS[ncats++] = c + CATOFFSETS[i];": _NO_MISSING,
    "if (c != 0) CATS[ncats++] = c + CATOFFSETS[i] - 1;": _NO_MISSING,
    "if (c != 0) CATS[ncats] = c + CATOFFSETS[i] - 1;": (
        "sets the first input for the first level of every column"
    ),
}


def _layers(source: Source, shape: Shape) -> tuple[str, bool]:
    """Read how a layer is computed: the activation, and whether dropout scales it."""
    last = (
        "i<=ACTIVATION.length-1" if shape.task is Task.RECONSTRUCTION else "i<ACTIVATION.length-1"
    )
    maxout = source.at("int _k")
    if maxout:
        source.rule(f"int _k = 2; if ({last}) {{ double[] channel = new double[_k];")
        source.rule(_LARGER_OF_TWO)
        activation = "Maxout"
    else:
        source.rule(_SUM)
        source.rule(f"if ({last}) {{ for (int r=0; r<ACTIVATION[i].length; ++r) {{")
        activation = _activation(source, shape)
    dropout = source.at(_HIDDEN)
    if dropout:
        source.rule(f"{_HIDDEN} {{ ACTIVATION[i][r] *= 1 - HIDDEN_DROPOUT_RATIOS[i-1]; }}")
    source.rule("} }")
    if maxout:
        source.rule(f"if (i == ACTIVATION.length-1) {{ {_SUM} }}")
    return activation, dropout


def _activation(source: Source, shape: Shape) -> str:
    known = {
        "ACTIVATION[i][r] = 1 - 2 / (1 + Math.exp(2*ACTIVATION[i][r]));": "Tanh",
        "ACTIVATION[i][r] = Math.max(0, ACTIVATION[i][r]);": "Rectifier",
    }
    if not source.at("}") and not source.at(_HIDDEN):
        return source.choose(known)
    if shape.hidden or shape.task is Task.RECONSTRUCTION:
        message = (
            "the POJO of a model with the activation ExpRectifier, which H2O writes without any "
            "activation, so that it scores another model; take the model's MOJO"
        )
        raise source.error(message, MojoUnsupportedError)
    return "ExpRectifier"


def _number(source: Source) -> tuple[bool, str]:
    """Read whether the response is standardized, and a distribution that has the inverse link."""
    standardize = source.choose(
        {
            "preds[1] = (ACTIVATION[i][0] / NORMRESPMUL[0] + NORMRESPSUB[0]);": True,
            "preds[1] = ACTIVATION[i][0];": False,
        }
    )
    distribution = source.choose(_LINKS)
    source.rule(_IS_NAN)
    return standardize, distribution


def _reconstruction(source: Source, shape: Shape) -> None:
    source.rule(_RECONSTRUCT)
    if shape.nums:
        start = shape.one_hot
        source.rule(
            f"for (int k={start}; k<{shape.sizes[0]}; ++k) {{ preds[k] = preds[k] / "
            f"NORMMUL.VALUES[k-{start}] + NORMSUB.VALUES[k-{start}]; }}"
        )


def _prediction(source: Source, shape: Shape) -> tuple[bool, float | None]:
    """Read whether priors correct the probabilities, and the threshold."""
    if shape.task is Task.NUMBER:
        source.rule("preds[0] = preds[1];")
    if shape.task is not Task.CLASSES:
        return False, None
    distribution = "PRIOR_CLASS_DISTRIB, MODEL_CLASS_DISTRIB"
    corrected = f"hex.genmodel.GenModel.correctProbabilities(preds, {distribution});"
    balance = source.take(corrected) is not None
    source.rule("preds[0] = hex.genmodel.GenModel.getPrediction(preds, PRIOR_CLASS_DISTRIB, data,")
    with source.literal():
        threshold = parse_double(source.number())
    source.rule(");")
    return balance, threshold
