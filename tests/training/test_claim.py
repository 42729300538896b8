import signal
import subprocess
import sys

import pytest

from recsys.faults import Infrastructure
from recsys.training.claim import claimed

HOLD = "import sys, time; from recsys.training.claim import claimed\nwith claimed(sys.argv[1]):\n  print('held', flush=True); time.sleep(60)"


def test_a_model_that_another_process_trains_is_refused_until_that_process_is_over_or_killed(tmp_path):
    checkpoint = str(tmp_path / "models" / ".m.checkpoint")
    other = subprocess.Popen([sys.executable, "-c", HOLD, checkpoint], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(Infrastructure, match="Another run trains this very model at the same time"), claimed(checkpoint):
        pass
    other.send_signal(signal.SIGKILL)
    other.wait()
    with claimed(checkpoint), claimed(checkpoint + "_of_another_model"):
        pass
    assert not list((tmp_path / "models").iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "models").write_text("a file where a folder should be")
    with pytest.raises(Infrastructure, match="The lock .*models/.m.checkpoint.lock cannot be written"), claimed(str(tmp_path / "models" / ".m.checkpoint")):
        pass
