import pytest
import torch

from untrained.noise import PoissonGaussian, Stabiliser

MODELS = [
    PoissonGaussian(0.05),
    PoissonGaussian(0.01, 0.03),
    PoissonGaussian(0.001, 0.02),
    PoissonGaussian(0.02, 0.02, 0.1),
]


def draws(model, clean, count=400_000):
    generator = torch.Generator().manual_seed(0)
    return model.sample(torch.full((count,), clean, dtype=torch.float64), generator)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("clean", [0.2, 0.5, 0.9])
def test_samples_have_the_stated_mean_and_variance(model, clean):
    drawn = draws(model, clean)
    assert drawn.mean().item() == pytest.approx(clean, rel=0.01)
    expected = model.variance(torch.tensor(clean, dtype=torch.float64)).item()
    assert drawn.var().item() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("clean", [0.25, 0.5, 0.9])
def test_stabilised_noise_is_equal_everywhere(model, clean):
    stabiliser = Stabiliser(model)
    assert stabiliser.forward(draws(model, clean)).std().item() == pytest.approx(
        stabiliser.level, rel=0.05
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("clean", [0.12, 0.25, 0.5, 0.9])
def test_the_inverse_undoes_the_bias_of_the_expectation(model, clean):
    """Mäkitalo and Foi 2013: from E f(y) to x, where the algebraic inverse is too dark."""
    stabiliser = Stabiliser(model)
    expectation = stabiliser.forward(draws(model, clean)).mean()
    found = stabiliser.inverse(expectation[None]).item()
    assert found == pytest.approx(clean, abs=0.003)
    black, white = stabiliser._ends
    root = expectation.item() * (white - black) + black
    algebraic = (root**2 / 4 - 3 / 8 - stabiliser._read) * model.gain + model.black
    assert abs(found - clean) < abs(algebraic - clean)


def test_black_is_0_and_white_1_and_order_is_kept():
    for model in MODELS:
        ramp = torch.linspace(0, 1, 1001)
        stabilised = Stabiliser(model).forward(ramp)
        assert stabilised[0].item() == pytest.approx(0, abs=1e-6)
        assert stabilised[-1].item() == pytest.approx(1, abs=1e-6)
        assert (stabilised.diff() >= 0).all()
        assert torch.isfinite(Stabiliser(model).inverse(ramp * 3 - 1)).all()


@pytest.mark.parametrize(
    "values", [(0.0,), (-1.0,), (float("nan"),), (0.1, -0.1), (0.1, 0.0, float("inf"))]
)
def test_impossible_models_are_refused(values):
    with pytest.raises(ValueError, match="finite"):
        PoissonGaussian(*values)
