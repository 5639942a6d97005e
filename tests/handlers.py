"""Which model each handler of an activation takes, as its code says."""

import inspect
from collections.abc import Mapping

from temporalio import workflow

from domain.contracts.submissions import Submission
from workflows.activation import Activation


def _models_of(handler: object) -> set[type[Submission]]:
    """Return the submission that this handler takes; the one that comes with a start has none."""
    return {
        each
        for each in inspect.getclosurevars(handler).globals.values()  # type: ignore[arg-type] # a function
        if isinstance(each, type) and issubclass(each, Submission)
    }


MODELS: Mapping[str, type[Submission]] = {
    name: model
    for name, update in workflow._Definition.must_from_class(Activation).updates.items()
    if name is not None
    for model in _models_of(update.fn)
}
