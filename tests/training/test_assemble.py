from datetime import date

from recsys.models.definition import ModelDefinition
from recsys.settings import Settings
from recsys.training.assemble import version_of


def named(**training):
    return version_of(ModelDefinition(name="circle"), Settings(source="sources/shop.yaml", training=training), date(2024, 3, 1))


def test_a_model_has_another_name_for_another_seed_and_the_same_however_its_training_is_looked_after():
    assert named(seed=1) != named(seed=2)
    assert named(seed=1) == named(seed=1, retries=9, stall_seconds=20, checkpoint_minutes=1, timeout_seconds=600)
