"""Compile a function of tensors with whatever backend Keras runs on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import keras


def compiled(function: Callable, of_any_width: Collection[str] = ()) -> Callable:
    """`function` as a graph where the backend is TensorFlow, as it is elsewhere.

    Args:
        function: of a dict of arrays, and of other arrays or None.
        of_any_width: names in that dict whose second dimension differs from call to call. The graph is made once for all
            widths of them, and of the other arrays, instead of anew for every width that turns up.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    # No statement of ours looks at a tensor, and AutoGraph leaves a file in /tmp for every function of every worker that Spark ends.
    graph = tf.function(function, reduce_retracing=True, autograph=False)
    if not of_any_width:
        return graph

    traced: set[tuple[int | None, ...]] = set()

    def spec(array: Any, any_width: bool) -> tf.TensorSpec:
        shape = [array.shape[0], None, *array.shape[2:]] if any_width else array.shape
        return tf.TensorSpec(shape, array.dtype)

    def run(batch: dict[str, Any], *others: Any) -> Any:
        batch = {name: tf.convert_to_tensor(array) for name, array in batch.items()}
        others = tuple(None if array is None else tf.convert_to_tensor(array) for array in others)
        sizes = tuple(None if array is None else array.shape[0] for array in (*batch.values(), *others))
        if sizes not in traced:
            traced.add(sizes)
            graph.get_concrete_function(
                {name: spec(array, name in of_any_width) for name, array in batch.items()}, *(None if array is None else spec(array, len(array.shape) > 1) for array in others)
            )
        return graph(batch, *others)

    return run
