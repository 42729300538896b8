from recsys.models.bounds import rows_at_once


def test_a_large_catalogue_is_scored_for_fewer_rows_at_once():
    assert [rows_at_once(128, products) for products in (1, 262_144, 262_145, 1_000_000, 10**9)] == [128, 128, 127, 33, 1]
