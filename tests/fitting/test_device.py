import pytest
import torch
from torch import nn

from untrained.fitting import device as engines
from untrained.fitting.device import EngineError, choose_engine


def test_auto_says_what_it_chose_and_why():
    engine = choose_engine("cpu")
    assert engine.device.type == "cpu"
    assert ("natively" in engine.why) == (engine.precision == "bfloat16")


@pytest.mark.parametrize(
    ("capabilities", "precision"),
    [({}, "float32"), ({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16")],
)
def test_bfloat16_only_where_the_processor_multiplies_it(monkeypatch, capabilities, precision):
    monkeypatch.setattr(engines.torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_engine("cpu").precision == precision
    assert choose_engine("cpu", "float32").precision == "float32"


def test_pictures_come_out_in_float32_close_to_each_other():
    network = nn.Conv2d(3, 3, 3, padding=1)
    image = torch.rand(1, 3, 16, 16)
    pictures = [
        engine.run(engine.prepare(network), image)
        for engine in (choose_engine("cpu", "float32"), choose_engine("cpu", "bfloat16"))
    ]
    assert all(picture.dtype == torch.float32 for picture in pictures)
    torch.testing.assert_close(*pictures, atol=0.02, rtol=0.02)
    assert not torch.equal(*pictures)


@pytest.mark.parametrize(
    ("arguments", "words"), [(("tpu",), "auto, cpu"), (("cpu", "float16"), "bfloat16")]
)
def test_unknown_names_list_the_known(arguments, words):
    with pytest.raises(EngineError, match=words):
        choose_engine(*arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has one")
def test_a_device_that_is_not_there():
    with pytest.raises(EngineError, match=r"it has .*cpu"):
        choose_engine("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_fits_on_a_gpu():
    from tests.helpers.tiny import photo, tiny_recipe
    from untrained import tasks
    from untrained.fitting.restore import restore

    result = restore(tasks.denoise(photo(), sigma=0.1), tiny_recipe(), device="cuda")
    assert result.device == "cuda"
    assert result.picture.shape == (24, 20, 3)
