"""Which model each handler of an activation takes, as its code says."""

import inspect
from collections.abc import Mapping

from temporalio import workflow

from domain.contracts.submissions import Submission
from workflows.activation import Activation


def _model_of(handler: object) -> type[Submission]:
    (model,) = {
        each
        for each in inspect.getclosurevars(handler).globals.values()  # type: ignore[arg-type] # a function
        if isinstance(each, type) and issubclass(each, Submission)
    }
    return model


MODELS: Mapping[str, type[Submission]] = {
    name: _model_of(update.fn)
    for name, update in workflow._Definition.must_from_class(Activation).updates.items()
    if name is not None
}
