"""Settings, source and model files as nobody should write them: each is read, or refused in a few readable lines."""

import random
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as at_most
from hypothesis import strategies as st

from recsys.events.source import load_source
from recsys.faults import BadSettings
from recsys.models.definition import read_definition
from recsys.settings import Settings, load_settings

SHIPPED = [path.read_bytes() for path in sorted(Path("conf").glob("*.yaml")) + sorted(Path("conf/sources").glob("*.yaml"))]
NESTED = "a: &a [x, x]\n" + "".join(f"{name}: &{name} [*{old}, *{old}, *{old}]\n" for old, name in zip("abcdefghijklmno", "bcdefghijklmnop"))
BROKEN = [
    b"", b"\x00", b"\xff\xfe", b"source: \x00", b"a\tb: c", b"\ta: b", b"? [a]\n: b", b"{a: b}: c", b"!!map [a]", b"!!binary aGVsbG8=",
    b"[" * 100_000, b"- " * 5_000, b"{a: " * 5_000, b"source: " + b"x" * 999_000, b"source: " + b"x" * 1_000_001,
    b"source: a\n" + b"".join(b"k%d: 1\n" % number for number in range(5_000)), NESTED.encode() + b"source: *p",
    b"source: &a [*a]", b"&a {x: *a}", b"a: &a {b: c}\n<<: *a", b"<<: 3", b"source: a\nsource: b", b"%YAML 9.9\n---\na: b", b"---\na: b\n---\nc: d",
    b"source: 2020-13-45", b"source: !!int x", b"source: !!float x", b"source: !!bool x", b"source: !!timestamp x", b"source: !foo x",
    b"source: !!python/object/apply:os.system ['true']", b'source: "a\\0b"', b"source: ''", b"source: null", b"source: a\nlake: ''",
    b"source: a\ntraining: {epochs: " + b"9" * 5_000 + b"}", b"source: a\ntraining: {minutes: .nan}", b"source: a\ntraining: {minutes: 1e400}",
    b"source: a\ntraining: {seed: -1}", b"source: a\ntraining: {seed: 99999999999999999999}", b"source: a\nsplit: {test_days: 99999999999}",
    b"source: a\ntraining: 3", b"source: a\n1: 2", "source: a\nlake: x\u202e\ntraining: {model: \u202e, epochs: \u202e}".encode(),
]
SOURCE = (
    "name: shop\nfiles: {path: log.csv}\nevents: {user_id: user, item_id: item, behaviour: what, event_time: at}\n"
    "time: {zone: Europe/London}\nbehaviours: {buy: purchase}\n"
)
BROKEN_SOURCES = [
    "name: ''", "name: ../shop", 'name: "a\\nb"', "files: {path: ''}", 'files: {path: "a\\0b"}', "files: {path: a, delimiter: ''}",
    "files: {path: a, quote: ab}", "files: {path: a, columns: [a, a]}", "files: {path: a, columns: ['']}", "files: 3", "events: x",
    "behaviours: [a]", "behaviours: {null: purchase}", "time: {zone: ../../etc/passwd}", 'time: {zone: "a\\0"}', "time: {zone: Europe}",
    "time: {format: ''}", "time: {first_day: 2020-01-02, last_day: 2020-01-01}", "products: {unknown_price: .nan}",
    "products: {file: 3}", "accepted_reject_rate: .nan", "accepted_reject_rate: 2",
]
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=20) | st.sampled_from(["time", "a.yaml", "\u202e", "*x"])
keys = st.sampled_from(["source", "lake", "training", "epochs", "split", "kind", "spark", "conf", "events", "files", "path", "name", "layers"]) | scalars
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12)
quick = at_most(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(read, path, *arguments):
    """What is said against the file at `path`; nothing where it was read."""
    try:
        read(path, *arguments)
    except BadSettings as fault:
        text = str(fault)
        assert not [char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs")], repr(text)
        assert 0 < len(text) < 10_000, text[:500]
        return text
    return ""


def read_source(path):
    return load_source(Settings(source=path.name, folder=str(path.parent)))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "broken.yaml"


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: repr(content[:30]))
def test_a_broken_file_is_refused_by_its_name_whatever_it_should_have_been(file, content):
    file.write_bytes(content)
    for read in (load_settings, read_source, read_definition):
        assert str(file) in (told(read, file) or str(read is load_settings and content.startswith(b"source: x") and file))


@pytest.mark.parametrize("line", BROKEN_SOURCES)
def test_a_source_with_an_impossible_value_is_refused_by_the_name_of_the_setting(file, line):
    section = line.partition(":")[0]
    file.write_text("\n".join([*(old for old in SOURCE.splitlines() if not old.startswith(f"{section}:")), line]), encoding="utf-8")
    assert str(file) in told(read_source, file) and section in told(read_source, file)


@quick
@given(tree=trees)
def test_any_tree_of_values_is_read_or_refused(file, tree):
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    for read in (load_settings, read_source, read_definition):
        assert str(file) in told(read, file) or read(file)


@quick
@given(start=st.sampled_from(["", "training.", "split.", "spark.conf.", "lake="]), rest=st.text(max_size=30), tree=trees)
def test_any_override_is_read_or_refused(file, start, rest, tree):
    file.write_text("source: a.yaml", encoding="utf-8")
    for override in (start + rest, f"{start}{rest}={yaml.safe_dump(tree, default_flow_style=True)}", f"training={tree}"):
        assert told(load_settings, file, [override]) or load_settings(file, [override])


def test_a_shipped_file_with_any_bytes_changed_is_read_or_refused(file):
    rng = random.Random(17)
    for _ in range(1_000):
        content = bytearray(rng.choice(SHIPPED))
        for _ in range(rng.randint(1, 6)):
            place = rng.randrange(len(content))
            content[place:place + rng.choice([0, 1, 1, 4])] = rng.choice([b"", b"\x00", b"\xff", b": ", b"\n", b"\t", b"[", b"&a *a", b"'", b"1e999", bytes([rng.randrange(256)])])
        file.write_bytes(content)
        for read in (load_settings, read_source):
            assert str(file) in told(read, file) or read(file)
