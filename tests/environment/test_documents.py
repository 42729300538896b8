import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import run_pipeline
import yaml

from recsys import tables as t
from recsys.benchmark.settings import BenchmarkSettings
from recsys.configuration import read_settings
from recsys.job import parse_arguments
from recsys.runs.code import package_hash
from recsys.settings import load_settings

ROOT = Path(__file__).parents[2]
TABLES = [table for table in vars(t).values() if isinstance(table, t.Table)]
README = (ROOT / "README.md").read_text()


def test_the_readme_lists_every_table_with_its_grain_and_job_as_the_contracts_have_them():
    listed = [line for line in README.splitlines() if re.fullmatch(r"\| `\w+` \| .* \| `\w+` \|", line)]
    assert listed == [f"| `{table.name}` | {table.grain} | `{table.made_by}` |" for table in TABLES]


def test_every_file_that_the_readme_names_is_there():
    named = set(re.findall(r"`((?:jobs|recsys|conf|notebooks)/[\w./-]*)`", README))
    assert named and [path for path in sorted(named) if not (ROOT / path).exists() and "my_shop" not in path] == []


def test_every_make_target_that_the_readme_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", README, re.DOTALL)
    named = {name for parts in commands for name in re.findall(r"\bmake ([a-z-]+)", "\n".join(parts))}
    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("path", sorted([*(ROOT / "conf").glob("*.yaml"), ROOT / "conf" / "databricks" / "shop.yaml"]), ids=lambda path: path.stem)
def test_every_settings_file_that_is_shipped_can_be_read_and_names_files_that_are_there(path):
    settings = load_settings(path)
    assert settings.beside(settings.source).exists() and settings.beside(settings.training.model).exists()


def test_the_settings_of_the_benchmark_can_be_read():
    assert read_settings(BenchmarkSettings, ROOT / "conf" / "benchmark" / "sequences.yaml").training.ranks == 2


def test_the_bundle_runs_every_stage_after_the_one_before_it_with_arguments_that_a_job_reads():
    folder = ROOT / "conf" / "databricks" / "resources"
    tasks = yaml.safe_load((folder / "nightly_pushes.yml").read_text())["resources"]["jobs"]["nightly_pushes"]["tasks"]
    names = [stage.name for stage in run_pipeline.STAGES]
    assert [task["task_key"] for task in tasks] == names
    assert [task.get("depends_on", []) for task in tasks[:-1]] == [[]] + [[{"task_key": name}] for name in names[:-2]]
    # The report is written once the pushes are there, whatever became of the evaluation.
    assert [task["task_key"] for task in tasks[-1]["depends_on"]] == ["push_products", "evaluate_models"] == names[-3:-1]
    assert [task.get("run_if") for task in tasks] == [None] * (len(tasks) - 1) + ["AT_LEAST_ONE_SUCCESS"]
    for task in tasks:
        run = task["spark_python_task"]
        assert (folder / run["python_file"]).resolve() == ROOT / "jobs" / f"{task['task_key']}.py"
        arguments = parse_arguments("", [text.replace("{{job.parameters.ds}}", "2020-01-31") for text in run["parameters"]])
        assert [text.split("=")[0] for text in arguments.overrides] == ["lake", "models", "report_path"]


def test_the_bundle_reads_only_variables_that_it_declares():
    folder = ROOT / "conf" / "databricks"
    declared = yaml.safe_load((folder / "databricks.yml").read_text())["variables"]
    used = set(re.findall(r"\$\{var\.(\w+)\}", (folder / "resources" / "nightly_pushes.yml").read_text()))
    assert used == set(declared)


def test_the_package_is_whole_and_works_from_a_zip_where_tensorflow_horovod_and_petastorm_are_not_installed(tmp_path):
    for name in ("setup.py", "setup.cfg", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "recsys", tmp_path / "recsys", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir", "-w", "dist", "."]
    subprocess.run(build, cwd=tmp_path, check=True)
    (wheel,) = (tmp_path / "dist").glob("recsys-*.whl")
    shutil.copy(wheel, tmp_path / "dist" / "recsys.zip")
    shutil.rmtree(tmp_path / "recsys")
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['tensorflow', 'keras', 'horovod', 'petastorm']))\n"
        f"sys.path[:] = ['dist/recsys.zip'] + [path for path in sys.path if path not in ('', {str(ROOT)!r})]\n"
        "import recsys, recsys.users.features, recsys.events.intake, recsys.sequences.rows, recsys.pushes.completion\n"
        "from recsys.report.page import render\nfrom recsys.runs.code import package_hash\n"
        "assert 'recsys.zip' in recsys.__file__; print(recsys.__version__, len(render('title', 'made', [], [])) > 100, package_hash())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == [wheel.name.split("-")[1], "True", package_hash()], done.stderr
