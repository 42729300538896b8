from types import SimpleNamespace

import numpy as np
import pytest

from recsys.models.definition import InputsDefinition, ModelDefinition, RecurrentDefinition, TransformerDefinition
from recsys.models.factory import make_model
from recsys.sequences.shape import WindowShape
from recsys.settings import TrainingSettings
from tests.training.conftest import LENGTH, MEMORY, PRODUCTS

ALONE = SimpleNamespace(Sum=None, DistributedGradientTape=lambda tape, **_: tape, allreduce=lambda value, op: value)
NOTHING = InputsDefinition(behaviours=False, gaps=False, segment=False, attributes=False)


@pytest.mark.parametrize("layer", [RecurrentDefinition(cell="gru"), TransformerDefinition(heads=1, positions="absolute")], ids=lambda layer: layer.kind)
def test_a_model_learns_the_circle_though_most_inputs_are_left_out_of_its_definition(circle_batch, layer):
    from recsys.training.step import make_optimizer, make_step

    definition = ModelDefinition(
        name="small", width=16, dropout=0.0, inputs=NOTHING, layers=(layer,), head_width=0, copy_path=False, later_share=0.0
    )
    model = make_model(definition, WindowShape(LENGTH, MEMORY, 2), PRODUCTS, segments=2)
    settings = TrainingSettings(learning_rate=0.02)
    optimizer = make_optimizer(settings, steps=80)
    optimizer.build(model.trainable_variables)
    gaps = np.array(model.events.gaps.embeddings)
    step = make_step(model, optimizer, definition, 1, ALONE)
    batch = circle_batch | {"weight": np.ones(4, np.float32)}
    losses = [float(loss) / float(targets) for loss, targets in (step(batch, None) for _ in range(80))]
    assert losses[0] > 2.0 and losses[-1] < 0.5
    np.testing.assert_array_equal(np.array(model.events.gaps.embeddings), gaps)
