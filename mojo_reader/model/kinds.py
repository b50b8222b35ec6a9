"""The closed sets of the model: forms, categories, encodings, activations, links."""

from enum import StrEnum

__all__ = ["Activation", "CategoricalEncoding", "Category", "Form", "InverseLink"]


class Form(StrEnum):
    """What H2O wrote a model as."""

    MOJO = "MOJO"
    POJO = "POJO"
    BINARY = "binary model"
    EXPORTED = "exported weights"


class Category(StrEnum):
    """``hex.ModelCategory``, as far as this algorithm has it."""

    BINOMIAL = "Binomial"
    MULTINOMIAL = "Multinomial"
    REGRESSION = "Regression"
    AUTOENCODER = "AutoEncoder"


class CategoricalEncoding(StrEnum):
    """The training parameter ``categorical_encoding`` (key ``_genmodel_encoding``)."""

    AUTO = "AUTO"
    ONE_HOT_INTERNAL = "OneHotInternal"
    SORT_BY_RESPONSE = "SortByResponse"
    BINARY = "Binary"
    EIGEN = "Eigen"
    LABEL_ENCODER = "LabelEncoder"
    ENUM_LIMITED = "EnumLimited"


class Activation(StrEnum):
    """What a layer does with its weighted sums (dropout apart)."""

    LINEAR = "Linear"
    SOFTMAX = "Softmax"
    RECTIFIER = "Rectifier"
    TANH = "Tanh"
    EXP_RECTIFIER = "ExpRectifier"
    MAXOUT = "Maxout"


class InverseLink(StrEnum):
    """From the linear predictor to the response (``DeeplearningMojoModel.linkInv``)."""

    IDENTITY = "identity"
    EXP = "exp"
    LOGISTIC = "logistic"
