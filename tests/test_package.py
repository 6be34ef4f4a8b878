"""The package as users meet it."""

import pkgutil
import subprocess
import sys

import untrained


def test_no_module_hides_a_public_name():
    modules = {module.name for module in pkgutil.iter_modules(untrained.__path__)}
    assert modules & set(dir(untrained)) == {"tasks"}


def test_importing_the_package_loads_no_torch():
    code = "import sys, untrained; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
