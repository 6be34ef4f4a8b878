"""The package as users meet it."""

import pkgutil

import untrained


def test_no_module_hides_a_public_name():
    modules = {module.name for module in pkgutil.iter_modules(untrained.__path__)}
    assert modules & set(dir(untrained)) == {"tasks"}
