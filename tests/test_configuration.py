from pathlib import Path

import pytest

from recsys.configuration import read_mapping
from recsys.faults import BadSettings
from recsys.secrets import masked, told
from recsys.settings import load_settings


@pytest.fixture
def settings_file(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "shop.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def message_of(path: Path, *overrides: str) -> str:
    with pytest.raises(BadSettings) as fault:
        load_settings(path, list(overrides))
    return str(fault.value)


def test_what_the_file_leaves_out_has_a_default(settings_file):
    settings = load_settings(settings_file("source: shop-log.yaml\ntraining: {ranks: 3}"))
    assert (settings.source, settings.training.ranks, settings.training.patience) == ("shop-log.yaml", 3, 2)


def test_other_files_are_looked_for_beside_the_settings_file(settings_file):
    path = settings_file("source: shop-log.yaml")
    assert load_settings(path).beside("models/x.yaml") == path.parent / "models" / "x.yaml"


def test_models_have_one_path_for_all_who_stand_in_folders_of_their_own(settings_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = settings_file("source: shop-log.yaml")
    assert [load_settings(path, [f"models={models}"]).models for models in ("var/models", "/a/b", "abfss://c@a.net/m")] == [
        f"{tmp_path}/var/models", "/a/b", "abfss://c@a.net/m",
    ]


def test_settings_cannot_be_changed_once_read(settings_file):
    settings = load_settings(settings_file("source: a.yaml"))
    with pytest.raises(AttributeError):
        settings.lake = "elsewhere"


def test_an_override_wins_over_the_file_and_leaves_its_neighbours(settings_file):
    path = settings_file("source: a.yaml\ntraining: {ranks: 3, epochs: 4}")
    settings = load_settings(path, ["training.ranks=1", "lake=/else/where", "pushes.behaviour=null"])
    assert (settings.training.ranks, settings.training.epochs) == (1, 4)
    assert (settings.lake, settings.pushes.behaviour) == ("/else/where", None)


def test_an_override_with_a_mapping_is_laid_over_the_mapping_of_the_file(settings_file):
    path = settings_file("source: a.yaml\nspark: {conf: {spark.driver.memory: 3g, spark.ui.enabled: true}}")
    settings = load_settings(path, ["spark.conf={spark.ui.enabled: false}"])
    assert settings.spark.conf == {"spark.driver.memory": "3g", "spark.ui.enabled": False}


def test_an_unknown_setting_is_named_with_the_near_one(settings_file):
    path = settings_file("source: a.yaml\ntraining: {rank: 2}")
    assert message_of(path) == (
        f"{path} is not usable:\n"
        "  - unknown setting training.rank; did you mean ranks?\n"
        "Mend these and run again; nothing was read or written."
    )


def test_an_unknown_setting_near_to_none_gets_the_list_of_known_ones(settings_file):
    path = settings_file("source: a.yaml\nspark: {colour: red}")
    assert "unknown setting spark.colour; known here: conf, master" in message_of(path)


def test_an_unknown_section_in_an_override_is_named_with_the_near_one(settings_file):
    assert "unknown setting trainin; did you mean training?" in message_of(settings_file("source: a.yaml"), "trainin.ranks=2")


def test_every_mistake_is_told_at_once_with_its_value(settings_file):
    told = message_of(settings_file("training: {ranks: two, epochs: 0}\nattributes: {correlation_threshold: 1.5}"))
    assert "source is missing and has no default" in told
    assert "training.ranks = 'two': input should be a valid integer" in told
    assert "training.epochs = 0: input should be greater than or equal to 1" in told
    assert "attributes.correlation_threshold = 1.5: input should be less than or equal to 1" in told


def test_a_cluster_needs_two_points_for_a_pair(settings_file):
    told = message_of(settings_file("source: a.yaml\nsegments: {exact_pairs_below: 1, sampled_pairs: 1}"))
    assert "segments.exact_pairs_below = 1: input should be greater than or equal to 2" in told
    assert "segments.sampled_pairs = 1: input should be greater than or equal to 2" in told


def test_a_choice_outside_the_allowed_ones_names_them(settings_file):
    told = message_of(settings_file("source: a.yaml\nsplit: {kind: sideways}"))
    assert "split.kind = 'sideways': input should be 'time', 'leave_one_out' or 'random'" in told


def test_a_sweep_that_ends_before_it_starts_is_refused(settings_file):
    told = message_of(settings_file("source: a.yaml\nsegments: {k_min: 5, k_max: 3}"))
    assert "segments.k_min = 5 is above k_max = 3" in told


@pytest.mark.parametrize(("drop_seen", "warned"), [("false", True), ("true", False)])
def test_pushes_that_are_not_judged_as_they_are_made_are_warned_of(settings_file, caplog, drop_seen, warned):
    load_settings(settings_file(f"source: a.yaml\npushes: {{drop_bought: true}}\nevaluation: {{drop_seen: {drop_seen}}}"))
    assert ("Set evaluation.drop_seen=true" in caplog.text) == warned


@pytest.mark.parametrize(("pushed", "relevant", "warned"), [
    ("purchase", "[purchase, repurchase]", False), ("repurchase", "[purchase]", False), ("null", "[browse, purchase]", False),
    ("cart", "[purchase]", True), ("purchase", "[browse, purchase]", True), ("null", "[purchase]", True),
])
def test_pushes_that_are_to_lead_to_something_else_than_what_is_judged_are_warned_of(settings_file, caplog, pushed, relevant, warned):
    load_settings(settings_file(f"source: a.yaml\npushes: {{behaviour: {pushed}}}\nevaluation: {{relevant: {relevant}}}"))
    assert ("Name the same behaviour in both" in caplog.text) == warned


def test_a_setting_given_twice_is_refused(settings_file):
    told = message_of(settings_file("source: a.yaml\nlake: x\nlake: y"))
    assert "'lake' is given twice" in told and "line 3" in told


def test_broken_yaml_is_told_with_its_line(settings_file):
    path = settings_file("source: a.yaml\ntraining: {ranks: 2\nlake: x")
    told = message_of(path)
    assert told.startswith(f"{path} is not valid YAML:") and "line 3" in told


@pytest.mark.parametrize(("text", "held"), [("", "nothing"), ("- a\n- b", "list"), ("just text", "str")])
def test_a_file_that_is_no_mapping_is_refused(settings_file, text, held):
    assert f"must hold `key: value` lines, but holds {held}" in message_of(settings_file(text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert f"There is no settings file {tmp_path / 'none.yaml'}" in message_of(tmp_path / "none.yaml")


def test_a_folder_or_a_binary_file_in_its_place_is_told(tmp_path):
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as UTF-8 text" in message_of(binary)
    assert "cannot be read as UTF-8 text" in message_of(tmp_path)


@pytest.mark.parametrize("override", ["training.ranks", "=2", ".=2", "training..ranks=2"])
def test_an_override_without_a_name_or_a_value_shows_how_to_write_one(settings_file, override):
    told = message_of(settings_file("source: a.yaml"), override)
    assert f"'{override}' is not a setting: write section.key=value, as in training.ranks=2." == told


def test_an_override_whose_value_is_no_yaml_is_told(settings_file):
    told = message_of(settings_file("source: a.yaml"), "lake={x")
    assert told == "The value of lake is not valid YAML: line 1, column 3: while parsing a flow mapping expected ',' or '}', but got '<stream end>'. Quote it, as in lake='\"text\"'."


@pytest.mark.parametrize("line", [
    "spark.hadoop.fs.s3a.secret.key: %S3CRET", "spark.hadoop.fs.s3a.secret.key: S3CRET: S3CRET", "my.password: !S3CRET x", "my.token: !!int S3CRET", "my.token: *S3CRET",
    "my.password: 'S3CRET",
])
def test_no_secret_of_broken_yaml_is_shown(settings_file, line):
    told = message_of(settings_file(f"source: a.yaml\nspark:\n  conf:\n    {line}\n"))
    assert ", column" in told and "S3CRET" not in told


@pytest.mark.parametrize("override", ["spark.conf={fs.s3a.secret.key: S3CRET", "spark.conf.my.password=%S3CRET", "fs.s3a.secret.key: S3CRET"])
def test_no_secret_of_a_broken_override_is_shown(settings_file, override):
    assert "S3CRET" not in masked(message_of(settings_file("source: a.yaml"), override))


def test_no_secret_of_the_settings_is_shown(settings_file):
    secrets = ["fs.s3a.secret.key=S3CRET", "fs.azure.account.key.x=S3CRET", "my.Password=S3CRET", "spark.executor.memory=4g"]
    conf = "{" + ", ".join(secret.replace("=", ": ") for secret in secrets) + "}"
    shown = told(load_settings(settings_file("source: a.yaml"), [f"spark.conf={conf}", "lake=s3a://me:S3CRET@bucket/lake", "models=abfss://c@a.net/m"]))
    assert "S3CRET" not in str(shown)
    assert shown["spark"]["conf"]["spark.executor.memory"] == "4g"
    assert (shown["lake"], shown["models"]) == ("s3a://***@bucket/lake", "abfss://c@a.net/m")


def test_a_value_may_hold_an_equals_sign(settings_file):
    path = settings_file("source: a.yaml")
    assert read_mapping(path, ["lake=/a=b"])["lake"] == "/a=b"
