import subprocess
import sys


def test_the_jobs_need_neither_tensorflow_nor_horovod_nor_petastorm_to_start():
    code = (
        "import sys; sys.path[:0] = ['.', 'jobs']; import run_pipeline; "
        "print([name for name in ('tensorflow', 'keras', 'horovod', 'petastorm') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
