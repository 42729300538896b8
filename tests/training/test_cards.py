"""By which network card ranks are told to find the driver."""

from collections.abc import Callable, Iterator

import pytest
from horovod.runner.common.service.driver_service import RegisterTaskRequest
from horovod.runner.common.util.secret import make_secret_key
from horovod.spark.driver.driver_service import SparkDriverService

from recsys.training.ranks import _horovod_on_our_terms

_OF_HOST = {"lo": "127.0.0.1", "docker0": "172.17.0.1"}  # of every host alike


@pytest.fixture
def cards_of(monkeypatch) -> Iterator[Callable]:
    """The cards by which ranks find a driver with `own` cards; each rank has the first address of `ranks`, by which it came, on the card beside it."""
    opened = []

    def cards(own: list[str], ranks: dict[str, str], shared: set[str]) -> set[str]:
        driver = SparkDriverService(len(ranks), len(ranks), None, (), {}, make_secret_key(), None)
        opened.append(driver)
        monkeypatch.setattr(driver, "addresses", lambda: dict.fromkeys(own, [("10.0.0.1", 1)]))
        for index, (address, card) in enumerate(ranks.items()):
            has = {name: [(at, 1)] for name, at in (_OF_HOST | {card: address}).items()}
            driver._handle(RegisterTaskRequest(index, has, "host"), (address, 1))
            driver.register_task_to_task_addresses(index, {name: has[name] for name in shared})
        with _horovod_on_our_terms(None, 1):
            return driver.get_common_interfaces()

    yield cards
    for driver in opened:
        driver.shutdown()


def test_ranks_that_are_all_on_one_other_host_do_not_look_for_the_driver_on_their_own(cards_of):
    assert cards_of(["lo", "docker0", "eth0"], {"10.0.0.7": "eth0"}, {"lo", "docker0", "eth0"}) == {"eth0"}


def test_on_the_drivers_host_any_card_will_do_by_which_a_rank_came(cards_of):
    assert cards_of(["lo", "eth0"], {"127.0.0.1": "lo"}, {"lo"}) == {"lo"}
    assert cards_of(["lo", "eth0"], {"10.0.0.1": "eth0", "10.0.0.2": "eth0"}, {"lo", "eth0"}) == {"eth0"}


def test_a_driver_whose_card_bears_another_name_is_told_so(cards_of):
    with pytest.raises(RuntimeError, match="ranks share ens5, the driver has docker0, enp3, lo: let the cards that join them bear one name"):
        cards_of(["lo", "docker0", "enp3"], {"10.0.0.7": "ens5"}, {"lo", "ens5"})
