"""The verb that tells what this machine offers."""

import sys


def info() -> int:
    """Show versions, devices and the precision that would be used."""
    from untrained.engine import available_devices, choose_engine  # noqa: PLC0415
    from untrained.restoration import versions  # noqa: PLC0415

    engine = choose_engine()
    rows = versions() | {
        "devices": ", ".join(available_devices()),
        "device": engine.device.type,
        "precision": f"{engine.precision}: {engine.why}",
    }
    for key, value in rows.items():
        sys.stdout.write(f"{key:10} {value}\n")
    return 0
