"""Least squares with a piecewise smooth picture, where the measurement alone does not tell it."""

import torch

from untrained.numerics.piecewise_smooth import piecewise_smooth

SIZE = 24


def steps():
    image = torch.zeros(1, 1, SIZE, SIZE)
    image[..., 4:20, 6:18] = 3.0
    image[..., 10:14, 10:14] = 5.0
    return image


def sampled(share, seed=0):
    count = int(share * SIZE * SIZE)
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(count, SIZE * SIZE, generator=generator) / count**0.5

    def apply(x):
        return matrix @ x.flatten()

    def transposed(y):
        return (matrix.T @ y).reshape(1, 1, SIZE, SIZE)

    return apply, transposed, count


def test_grey_levels_are_not_faint_where_few_samples_were_taken():
    apply, transposed, count = sampled(0.4)
    found = piecewise_smooth(
        apply, transposed, apply(steps()), torch.ones(count), torch.Size((1, 1, SIZE, SIZE))
    )
    assert float((found - steps()).square().mean()) ** 0.5 < 0.25
    faint = transposed(apply(steps()))
    faint = faint * (apply(faint) @ apply(steps())) / (apply(faint) @ apply(faint))
    assert float((faint - steps()).square().mean()) ** 0.5 > 1


def test_samples_of_weight_zero_do_not_count():
    apply, transposed, count = sampled(0.6)
    y, weights = apply(steps()), torch.ones(count)
    weights[::7] = 0
    broken = torch.where(weights > 0, y, torch.full_like(y, 1e4))
    shape = torch.Size((1, 1, SIZE, SIZE))
    whole = piecewise_smooth(apply, transposed, y, weights, shape)
    assert torch.equal(piecewise_smooth(apply, transposed, broken, weights, shape), whole)
    assert float((whole - steps()).square().mean()) ** 0.5 < 0.25


def test_a_picture_of_one_row_or_column_is_solved_too():
    for shape in ((1, 1, 1, 9), (1, 1, 9, 1), (1, 2, 1, 1)):
        image = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
        found = piecewise_smooth(
            lambda x: 2 * x, lambda y: 2 * y, 2 * image, torch.ones(()), torch.Size(shape)
        )
        assert torch.allclose(found, image, atol=0.5)
