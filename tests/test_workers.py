import gc
import importlib
import os
import sys
import zipfile
import zipimport

import pytest

from recsys.workers import keep_unchanged_zips

lists_at_once = pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python lists a zip when something is looked for in it")


def add(path, module, source):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{module}.py", source)


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A zip on the path with a package and a module, both imported; and how often a zip is listed since."""
    path = str(tmp_path / "packed.zip")
    add(path, "zipped_first", "value = 1")
    add(path, "zipped_package/__init__", "from zipped_package.inner import value")
    add(path, "zipped_package/inner", "value = 2")
    monkeypatch.syspath_prepend(path)
    monkeypatch.setattr(zipimport.zipimporter, "invalidate_caches", zipimport.zipimporter.invalidate_caches)
    listed, read = [], zipimport._read_directory
    monkeypatch.setattr(zipimport, "_read_directory", lambda archive: listed.append(archive) or read(archive))
    keep_unchanged_zips()
    assert importlib.import_module("zipped_first").value + importlib.import_module("zipped_package").value == 3
    listed.clear()
    yield path, listed
    for name in [name for name in sys.modules if name.startswith("zipped_")]:
        del sys.modules[name]


@lists_at_once
def test_a_zip_that_has_not_changed_is_listed_once(packed):
    path, listed = packed
    for _ in range(3):
        importlib.invalidate_caches()
    assert listed.count(path) == 1


@lists_at_once
def test_what_was_added_to_a_zip_is_found_and_what_is_gone_is_not(packed):
    path, _ = packed
    importlib.invalidate_caches()
    add(path, "zipped_package/later", "value = 3")
    add(path, "zipped_later", "value = 4")
    importlib.invalidate_caches()
    assert importlib.import_module("zipped_package.later").value == 3 and importlib.import_module("zipped_later").value == 4
    os.remove(path)
    importlib.invalidate_caches()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("zipped_package.none")


def test_workers_of_spark_are_quick_from_their_first_task_of_ours_on(spark):
    def told(batches):
        import gc
        import zipimport

        import pyarrow as pa

        import recsys  # noqa: F401

        for batch in batches:
            yield pa.record_batch([pa.array([zipimport.zipimporter.invalidate_caches.__module__]), pa.array([gc.get_freeze_count()])], ["by", "frozen"])

    found = spark.range(4).mapInArrow(told, "by string, frozen bigint").collect()
    assert {row["by"] for row in found} == {"recsys.workers" if sys.version_info < (3, 12) else "zipimport"}
    assert min(row["frozen"] for row in found) > 10_000
    assert zipimport.zipimporter.invalidate_caches.__module__ == "zipimport" and gc.get_freeze_count() < 10_000  # the driver is left as it was
