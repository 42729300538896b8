from datetime import date

import pytest

from recsys.lake import DataFile
from recsys.models.conditions import ANY_BEHAVIOUR, PURCHASE_CODE
from recsys.models.definition import ModelDefinition
from recsys.settings import Settings
from recsys.training.assemble import make_plan, version_of


def named(**training):
    return version_of(ModelDefinition(name="circle"), Settings(source="sources/shop.yaml", training=training), date(2024, 3, 1))


def test_a_model_has_another_name_for_another_seed_and_the_same_however_its_training_is_looked_after():
    assert named(seed=1) != named(seed=2)
    assert named(seed=1) == named(seed=1, retries=9, stall_seconds=20, checkpoint_minutes=1, timeout_seconds=600)


@pytest.mark.parametrize(("relevant", "asked"), [(("purchase", "repurchase"), PURCHASE_CODE), (("browse", "purchase"), ANY_BEHAVIOUR)])
def test_an_epoch_is_judged_by_lists_for_what_counts_as_liked_whatever_is_pushed(relevant, asked):
    settings = Settings(source="sources/shop.yaml", evaluation={"relevant": relevant}, pushes={"behaviour": "cart"})
    plan = make_plan(settings, ModelDefinition(name="circle"), "circle-1", [DataFile("a", 1)], [], [], [], [], attributes=2, segments=2)
    assert plan.behaviour == asked
