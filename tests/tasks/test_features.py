"""Models, their features as an operator, and the two tasks upon them."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.app import cli
from untrained.app.prior_sheet import evenly_spaced
from untrained.fitting.checkpoint import fingerprint
from untrained.fitting.restore import restore, watch
from untrained.noise import relative_squared_error
from untrained.operators.classifiers import (
    SHIPPED,
    Model,
    ModelError,
    as_model,
    imagenet_classes,
    load_model,
)
from untrained.operators.features import Features, checked_features, list_layers
from untrained.recipes import RecipeError
from untrained.tasks.dream.describe import Views, probabilities


class Classifier(nn.Module):
    """Two layers and three classes, with an in-place activation after the first."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 5, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(5, 6, 3, padding=1)
        self.head = nn.Linear(6, 3)
        self.unused = nn.Linear(2, 2)
        generator = torch.Generator().manual_seed(0)
        for weights in self.parameters():
            nn.init.normal_(weights, std=0.4, generator=generator)

    def forward(self, image):
        return self.head(self.second(self.relu(self.first(image))).mean((2, 3)))


def model(**options):
    named = {
        "mean": (0.5,) * 3,
        "std": (0.25,) * 3,
        "size": 16,
        "classes": ("cat", "dog", "red fox"),
    }
    return Model("tiny", as_model(Classifier()).module, **(named | options))


PIXELS = torch.rand(1, 3, 24, 20, generator=torch.Generator().manual_seed(1))


def test_features_are_those_of_the_layer_before_what_follows_changes_them():
    tiny = model()
    seen = F.conv2d((PIXELS - 0.5) / 0.25, tiny.module.first.weight, tiny.module.first.bias, 2, 1)
    torch.testing.assert_close(Features(tiny, "first")(PIXELS), seen)
    torch.testing.assert_close(Features(tiny, "relu")(PIXELS), seen.relu())
    torch.testing.assert_close(Features(tiny)(PIXELS), tiny.module((PIXELS - 0.5) / 0.25))
    assert not tiny.module.first._forward_hooks


def test_features_have_the_right_gradient():
    operator = Features(model(), "second").double()
    image = PIXELS[..., :6, :6].double().requires_grad_(True)
    assert torch.autograd.gradcheck(operator, (image,))


def test_layers_are_listed_with_their_shapes():
    assert list_layers(model()) == [
        ("first", (1, 5, 16, 16)),
        ("relu", (1, 5, 16, 16)),
        ("second", (1, 6, 16, 16)),
        ("head", (1, 3)),
    ]


class Stranger(nn.Module):
    def forward(self, image):
        return {"logits": image}


class Rounding(nn.Module):
    def forward(self, image):
        return image.detach()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Features(model(), "secnd"), "no layer 'secnd'; did you mean second"),
        (lambda: Features(model(), "zzz"), "--list-layers"),
        (lambda: Features(model(), "unused")(PIXELS), "'unused' of tiny is not used"),
        (lambda: Features(as_model(Stranger()))(PIXELS), "not give one real tensor"),
        (lambda: checked_features(as_model(Rounding()), "", PIXELS), "no gradient"),
        (lambda: checked_features(model(size=21), "first", PIXELS), "20x24, tiny wants 21x21"),
        (lambda: checked_features(model(), "first", PIXELS[:, :1]), "1 channels, tiny wants 3"),
        (lambda: Features(as_model(Classifier()))(PIXELS[:, :2]), "cannot take a picture of 20x24"),
        (lambda: tasks.dream(model(), "dgo"), "no class 'dgo'; did you mean dog"),
        (lambda: tasks.dream(model(), "fox"), "did you mean red fox"),
        (lambda: tasks.dream(model(), "3"), "no class '3'"),
        (lambda: tasks.dream(model(), "first:5"), "0 to 4"),
        (lambda: tasks.dream(model(), "frist:0"), "did you mean first"),
        (lambda: tasks.dream(model(), "cat", size=8), "8x8, tiny wants 16x16"),
        (lambda: load_model("nothing-like-it"), "torchvision"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(make, words):
    with pytest.raises(ModelError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


class Malice:
    def __reduce__(self):
        return (Path("owned").touch, ())


def test_weights_files_run_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weights": Malice()}, "bad.pth")
    Path("worse.pth").write_bytes(pickle.dumps(Malice()))
    for name in ("bad.pth", "worse.pth"):
        with pytest.raises(ModelError, match="and was not loaded"):
            load_model(SHIPPED, Path(name))
    assert not Path("owned").exists()
    torch.save(Classifier().state_dict(), "other.pth")
    with pytest.raises(ModelError, match="does not hold the weights of efficientnet-lite0"):
        load_model(SHIPPED, Path("other.pth"))
    with pytest.raises(ModelError, match="cannot read the weights"):
        load_model(SHIPPED, Path("none.pth"))
    Path("text.pth").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.pth"):
        load_model(SHIPPED, Path("text.pth"))


def test_the_shipped_model_knows_a_cat():
    import skimage.data
    import skimage.transform

    shipped = load_model()
    cat = skimage.transform.resize(
        skimage.data.chelsea()[:, 75:375], (224, 224), anti_aliasing=True
    )
    image = torch.from_numpy(cat.astype(np.float32).transpose(2, 0, 1))[None]
    chances = F.softmax(Features(shipped)(image), dim=1)[0]
    best = [imagenet_classes()[i] for i in chances.topk(3).indices]
    assert "Egyptian cat" in best
    assert len(imagenet_classes()) == 1000
    assert shipped.class_index("tabby") == shipped.class_index("281") == 281
    assert not any(weights.requires_grad for weights in shipped.module.parameters())


def test_inversion_brings_the_features_back():
    problem = tasks.invert(photo(), model(), "second")
    assert problem.channels == 3
    start = restore(problem, tiny_recipe(steps=1), device="cpu")
    end = restore(problem, tiny_recipe(steps=300, averaging=0.9), device="cpu")
    target = problem.measurement.y
    errors = [
        float(relative_squared_error(problem.measurement.operator(r.image), target))
        for r in (start, end)
    ]
    assert errors[1] < 0.4 * errors[0]
    assert f"off by {errors[1]:.3g}" in end.self_checks[0]


def test_dreams_raise_the_class_and_say_its_probability():
    problem = tasks.dream(model(), "red fox", size=20)
    result = restore(problem, tiny_recipe(steps=150, hand_over="iterate"), device="cpu")
    features = Features(model())
    before = probabilities(problem.picture.pixels, features, 2)
    after = probabilities(result.image, features, 2)
    assert len(after) == 15
    assert after[0] > before[0] + 0.1
    assert f"as written {after[0]:.4f}" in result.self_checks[0]
    assert f"{min(after):.4f} at least" in result.self_checks[0]
    assert [record.loss for record in result.history][-1] < 0


def test_channels_and_layers_can_be_dreamt():
    for target, index in (("first:2", 2), ("first:", slice(None))):
        problem = tasks.dream(model(), target)
        result = restore(problem, tiny_recipe(steps=60), device="cpu")
        first = Features(model(), "first")
        mean = first(result.image)[:, index].mean().item()
        assert mean > first(problem.picture.pixels)[:, index].mean().item()
        assert f"{mean:.4g}" in result.self_checks[0]


def test_a_dream_is_excited_in_two_sizes():
    picture = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    views = Views(nn.Identity())(picture)
    assert views.shape == (2, 3, 40, 40)
    assert torch.equal(views[:1], picture)
    framed = views[1:, :, 2:38, 2:38]
    reduced = F.interpolate(picture, (36, 36), mode="bilinear", antialias=True)
    torch.testing.assert_close(framed, reduced)
    assert (views[1, :, :2] == 0.5).all()
    problem = tasks.dream(model(), "dog")
    assert problem.measurement.operator(picture).shape == (2, 3)
    torch.testing.assert_close(
        problem.measurement.operator(picture)[:1], Features(model())(picture)
    )


def test_shifted_and_resized_views_keep_the_size():
    seen = []

    class Watcher(nn.Module):
        def forward(self, image):
            seen.append(image)
            return image.mean((2, 3))

    picture = PIXELS.clone()
    probabilities(picture, Features(as_model(Watcher())), 0)
    assert torch.equal(seen[0], picture)
    torch.testing.assert_close(seen[1][..., :-7, :], picture[..., 7:, :])
    torch.testing.assert_close(seen[4][..., 7:], picture[..., :-7])
    assert all(min(view.shape[-2:]) >= 20 for view in seen)


def test_other_weights_are_another_problem():
    one, other = (tasks.invert(photo(), model(), "second") for _ in range(2))
    assert fingerprint(one) == fingerprint(other)
    next(other.measurement.operator.parameters()).data.add_(1)
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(tasks.dream(model(), "cat")) != fingerprint(tasks.dream(model(), "dog"))


def test_presets_of_other_tasks_are_unknown():
    with pytest.raises(RecipeError, match="unknown preset"):
        watch(tasks.dream(model(), "cat"), "paper-hole")


# The command line ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("untrained.operators.classifiers.load_model", lambda *_a: model())
    Image.fromarray(photo()).save("in.png")
    Path("tiny.json").write_text(tiny_recipe().model_dump_json())
    return tmp_path


def run(*words):
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return end.value.code


TINY = ("--recipe", "tiny.json", "--device", "cpu", "--json", "--quiet")


def test_invert_and_dream_write_pictures_and_the_json_line(folder, capsys):
    assert run("invert", "in.png", "out.png", "--layer", "first", *TINY, "--report", "rep") == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["task"], line["input"], line["output"]) == ("invert", "in.png", "out.png")
    assert "features" in json.loads(Path("rep/report.json").read_text())["notes"][-1]
    assert run("dream", "dream.png", "--target", "dog", *TINY, "--report", "rep2") == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["task"], line["input"]) == ("dream", None)
    with Image.open("dream.png") as image:
        assert image.size == (32, 32)
    assert Path("rep2/curve.png").stat().st_size > 1000


def test_layers_are_printed(folder, capsys):
    assert run("invert", "--list-layers") == 0
    assert "second" in capsys.readouterr().out
    assert run("invert", "in.png", "out.png") == 2
    assert "--layer" in capsys.readouterr().err
    assert run("dream", "out.png", "--target", "dgo", *TINY) == 2
    assert "did you mean dog" in capsys.readouterr().err
    assert not Path("out.png").exists()


def test_the_sheet_has_a_row_for_each_prior(folder, capsys):
    assert run("invert", "in.png", "sheet.png", "--sheet", "--steps", "2", "--quiet") == 0
    with Image.open("sheet.png") as image:
        samples = np.asarray(image.convert("RGB"))
    given = photo()
    found = sum(
        np.array_equal(samples[i : i + 24, j : j + 20], given)
        for i in range(samples.shape[0] - 24)
        for j in range(40)
    )
    assert found == 2
    assert run("invert", "in.png", "sheet.jpg", "--sheet") == 2
    assert "name it .png" in capsys.readouterr().err
    assert run("invert", "in.png", "sheet.png", "--sheet") == 2
    assert "exists" in capsys.readouterr().err


def test_layers_are_spread_from_shallow_to_deep():
    layers = [(f"_blocks.{i}", (1, 4, 7, 7)) for i in range(16)]
    layers = [("_conv_stem", (1, 4, 9, 9)), *layers, ("_fc", (1, 10)), ("_pool", (1, 4, 1, 1))]
    assert evenly_spaced(layers) == tuple(f"_blocks.{i}" for i in (0, 4, 8, 11, 15))
    assert evenly_spaced(layers[:3]) == ("_conv_stem", "_blocks.0", "_blocks.1")


def test_dreams_with_two_priors_on_a_sheet(folder):
    words = ("--target", "cat, first:1", "--sheet", "--steps", "2", "--quiet")
    assert run("dream", "sheet.png", *words) == 0
    with Image.open("sheet.png") as image:
        assert min(image.size) > 2 * 32
    assert run("dream", "sheet.png", *words) == 2
    assert run("dream", "other.png", *words, "--json") == 2
    assert not Path("other.png").exists()
