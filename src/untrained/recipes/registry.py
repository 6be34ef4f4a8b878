"""Registries: settings known by their `kind`, and what carries them out known by its settings.

A new network, pairing or stop rule is one file: a settings class that a `Kinds` has registered, and
what an `Implementations` has registered for it. Neither loads torch. The modules of installed
extensions are imported when a kind is not known.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from untrained.recipes.settings import RecipeError, Settings
from untrained.system.plugins import load_extensions

S = TypeVar("S", bound=Settings)
Some = TypeVar("Some", bound=Settings)
Made = TypeVar("Made")


class Kinds(Generic[S]):
    """The settings classes of one sort, by their `kind`: a decorator, and a mark for a field.

    ``@kinds`` registers a class. ``Annotated[Base, kinds]`` is a field that holds any of them: its
    `kind` says which, in JSON, too, and its JSON schema lists all.

    Parameters
    ----------
    what
        What they describe, for messages: "network".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._known: dict[str, type[S]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The kinds, sorted."""
        return tuple(sorted(self._known))

    def __call__(self, settings: type[Some]) -> type[Some]:
        """Register a settings class with a default `kind`.

        Raises
        ------
        ValueError
            If another class has that kind.
        """
        kind: str = settings.model_fields["kind"].default
        if kind in self._known:
            raise ValueError(f"there is a {self._what} of kind {kind!r} already: choose another")
        self._known[kind] = settings  # type: ignore[assignment]
        return settings

    def remove(self, settings: type[Settings]) -> None:
        """Forget a class, as tests do with theirs."""
        del self._known[settings.model_fields["kind"].default]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        each = [handler(self._known[kind].__pydantic_core_schema__) for kind in self.names]
        return {"oneOf": each}

    def _read(self, given: Any) -> Settings:
        if isinstance(given, Settings) and type(given) in self._known.values():
            return given
        kind = given.get("kind") if isinstance(given, dict) else getattr(given, "kind", None)
        if kind not in tuple(self._known):
            load_extensions()
        if not isinstance(kind, str):
            fault = f"a {self._what} needs a kind: choose from {', '.join(self.names)}"
        elif isinstance(given, dict) and kind in self._known:
            return self._known[kind].model_validate(given)
        else:
            fault = self._unknown(kind)
        raise PydanticCustomError("unknown_kind", "{fault}", {"fault": fault})

    def _unknown(self, kind: str) -> str:
        near = get_close_matches(kind, self.names, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"unknown {self._what} {kind!r}{meant}: choose from {', '.join(self.names)}"


class Implementations(Generic[Made]):
    """What carries out settings, by their class.

    Parameters
    ----------
    what
        What the settings describe, for messages.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._known: dict[type[Settings], Made] = {}

    def add(self, settings: type[Settings], made: Made) -> None:
        """Register what carries out settings of this class.

        Raises
        ------
        ValueError
            If there is something for it.
        """
        if settings in self._known:
            raise ValueError(f"the {self._what} {settings.__name__} is carried out already")
        self._known[settings] = made

    def remove(self, settings: type[Settings]) -> None:
        """Forget a class, as tests do with theirs."""
        del self._known[settings]

    def of(self, settings: Settings) -> Made:
        """Find what carries out these settings.

        Raises
        ------
        RecipeError
            If nothing is registered for their class.
        """
        try:
            return self._known[type(settings)]
        except KeyError:
            raise RecipeError(
                f"nothing carries out the {self._what} settings {type(settings).__name__}: import "
                "the module that registers it"
            ) from None

    def kinds(self, wanted: Callable[[Made], bool]) -> str:
        """List the kinds of those that are `wanted`, for a message."""
        kinds = (s.model_fields["kind"].default for s, made in self._known.items() if wanted(made))
        return ", ".join(sorted(kinds))
