"""A model without TensorFlow for tests: its favourites follow from a user's products, its shape is fixed."""

import json
from pathlib import Path

from recsys import columns as c


def sequence(user, items, segment=0, memory=(0, 0)):
    """A row of `sequences` of length 4 with a memory of 2, as the scoring reads it."""
    padded = [*items, *[0] * (4 - len(items))]
    return {
        c.USER: user, c.LENGTH: len(items), c.QUERY_DAY: 9, c.SEGMENT: segment,
        **{name: padded for name in (c.ITEMS, c.BEHAVIOURS, c.GAPS, c.DAYS, c.VISITS)},
        c.MEMORY_ITEMS: list(memory), c.MEMORY_COUNTS: [0.0, 0.0], c.MEMORY_DAYS: [0, 0], c.ATTRIBUTES: [0.5, 0.5, 0.5],
    }


NAME = "bilstm_transformer"  # what the definition in its manifest is called
SCHEMA = ", ".join(
    [f"{c.USER} string"] + [f"{name} int" for name in (c.LENGTH, c.QUERY_DAY, c.SEGMENT)]
    + [f"{name} array<int>" for name in (c.ITEMS, c.BEHAVIOURS, c.GAPS, c.DAYS, c.VISITS, c.MEMORY_ITEMS, c.MEMORY_DAYS)]
    + [f"{name} array<float>" for name in (c.MEMORY_COUNTS, c.ATTRIBUTES)]
)


def save(folder: Path, items: list[str], rows: int) -> str:
    """Write a fake model that knows `items`, and only takes batches of `rows` rows, or single ones."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": folder.name, "definition": {"name": NAME}, "items": ["", *items], "rows": rows}))
    return str(folder)


def loader(heeds_neighbours=False):
    """A function that loads the fake, which heeds the neighbours that it is given or does not; made here so that Spark sends it by value, with everything it needs."""
    import json as json_
    from pathlib import Path as Path_

    import numpy as np_

    class FakeArtifact:
        def __init__(self, path: str) -> None:
            self.manifest = json_.loads((Path_(path) / "manifest.json").read_text())
            self.version, self.items = self.manifest["version"], np_.array(self.manifest["items"])

            self.neighbours = None

        def count_anew(self, follows):
            self.neighbours = follows if heeds_neighbours else None
            self.items = np_.concatenate([self.items, np_.array(follows.newcomers, dtype=str)])

        def top(self, batch, n, banned, behaviour, never=None):
            """Likeliest: the neighbour of the last product, if it was given any; then the product after the last one, and so on round the catalogue."""
            rows, products = len(batch["length"]), len(self.items) - 1
            assert rows in (1, self.manifest["rows"]) and batch["items"].shape == (rows, 4) and batch["attributes"].shape == (rows, 3)
            last = batch["items"].max(axis=1)
            indices = (last[:, None] + np_.arange(products)[None, :]) % products + 1
            if self.neighbours is not None:
                near = self.neighbours.items[last, 0][:, None]
                indices = np_.where(near > 0, (near + np_.arange(products)[None, :] - 1) % products + 1, indices)
            scores = np_.broadcast_to(0.5 ** np_.arange(1, products + 1), indices.shape).astype("float32")
            gone = np_.zeros(indices.shape, bool) if banned is None else np_.array(
                [np_.isin(indices[row], banned[row]) for row in range(rows)]
            )
            gone |= False if never is None else never[indices]
            order = np_.argsort(gone, axis=1, kind="stable")[:, :n]
            left = ~np_.take_along_axis(gone, order, axis=1)
            return (np_.where(left, np_.take_along_axis(indices, order, axis=1), 0).astype("int32"),
                    np_.where(left, np_.take_along_axis(scores, order, axis=1), 0).astype("float32"))

    return FakeArtifact
