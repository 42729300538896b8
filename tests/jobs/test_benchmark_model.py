"""The benchmark as a command, on users who walk round a circle of products."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PRODUCTS, USERS, EVENTS = 30, 60, 8


def benchmark(*arguments):
    command = [sys.executable, "jobs/benchmark_model.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture
def circle(tmp_path):
    starts = np.random.default_rng(1).integers(0, PRODUCTS, USERS)
    lines = [f"u{user} " + " ".join(f"p{(start + step) % PRODUCTS}" for step in range(EVENTS)) for user, start in enumerate(starts)]
    path = tmp_path / "circle.txt"
    path.write_text("\n".join(lines))
    return path


def test_a_model_is_trained_for_as_long_as_it_may_and_judged_beside_the_floors(circle, tmp_path):
    out = tmp_path / "result.json"
    done = benchmark(
        "--sequences", circle, "--model", "conf/models/bilstm_transformer.yaml", "--out", out, "--seed", 5,
        "--minutes", 0.0001, "training.ranks=1", "training.batch_size=16", "length=8",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(out.read_text())
    # What follows is always the same, so whoever counts it knows the test product; it is new to its user.
    assert result["test"]["markov"]["without_seen"] == {"hr@10": 1.0, "ndcg@10": 1.0}
    assert result["test"]["model"]["without_seen"]["ndcg@10"] > 0.95
    assert result["test"]["popularity"]["without_seen"]["ndcg@10"] < 0.6
    assert set(result["validation"]) == {"model", "popularity", "markov", "neighbours"} == set(result["test"]) - {"model_counts_of_training"}
    assert result["users"] == {"validation": USERS, "test": USERS} and result["products"] == PRODUCTS
    assert not result["definition"]["copy_path"]  # nobody repeats a product
    assert result["training"]["seed"] == 5 and result["targets_per_second"] > 0
    # Two events of each are kept back, and the first is nobody's target. The minutes are over after the first step; the second sees it.
    assert [epoch["targets"] for epoch in result["history"]] in ([rows * (EVENTS - 3)] for rows in (16 + 16, 16 + 60 % 16))
    assert "60 users, 30 products" in done.stdout and not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(("text", "more", "code", "message"), [
    ("u a b\nv\n", [], 3, "line 2: 1 words"),
    ("u a b c\nv b c d\n", ["--split", "time"], 3, "A split in time needs a file with times"),
    ("u a b c\nv b c d\n", ["--model", "conf/models/sasrek.yaml"], 2, "sasrek.yaml"),
    ("u a b c\nv b c d\n", ["training.epoch=3"], 2, "epochs"),
    ("u a b c\nv b c d\n", ["--minutes", "-1"], 2, "minutes"),
])
def test_what_is_wrong_is_told_in_a_paragraph_and_no_result_is_written(tmp_path, text, more, code, message):
    path, out = tmp_path / "sequences.txt", tmp_path / "result.json"
    path.write_text(text)
    done = benchmark("--sequences", path, "--model", "conf/models/sasrec.yaml", "--out", out, *more)
    assert done.returncode == code and message in done.stderr and "Traceback" not in done.stderr
    assert not out.exists()
