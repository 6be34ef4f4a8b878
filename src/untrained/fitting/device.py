"""Engine: the device, precision and memory format of a step."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from untrained.errors import RequestError

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
PrecisionName = Literal["auto", "float32", "bfloat16"]


_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}
"""Channels last, by the number of axes of a tensor."""


class EngineError(RequestError):
    """A device or precision that this machine does not offer."""


@dataclass(frozen=True)
class Engine:
    """Where and in which precision a fit runs."""

    device: torch.device
    precision: Literal["float32", "bfloat16"]
    why: str
    """Why this precision was chosen, in words."""

    def prepare(self, network: nn.Module) -> nn.Module:
        """Move a network to the device, channels last."""
        moved = network.to(self.device)
        for weights in moved.parameters():
            if weights.ndim in _LAYOUTS:
                weights.data = weights.data.contiguous(memory_format=_LAYOUTS[weights.ndim])
        return moved

    def run(self, network: nn.Module, image: Tensor) -> Tensor:
        """Run the network on ``(1, K, [D,] H, W)`` and return its picture in float32."""
        with self._autocast():
            output: Tensor = network(image.contiguous(memory_format=_LAYOUTS[image.ndim]))
        return output.float()

    def _autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"
        )

    def generator(self, seed: int) -> torch.Generator:
        """Make a generator on the device, from a seed below 2^64."""
        return torch.Generator(self.device).manual_seed(seed)


def choose_engine(device: str = "auto", precision: str = "auto") -> Engine:
    """Choose where and how to run.

    Parameters
    ----------
    device
        ``auto`` takes cuda, then mps, then cpu.
    precision
        ``auto`` takes bfloat16 where the processor multiplies it natively, else float32.

    Raises
    ------
    EngineError
        If the name is unknown, or the device is not on this machine.
    """
    _check(device, get_args(DeviceName), "device")
    _check(precision, get_args(PrecisionName), "precision")
    chosen = _device(device)
    if precision != "auto":
        return Engine(chosen, precision, "as asked")  # type: ignore[arg-type]
    native = _native_bfloat16(chosen)
    if native:
        return Engine(chosen, "bfloat16", f"{native} multiplies bfloat16 natively")
    return Engine(chosen, "float32", "no native bfloat16 multiplication was found")


def available_devices() -> tuple[str, ...]:
    """Names of the devices of this machine, fastest first."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def _device(name: str) -> torch.device:
    devices = available_devices()
    if name == "auto":
        return torch.device(devices[0])
    if name not in devices:
        raise EngineError(f"device {name!r} is not on this machine: it has {', '.join(devices)}")
    return torch.device(name)


def _native_bfloat16(device: torch.device) -> str:
    """Name the unit that multiplies bfloat16; empty when there is none."""
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        return f"a GPU of compute capability {major}.{minor}" if major >= 8 else ""
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        units = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16"}
        return next((name for key, name in units.items() if capabilities.get(key)), "")
    return ""


def _check(name: str, choices: tuple[str, ...], what: str) -> None:
    if name not in choices:
        raise EngineError(f"unknown {what} {name!r}: choose from {', '.join(choices)}")
