"""The verb that shows what this machine and this installation offer."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from untrained.system.machine import Memory


def info() -> int:
    """Show versions, devices, the precision in use, what recipes may name, and file formats."""
    from untrained.fitting.device import available_devices, choose_engine  # noqa: PLC0415
    from untrained.fitting.restoration import versions  # noqa: PLC0415
    from untrained.picture.formats.registry import known  # noqa: PLC0415
    from untrained.recipes import (  # noqa: PLC0415
        denoiser_settings,
        network_settings,
        pairing_settings,
        stop_rule_settings,
    )
    from untrained.system import machine  # noqa: PLC0415
    from untrained.system.plugins import load_extensions  # noqa: PLC0415

    engine = choose_engine()
    load_extensions()
    rows = versions() | {
        "networks": ", ".join(network_settings.names),
        "pairings": ", ".join(pairing_settings.names),
        "stop rules": ", ".join(stop_rule_settings.names),
        "denoisers": ", ".join(denoiser_settings.names),
        "formats": ", ".join(f"{form.name} ({' '.join(form.extensions)})" for form in known()),
        "processor": machine.processor(),
        "memory": _amount(machine.memory()),
        "devices": ", ".join(available_devices()),
        "device": engine.device.type,
        **_device(engine.device),
        "precision": f"{engine.precision}: {engine.why}",
        "float32": _rate(machine.matrix_rate(engine.device, "float32")),
        "bfloat16": _rate(machine.matrix_rate(engine.device, "bfloat16")),
    }
    for key, value in rows.items():
        sys.stdout.write(f"{key:10} {value}\n")
    return 0


def _device(device: "torch.device") -> dict[str, str]:
    import torch  # noqa: PLC0415

    from untrained.system.machine import gpu_memory  # noqa: PLC0415

    threads = {"threads": str(torch.get_num_threads())}
    if device.type != "cuda":
        return threads
    name = torch.cuda.get_device_name(device)
    return threads | {"gpu": f"{name}, {_amount(gpu_memory(device))}"}


def _amount(memory: "Memory") -> str:
    total, free = ("unknown" if part is None else f"{part / 2**30:.1f} GiB" for part in memory)
    return f"{total}, free {free}"


def _rate(rate: float) -> str:
    return f"{rate / 1e9:.0f} GFLOP/s in products of square matrices, measured now"
