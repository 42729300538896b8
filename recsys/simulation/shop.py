"""A simulated shop: its log and product list as it would deliver them, and the truth that no shop knows."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.catalogue import catalogue, item_id, price
from recsys.simulation.dirt import spoiled, with_reason
from recsys.simulation.funnel import actions
from recsys.simulation.lines import lines, staples
from recsys.simulation.plan import Plan
from recsys.simulation.users import users
from recsys.users.attributes import EVENING_SHARE, MORNING_SHARE, count_of, recency_of

LOG, PRODUCTS = "log", "products"
TRUE_USERS, TRUE_PRODUCTS, TRUE_CYCLES = "truth/users", "truth/products", "truth/cycles"
TRUE_ROWS, TRUE_ATTRIBUTES = "truth/rows", "truth/attributes"
# Our columns as this shop's files call them, and its codes; conf/sources/simulated.yaml reads them back.
_OF_LOG = {
    c.LOG_ID: "log_id", c.USER: "user", c.ITEM: "product", c.BEHAVIOUR: "action", c.TIME: "time", c.BASKET: "session",
    c.QUANTITY: "quantity", c.PRICE: "price", c.RATING: "stars",
}
_CODES = {c.BROWSE: "view", c.COLLECT: "wish", c.CART: "cart", c.PURCHASE: "buy", c.COMMENT: "review"}
_OF_LIST = {c.ITEM: "product", c.NAME: "name", c.CATEGORY: "category", c.BRAND: "brand", c.PRICE: "price", c.SINCE: "since"}
_SAME = (  # what funnel and visits plant, each with its sign
    (count_of(c.COLLECT), count_of(c.CART), 1), (recency_of(c.COLLECT), recency_of(c.CART), 1), (MORNING_SHARE, EVENING_SHARE, -1),
)


def simulate(spark: SparkSession, plan: Plan) -> dict[str, DataFrame]:
    """Every file of the shop by its name below the shop's folder, the log last. Nothing is computed yet.

    log             one line of the log, all columns text, dirt included
    products        one product: name, category, brand, price, and since when it is listed
    truth/users     user_id, segment, cold
    truth/products  item_id, quality, cycle_days, cold
    truth/cycles    user_id, item_id, cycle_days: what is bought again after so many days
    truth/rows      log_id, reason: one planted defect
    truth/attributes  attribute_a, attribute_b, correlation: planted to say the same
    """
    everybody, listed = users(spark, plan), catalogue(spark, plan)
    rows = log_rows(everybody, plan)
    return {
        PRODUCTS: _named(listed, _OF_LIST),
        TRUE_USERS: everybody.select(c.USER, _name_of_segment(plan).alias(c.SEGMENT), c.COLD),
        TRUE_PRODUCTS: listed.select(c.ITEM, c.QUALITY, c.CYCLE, c.COLD),
        TRUE_CYCLES: staples(everybody, plan).select(c.USER, item_id(c.ITEM_NUMBER).alias(c.ITEM), c.CYCLE),
        TRUE_ROWS: rows.where(F.col(c.REASON).isNotNull()).select(c.LOG_ID, c.REASON),
        TRUE_ATTRIBUTES: _same_attributes(spark, plan),
        LOG: _named(spoiled(rows), _OF_LOG),
    }


def log_rows(everybody: DataFrame, plan: Plan) -> DataFrame:
    """The rows of the log before they are spoiled, as text in our columns, each with its `reason`."""
    done = actions(lines(everybody, plan), plan)
    code = F.create_map(*[F.lit(text) for pair in _CODES.items() for text in pair])
    rows = done.withColumns({
        c.LOG_ID: F.concat_ws("-", c.USER, *[F.col(name).cast("string") for name in (c.VISIT, c.PLACE)], c.BEHAVIOUR),
        c.ITEM: item_id(c.ITEM_NUMBER),
        c.PRICE: price(plan, c.ITEM_NUMBER),
        c.BEHAVIOUR: F.element_at(code, F.col(c.BEHAVIOUR)),
        c.TIME: F.date_format(F.timestamp_seconds(c.TIME), "yyyy-MM-dd HH:mm:ss"),
    })
    behaviour = F.array_position(F.array(*map(F.lit, _CODES.values())), F.col(c.BEHAVIOUR))
    dirty = with_reason(rows, plan.lots, plan.dirt, c.NUMBER, c.VISIT, c.PLACE, behaviour)
    return dirty.select(*[F.col(name).cast("string").alias(name) for name in _OF_LOG], c.REASON)


def _named(rows: DataFrame, names: dict[str, str]) -> DataFrame:
    return rows.select(*[F.col(ours).alias(theirs) for ours, theirs in names.items()])


def _name_of_segment(plan: Plan) -> Column:
    return F.get(F.array(*[F.lit(kind.name) for kind in plan.kinds]), F.col(c.SEGMENT))


def _same_attributes(spark: SparkSession, plan: Plan) -> DataFrame:
    schema = f"{c.ATTRIBUTE_A} string, {c.ATTRIBUTE_B} string, {c.CORRELATION} int"
    return spark.createDataFrame(list(_SAME) if plan.correlated else [], schema)
