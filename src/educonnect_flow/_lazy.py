"""Names of a package whose modules are imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(package: str, elsewhere: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's ``__getattr__``.

    :param elsewhere: the module of the package that each name is in.
    """

    def found(name: str) -> Any:
        if name in elsewhere:
            return getattr(import_module(f"{package}.{elsewhere[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return found
