"""What all settings have in common, and how a fault in them is told."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from untrained.errors import RequestError


class RecipeError(RequestError):
    """A recipe or preset that makes no sense; the message says what would."""


class Settings(BaseModel):
    """Base of all settings: values, never changed in place; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def first_fault(error: ValidationError) -> str:
    """Say the first fault of a validation error in one line."""
    fault: Any = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"{where}: {fault['msg']} (given: {str(fault['input'])[:60]!r})"
