"""Frozen models of values that a reader has checked already.

A remittance of 5,000 claims is 25,000 models. To check each value again, after its
reader has, takes ten times as long as to keep it; ``model_construct``, pydantic's own
way round, takes almost as long. A test holds what is made here equal to what is
checked.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

_M = TypeVar("_M", bound=BaseModel)


def maker(model: type[_M]) -> Callable[[dict[str, Any]], _M]:
    """What makes a model of a value for every field; it keeps them unchecked.

    For models without private attributes and without fields that are not declared.
    """
    set_values, set_names, set_extra, set_private = (
        vars(BaseModel)[slot].__set__ for slot in BaseModel.__slots__
    )
    new, names = model.__new__, set(model.model_fields)

    def make(values: dict[str, Any]) -> _M:
        one = new(model)
        set_values(one, values)
        set_names(one, names)
        set_extra(one, None)
        set_private(one, None)
        return one

    return make


def defaults(model: type[BaseModel]) -> dict[str, Any]:
    """A value for every field, in order; None where the model has no default."""
    fields = model.model_fields.items()
    return {n: None if field.is_required() else field.default for n, field in fields}
