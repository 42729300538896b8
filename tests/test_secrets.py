import json

import pytest
from pyspark.sql import Row

from recsys import columns as c
from recsys.lake import DataFile
from recsys.models.definition import ModelDefinition
from recsys.report.sections.provenance import as_yaml
from recsys.secrets import masked, told
from recsys.settings import Settings
from recsys.training import assemble
from recsys.training.plan import Outcome
from tests.training.conftest import DS

SETTINGS = Settings(
    source="sources/shop.yaml", source_path="s3a://AKIA:hush/hush@logs/day=1/*.csv?sig=hush",
    spark={"conf": {"spark.hadoop.fs.s3a.secret.key": "hush", "spark.driver.memory": "2g", "spark.driver.extraJavaOptions": "-Dpassword=hush -Xmx1g"}},
)


@pytest.mark.parametrize(("text", "shown"), [
    ("s3a://AKIA:hush@shop/log of yesterday", "s3a://***@shop/log of yesterday"),
    ("https://hush@host/log", "https://***@host/log"),
    ("https://host/log?sv=1&sig=hush&se=2", "https://host/log?sv=1&sig=***&se=2"),
    ("jdbc:x;user=me;password=hush;ssl=1", "jdbc:x;user=me;password=***;ssl=1"),
    ("AccountKey=hush;x", "AccountKey=***;x"),
    ("fs.s3a.secret.key: hush/hush+x", "fs.s3a.secret.key: ***"),
    ('{"fs.s3a.secret.key": "hush, hush: hush", "spark.driver.memory": "2g"}', '{"fs.s3a.secret.key": "***", "spark.driver.memory": "2g"}'),
    ("{my.token: hush}", "{my.token: ***}"),
    ("my.password = 'hush hush", "my.password = '***"),
    ("spark.conf.my.password = ['hush']: input should be a valid string", "spark.conf.my.password = ['***']: input should be a valid string"),
])
def test_credentials_are_taken_out_of_a_text_and_nothing_else(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize("text", [
    "abfss://container@account.dfs.core.windows.net/lake", "hdfs://name:8020/logs/a@b", "signal: 9", "sigma=2", "write section.key=value, as in training.ranks=2", "10:30 u@b",
])
def test_what_only_looks_like_a_credential_stays(text):
    assert masked(text) == text


def test_settings_are_told_without_secrets_and_else_as_they_are():
    shown = told(SETTINGS)
    assert shown["source_path"] == "s3a://***@logs/day=1/*.csv?sig=***"
    assert shown["spark"]["conf"] == {
        "spark.hadoop.fs.s3a.secret.key": "***", "spark.driver.memory": "2g", "spark.driver.extraJavaOptions": "-Dpassword=*** -Xmx1g",
    }
    assert shown["evaluation"]["list_lengths"] == SETTINGS.evaluation.list_lengths and shown["training"]["ranks"] == 2


def test_neither_the_manifest_of_a_model_nor_the_report_tells_a_secret():
    definition = ModelDefinition(name="m")
    vocabulary = [Row(**{c.ITEM_INDEX: 1, c.EVENTS: 1})]
    plan = assemble.make_plan(SETTINGS, definition, "m-1", [DataFile("file", 1)], [], [], [], vocabulary, attributes=0, segments=1)
    outcome = Outcome(0, (1,), "", ({"epoch": 1, "validation_ndcg": 0.5},), 0)
    manifest = json.dumps(assemble.make_manifest(plan, outcome, SETTINGS, DS, [], [], {}, 1.0, {}))
    page = as_yaml(SETTINGS)
    assert "hush" not in manifest + page
    assert "s3a://***@logs" in manifest and "s3a://***@logs" in page
