import subprocess
import time

import pytest

from tests.cluster.hosts import Namespaces, permitted

_HEAR = "import socket; listening = socket.create_server(('', 7000)); listening.accept()"
_CALL = "import socket; socket.create_connection(('{}', 7000), timeout=2); print('heard')"


@pytest.mark.skipif(permitted() is not None, reason=f"no namespaces here: {permitted()}")
def test_hosts_have_names_and_reach_each_other_until_a_cable_is_pulled_and_are_gone_in_the_end(tmp_path):
    with Namespaces(["one", "two"], tmp_path) as hosts:
        with (tmp_path / "log").open("wb") as output:
            listening = [hosts.start(name, ["python3", "-c", _HEAR], {}, output) for name in ("one", "two")]
        assert hosts.ask("two", "hostname") == "two\n"
        assert call(hosts, "one", "two", attempts=50)
        hosts.cut("one")
        assert not call(hosts, "two", "one", attempts=1)
        hosts.join("one")
        assert call(hosts, "two", "one", attempts=5)
    assert [process.wait(5) is not None for process in listening] == [True, True]
    assert "one" not in subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True).stdout.split()


@pytest.mark.skipif(permitted() is not None, reason=f"no namespaces here: {permitted()}")
def test_a_disk_is_said_to_be_full_only_where_nothing_more_went_in(tmp_path):
    with Namespaces(["one"], tmp_path) as hosts:
        assert hosts.fill_disk("one")
        hosts.empty_disk("one")
        hosts.ask("one", "mkdir", f"{hosts.disk('one')}/filled")
        assert not hosts.fill_disk("one")


def call(hosts, caller, called, attempts):
    for _ in range(attempts):
        if "heard" in hosts.ask(caller, "python3", "-c", _CALL.format(hosts.address(called))):
            return True
        time.sleep(0.1)
    return False
