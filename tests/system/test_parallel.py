"""Work on several cores: the same results in the same order, and torch's threads as they were."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from untrained.denoisers.nl_ridge import nl_ridge_twice
from untrained.system.parallel import parallel_map, workers

CPU = torch.device("cpu")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_parts(two_threads):
    second = threading.Event()

    def work(part):
        if part == 0:
            assert second.wait(20), "the second part must run beside the first"
        second.set()
        return part

    assert list(parallel_map(work, range(5), 2, CPU)) == [0, 1, 2, 3, 4]


def test_an_error_comes_through_and_the_threads_are_as_before(two_threads):
    def work(part):
        if part == 3:
            raise ValueError("the fourth")
        return part

    found = parallel_map(work, range(9), 2, CPU)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth"):
        next(found)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("threads", "device"), [(1, "cpu"), (2, "meta")])
def test_elsewhere_one_follows_the_other_in_this_thread(threads, device):
    names = parallel_map(
        lambda _: threading.current_thread(), range(3), threads, torch.device(device)
    )
    assert set(names) == {threading.current_thread()}


@pytest.mark.usefixtures("two_threads")
def test_no_more_work_at_once_than_torch_has_threads():
    assert [workers(most) for most in (-1, 0, 1, 2, 3)] == [1, 1, 1, 2, 2]


def test_a_picture_is_filtered_alike_by_one_thread_and_two(two_threads):
    picture = torch.rand(1, 3, 150, 60, generator=torch.Generator().manual_seed(0))
    both = nl_ridge_twice(picture, 0.1)
    torch.set_num_threads(1)
    assert torch.equal(nl_ridge_twice(picture, 0.1), both)


def in_a_new_thread(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@pytest.mark.usefixtures("two_threads")
def test_threads_that_begin_meanwhile_have_all_of_torchs():
    counts = []

    def work(part):
        counts.append(torch.get_num_threads())
        return in_a_new_thread(torch.get_num_threads)

    assert list(parallel_map(work, range(3), 2, CPU)) == [2, 2, 2]
    assert counts == [1, 1, 1]
    assert in_a_new_thread(torch.get_num_threads) == torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_four_filter_at_once_as_one_after_the_other():
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.rand(1, 3, 150, 40, generator=generator) for _ in range(4)]
    alone = [nl_ridge_twice(picture, 0.1) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: nl_ridge_twice(picture, 0.1), pictures))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))
    assert in_a_new_thread(torch.get_num_threads) == torch.get_num_threads() == 2
