"""The distribution of a model whose file does not say it, as training asks for it."""

from mojo_reader.errors import MojoUnsupportedError
from mojo_reader.making.rebuilding import rebuilt
from mojo_reader.model import Mojo
from mojo_reader.model.distributions import DISTRIBUTION_LACKED, DISTRIBUTIONS, trained_with
from mojo_reader.resolving.parsed import LACKS, LACKS_SEPARATOR


def with_distribution(mojo: Mojo, name: str | None) -> Mojo:
    """Return a model with the distribution that it was trained with.

    Scores only need the inverse link, so that a file without the distribution, a POJO, is scored
    all the same; the loss that training makes smaller needs it.

    Args:
        mojo: the model; it stays as it is.
        name: H2O's name of the distribution; None for what the file says, or what is the only
            one that it can be.

    Raises:
        MojoUnsupportedError: the file says another one, the name does not fit how the model
            scores, or it is needed and not given.
    """
    own = mojo.info.distribution
    if DISTRIBUTION_LACKED not in mojo.info.lacks:
        if name not in {None, own}:
            message = f"the model's own distribution is {own}, and {name} was given"
            raise MojoUnsupportedError(message)
        return mojo
    possible = _possible(mojo)
    chosen = possible[0] if name is None and len(possible) == 1 else name
    if chosen not in possible:
        found = "none was given" if name is None else f"{name} was given"
        message = (
            f"training needs {DISTRIBUTION_LACKED}, which this {mojo.info.form} does not say: "
            f"choose one of {', '.join(possible)} (--distribution); {found}"
        )
        raise MojoUnsupportedError(message)
    left = [what for what in mojo.info.lacks if what != DISTRIBUTION_LACKED]
    lacks = LACKS_SEPARATOR.join(left) or None
    return rebuilt(mojo, keys={"distribution": chosen, LACKS: lacks})


def _possible(mojo: Mojo) -> tuple[str, ...]:
    """Return the distributions that such a model is trained with and scores by."""
    link = DISTRIBUTIONS[mojo.info.distribution].inverse_link
    return tuple(
        name
        for name in trained_with(mojo.info.category)
        if DISTRIBUTIONS[name].inverse_link is link
    )
