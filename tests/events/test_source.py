from dataclasses import replace
from pathlib import Path

import pytest

from recsys.events.source import load_source
from recsys.faults import BadSettings
from recsys.settings import Settings

SHIPPED = sorted(Path("conf/sources").glob("*.yaml"))
SHOP = """
name: shop
files: {path: log.csv}
events: {user_id: user, item_id: item, behaviour: what, event_time: at}
time: {zone: Europe/London}
behaviours: {buy: purchase}
"""


def settings_of(folder, text):
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    return Settings(source="shop.yaml", folder=str(folder))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_mapping_is_valid_and_named_like_its_file(path):
    assert load_source(Settings(source=path.name, folder=str(path.parent))).name == path.stem


def test_the_settings_can_say_where_the_log_lies(tmp_path):
    source = load_source(Settings(source="complete_journey.yaml", folder="conf/sources", source_path="elsewhere.parquet"))
    assert source.files.path == "elsewhere.parquet"
    assert source.files.format == "parquet"


def test_the_settings_can_say_where_the_product_list_lies():
    source = load_source(Settings(source="complete_journey.yaml", folder="conf/sources", products_path="elsewhere.parquet"))
    assert source.products.file.files.path == "elsewhere.parquet"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("buy: purchase", "buy: purchse", "behaviours.buy = 'purchse'"),
        ("buy: purchase", "buy: repurchase", "behaviours.buy = 'repurchase'"),
        ("user_id:", "user_ids:", "did you mean user_id?"),
        ("Europe/London", "Europe/Londn", "time.zone = 'Europe/Londn' is no time zone"),
        ("{path: log.csv}", "{path: log.csv, header: false}", "files.columns must list the columns"),
        ("{buy: purchase}", "{}", "behaviours is empty"),
        ("behaviours:", "ignored_behaviours: [buy]\nbehaviours:", "['buy'] are in behaviours and in ignored_behaviours"),
        ("{path: log.csv}", "{path: log.csv, encoding: GBK}", "files.encoding = 'GBK'"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(tmp_path, old, new, told):
    with pytest.raises(BadSettings) as fault:
        load_source(settings_of(tmp_path, SHOP.replace(old, new)))
    assert told in str(fault.value)
    assert "shop.yaml" in str(fault.value)


@pytest.mark.parametrize("files", ["log.csv", "[log.csv]", "3"])
def test_files_that_are_no_section_are_told_also_where_the_settings_say_where_the_log_lies(tmp_path, files):
    with pytest.raises(BadSettings, match="shop.yaml is not usable:\n  - files = "):
        load_source(replace(settings_of(tmp_path, SHOP.replace("{path: log.csv}", files)), source_path="elsewhere.csv"))


def test_files_without_a_word_take_the_path_of_the_settings(tmp_path):
    source = load_source(replace(settings_of(tmp_path, SHOP.replace("{path: log.csv}", "")), source_path="elsewhere.csv"))
    assert source.files.path == "elsewhere.csv"


def test_a_products_path_without_a_product_list_is_refused(tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    with pytest.raises(BadSettings, match="products_path is set"):
        load_source(Settings(source="shop.yaml", folder=str(tmp_path), products_path="list.csv"))
