"""Convolution with an unknown kernel, which is fitted along with the picture."""

import torch
from torch import Tensor, nn

from untrained.errors import RequestError
from untrained.numerics.random_drawing import DrawnFrom
from untrained.operators.convolution import Convolution

_CODE, _HIDDEN = 200, 1000


class BlindBlur(Convolution):
    """Convolve with a kernel that a small fully connected network makes from fixed noise.

    SelfDeblur (Ren et al. 2020, doi 10.1109/CVPR42600.2020.00340): 200 numbers, one hidden layer of
    1000 units (ReLU6), and a softmax, so that no entry is below 0 and their sum is 1.

    Parameters
    ----------
    rows, columns
        Size of the kernel.

    Raises
    ------
    RequestError
        If a side is below 1.
    """

    code: Tensor

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__((rows, columns))
        if min(rows, columns) < 1:
            raise RequestError(f"a kernel of {columns}x{rows}: give 1 or more along each side")
        self.register_buffer("code", torch.zeros(_CODE))
        self.draw(0)

    def draw(self, seed: int) -> None:
        """Draw new noise and weights; the global random state is neither used nor changed."""
        rows, columns = self.reach
        with DrawnFrom(torch.Generator().manual_seed(seed)):
            code = 0.1 * torch.rand(_CODE)
            layers = nn.Sequential(
                nn.Linear(_CODE, _HIDDEN), nn.ReLU6(), nn.Linear(_HIDDEN, rows * columns)
            )
        self.layers = layers.to(self.code.device)
        self.code.copy_(code)

    def psf(self) -> Tensor:
        """The current kernel ``(h, w)``."""
        entries: Tensor = self.layers(self.code)
        return entries.softmax(dim=0).reshape(self.reach)

    def corner(self) -> tuple[int, int]:
        """Compute the row and column that the kernel's centre of mass maps to the first pixel.

        Opposite shifts of kernel and picture do not change the blurred picture; this undoes them.
        """
        kernel = self.psf().detach().cpu()
        places = []
        for axis, count in enumerate(self.reach):
            mass = kernel.sum(dim=1 - axis)
            middle = float((mass * torch.arange(count)).sum())
            places.append(min(max(round(count - 1 - middle), 0), count - 1))
        return places[0], places[1]
