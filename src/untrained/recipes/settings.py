"""What all settings have in common, and how their faults are reported."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from untrained.arguments import short
from untrained.errors import RequestError
from untrained.system.words import one_line

_LONGEST = 60
MOST = 10**9
"""Largest whole number of a setting that has no bound of its own."""

Whole = Annotated[int, Strict(), Field(le=MOST)]
"""A whole number: true and "3" are none."""
Count = Annotated[int, Strict(), Field(gt=0, le=MOST)]
"""A whole number above 0."""
Real = Annotated[float, Strict()]
"""A finite number: true and "0.5" are none."""
Switch = Annotated[bool, Strict()]
"""true or false: 1 and "yes" are neither."""


class RecipeError(RequestError):
    """A recipe or preset that makes no sense; the message says what would."""


class Settings(BaseModel):
    """Base of all settings: values, never changed in place; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    renamed: ClassVar[Mapping[str, str]] = {}
    """What former names of fields are now: recipes outlive them."""

    def __init__(self, **values: Any) -> None:
        """Check the values.

        Raises
        ------
        RecipeError
            If the settings make no sense; the message names the first fault.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise RecipeError(first_fault(error)) from error

    # Settings within settings are validated by pydantic itself, which collects their faults.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="before")
    @classmethod
    def _named_as_now(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and (old := [key for key in cls.renamed if key in given]):
            raise ValueError("; ".join(f"{key} is now {cls.renamed[key]}" for key in old))
        return given

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with changes, which are checked as the settings themselves are.

        Raises
        ------
        RecipeError
            If the changed settings make no sense; the message names the first fault.
        """
        if not update:
            return super().model_copy(deep=deep)
        try:
            return type(self).model_validate(dict(self) | dict(update))
        except ValidationError as error:
            raise RecipeError(first_fault(error)) from error


def refuse_without_effect(settings: Settings, *names: str, because: str) -> None:
    """Refuse values that cannot change the result, unless they are the defaults.

    Raises
    ------
    ValueError
        For the first of them; pydantic makes it a validation error.
    """
    fields = type(settings).model_fields
    for name in names:
        if getattr(settings, name) != fields[name].default:
            raise ValueError(f"{name} has no effect here, because {because}: leave it out")


def first_fault(error: ValidationError) -> str:
    """Say the first fault of a validation error in one line."""
    fault: Any = error.errors(include_url=False)[0]
    where = one_line(".".join(str(part) for part in fault["loc"])) or "the whole"
    where = where if len(where) <= _LONGEST else "..." + where[3 - _LONGEST :]
    if fault["type"] == "value_error":
        return f"{where}: {one_line(fault['ctx']['error'])}"
    return f"{where}: {one_line(fault['msg'])} (given: {short(fault['input'])})"
