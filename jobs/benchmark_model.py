"""Train a model on a plain sequence file and judge it as papers on sequence models do: all products ranked, HR@10 and NDCG@10.

The file holds lines `user item item ...`, or `user item`, in time order; with the header `user item time` also times. It
may be gzipped. Leave-one-out: the last event of every user is the test, the one before it stops the training in time.

Reads   the sequence file, the definition of the model, the settings of training
Writes  RESULT.json: figures with seen products and without, floors, history of training, seconds, memory

    python jobs/benchmark_model.py --sequences FILE --model conf/models/bilstm_transformer.yaml --minutes 10 --out RESULT.json
"""

import argparse
from pathlib import Path

from recsys.benchmark.histories import read_histories
from recsys.benchmark.protocol import LEAVE_ONE_OUT, PROTOCOLS, split
from recsys.benchmark.result import refuse_folder, told, write_result
from recsys.benchmark.settings import BenchmarkSettings
from recsys.configuration import read_settings
from recsys.greetings import without_greetings
from recsys.job import faults_as_exit_codes
from recsys.models.definition import read_definition
from recsys.session import build_session

CONF = Path(__file__).resolve().parent.parent / "conf" / "benchmark" / "sequences.yaml"


def run(arguments: argparse.Namespace) -> None:
    refuse_folder(arguments.out)
    named = [f"training.{name}={value}" for name in ("minutes", "seed") if (value := getattr(arguments, name)) is not None]
    settings = read_settings(BenchmarkSettings, arguments.config, [*arguments.overrides, *named])
    definition = read_definition(arguments.model)
    parts = split(read_histories(arguments.sequences), arguments.split)
    with without_greetings():
        from recsys.benchmark.trial import Trial
    result = Trial(parts, arguments.split, definition, settings).run(build_session("benchmark_model", settings.spark))
    print(told(result), flush=True)
    write_result({"sequences": Path(arguments.sequences).name, "model": definition.name} | result, arguments.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", required=True, metavar="FILE", help="the histories")
    parser.add_argument("--model", required=True, metavar="FILE", help="the definition, as in conf/models/*.yaml")
    parser.add_argument("--out", required=True, metavar="RESULT.json", help="where the figures go")
    parser.add_argument("--minutes", metavar="M", help="of training, at most (default: as the settings say)")
    parser.add_argument("--seed", metavar="S", help="of weights, order and dropout (default: as the settings say)")
    parser.add_argument("--split", choices=PROTOCOLS, default=LEAVE_ONE_OUT, help="time needs a file with times")
    parser.add_argument("--config", default=CONF, metavar="FILE", help="settings of training (default: %(default)s)")
    parser.add_argument("overrides", nargs="*", metavar="section.key=value", help="settings that differ from the file")
    with faults_as_exit_codes("benchmark_model"):
        run(parser.parse_args())
