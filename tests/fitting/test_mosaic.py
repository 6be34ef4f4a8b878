import itertools

import pytest
import torch

from untrained.fitting.mosaic import Grid, Mosaic

SIZES = [(65, 64), (100, 300), (257, 129), (611, 430), (999, 1)]
SIDES = [64, 150, 512]


@pytest.mark.parametrize(("size", "side"), list(itertools.product(SIZES, SIDES)))
@pytest.mark.parametrize("alignment", [1, 3, 16])
def test_weights_sum_to_exactly_one_at_every_pixel(size, side, alignment):
    grid = Grid.cover(size, side, alignment=alignment)
    total, least = torch.zeros(1, 1, *size), 1.0
    for number, window in enumerate(grid.windows):
        weight = grid.weight(number)
        total[window.place] += weight
        least = min(least, float(weight.min()))
    assert torch.equal(total, torch.ones_like(total))
    assert least >= 0


@pytest.mark.parametrize(("size", "side"), list(itertools.product(SIZES, SIDES)))
@pytest.mark.parametrize("alignment", [1, 3, 16])
def test_windows_are_alike_begin_on_the_grain_and_are_no_larger_than_asked(size, side, alignment):
    grid = Grid.cover(size, side, alignment=alignment)
    for spans, length in ((grid.rows, size[0]), (grid.columns, size[1])):
        assert (spans[0].start, spans[-1].stop) == (0, length)
        lengths = [stop - start for start, stop in spans]
        assert max(lengths) <= side
        assert max(lengths) - min(lengths) < alignment
        assert all(start % alignment == 0 for start, _ in spans)
        overlaps = [a.stop - b.start for a, b in itertools.pairwise(spans)]
        assert all(overlap >= min(64, side // 4) for overlap in overlaps)
        assert all(c.start >= a.stop for a, c in zip(spans, spans[2:], strict=False))


def test_a_picture_that_fits_is_one_window():
    grid = Grid.cover((64, 50), 64)
    assert grid.windows == ((0, 0, 64, 50),)
    assert grid.overlap == 0
    assert torch.equal(grid.weight(0), torch.ones(1, 1, 64, 50))


def test_a_tile_has_no_weight_at_a_border_within_the_picture():
    weight = Grid.cover((64, 200), 128).weight(0)
    assert float(weight[..., -8:].max()) == 0
    assert float(weight[..., :60].min()) == 1


def test_joined_windows_give_the_picture_back_and_the_rest_as_given():
    picture, given = torch.rand(1, 3, 150, 90), torch.rand(1, 3, 150, 90)
    mosaic = Mosaic.blank(Grid.cover((150, 90), 64), given)
    assert torch.equal(mosaic.picture, given)
    first = mosaic.joined(0, picture[mosaic.grid.windows[0].place])
    assert torch.equal(mosaic.picture, given)
    assert torch.equal(first.picture[..., :40, :40], picture[..., :40, :40])
    assert torch.equal(first.picture[..., 64:, 64:], given[..., 64:, 64:])
    for number, window in enumerate(mosaic.grid.windows):
        mosaic = mosaic.joined(number, picture[window.place])
    torch.testing.assert_close(mosaic.picture, picture, atol=2e-7, rtol=0)
