"""From what users look at to what they do with it: browse, collect, cart, purchase, and comment at the next visit."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.catalogue import quality
from recsys.simulation.plan import CART, LINE_SECONDS, Plan
from recsys.simulation.segments import trait
from recsys.simulation.visits import day_of, moment_of

_KEY = (c.NUMBER, c.VISIT, c.PLACE)
_SECONDS = {c.BROWSE: 0, c.COLLECT: 8, c.CART: 16, c.PURCHASE: 24, c.COMMENT: 3}  # 3: never at the moment of another row
_STARS = 5
_ROW, _BEGINS, _NEXT_BEGINS = "row", "begins", "next_begins"


def actions(lines: DataFrame, plan: Plan) -> DataFrame:
    """One row for everything done with a product: the key of its line, behaviour, time (seconds), basket, units, stars."""
    this, following = F.col(c.VISIT), F.col(c.VISIT) + 1
    timed = lines.withColumns({_BEGINS: moment_of(plan, this), _NEXT_BEGINS: moment_of(plan, following)})
    done = F.array_compact(F.array(*[F.when(condition, _action(name)) for name, condition in _stages(plan).items()]))
    rows = timed.select(*_KEY, c.USER, c.SEGMENT, c.ITEM_NUMBER, F.explode(done).alias(_ROW))
    return rows.select(
        *_KEY, c.USER, c.ITEM_NUMBER, f"{_ROW}.{c.BEHAVIOUR}", f"{_ROW}.{c.TIME}", f"{_ROW}.{c.BASKET}",
        _units(plan).alias(c.QUANTITY), _stars(plan).alias(c.RATING),
    )


def _stages(plan: Plan) -> dict[str, Column]:
    """Whether each stage is reached. A staple's first purchase passes them all; later it is bought again with one click.

    With planted correlations the cart takes from the wish list only, in a share that is the same for everybody, so that
    the counts of both say the same.
    """
    draw = plan.lots.happens
    is_first, is_again = F.coalesce(c.FIRST_TIME, F.lit(False)), F.coalesce(~F.col(c.FIRST_TIME), F.lit(False))
    wished = draw(trait(plan.kinds, "collect"), "collect", *_KEY)
    if plan.correlated:
        put = wished & draw(CART, "cart", *_KEY)
    else:
        put = draw(trait(plan.kinds, "collect") * CART, "cart", *_KEY)
    taken = put & draw(trait(plan.kinds, "buy"), "buy", *_KEY)
    bought = is_first | is_again | taken
    comes_again = day_of(plan, F.col(c.VISIT) + 1) < plan.days
    return {
        c.BROWSE: F.lit(True),
        c.COLLECT: is_first | (wished & ~is_again),
        c.CART: is_first | (put & ~is_again),
        c.PURCHASE: bought,
        c.COMMENT: bought & comes_again & draw(trait(plan.kinds, "comment"), "comment", *_KEY),
    }


def _action(behaviour: str) -> Column:
    visit, begins = (F.col(c.VISIT) + 1, _NEXT_BEGINS) if behaviour == c.COMMENT else (F.col(c.VISIT), _BEGINS)
    time = F.col(begins) + F.col(c.PLACE) * LINE_SECONDS + _SECONDS[behaviour]
    basket = F.concat_ws("-", c.USER, visit.cast("string"))
    return F.struct(F.lit(behaviour).alias(c.BEHAVIOUR), time.alias(c.TIME), basket.alias(c.BASKET))


def _units(plan: Plan) -> Column:
    sold = 1 + plan.lots.below(trait(plan.kinds, "units"), "units", *_KEY)
    return F.when(F.col(f"{_ROW}.{c.BEHAVIOUR}") == c.PURCHASE, sold).otherwise(1)


def _stars(plan: Plan) -> Column:
    """A comment's stars: the product's quality, give or take one."""
    mood = plan.lots.below(3, "mood", *_KEY) - 1
    stars = F.greatest(F.least(1 + F.floor(quality(plan, c.ITEM_NUMBER) * _STARS) + mood, F.lit(_STARS)), F.lit(1))
    return F.when(F.col(f"{_ROW}.{c.BEHAVIOUR}") == c.COMMENT, stars)
