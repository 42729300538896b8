import os

import pytest

from recsys.paths import absolute


@pytest.mark.parametrize("path", ["var/lake", "./var//lake", "a:x.csv", "main.recsys"])
def test_a_path_begins_where_the_process_was_started(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute(path) == os.path.join(os.getcwd(), os.path.normpath(path))


@pytest.mark.parametrize("path", ["/var/lake", "s3a://shop/lake", "dbfs:/mnt/shop/lake", "file:///mnt/lake", "abfss://files@shop.dfs.core.windows.net/lake"])
def test_a_url_and_a_path_from_the_root_stay_as_they_are(path):
    assert absolute(path) == path
