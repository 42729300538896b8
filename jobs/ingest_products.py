"""Write the products as known at the end of a day, from the shop's product list or from what its log says.

Reads   events            up to the day, for prices and recency
        product_mentions  how it words them, or instead
        product list      the one that the source's YAML describes
Writes  products          one row per product, ds; the day is replaced whole

    spark-submit --py-files dist/recsys.zip jobs/ingest_products.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from pyspark.sql import DataFrame

from recsys.events.product_list import trusted_rows
from recsys.events.products import catalogue_of_list, catalogue_of_log, products
from recsys.events.reading import broken_input, read_list
from recsys.events.source import Source, load_source
from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day, whole
from recsys.runs.things import PRODUCT_LIST
from recsys.tables import EVENTS, PRODUCT_MENTIONS, PRODUCTS


def run(night: Night) -> None:
    source = load_source(night.settings)
    with broken_input(f"the product list of {source.name}"):
        catalogue = _catalogue(night, source)
        rows = products(night.lake.read(EVENTS), catalogue, source.products, night.ds)
        night.lake.replace_day(rows, PRODUCTS, night.ds)


def _catalogue(night: Night, source: Source) -> DataFrame:
    if source.products.file is None:
        return catalogue_of_log(night.lake.read(PRODUCT_MENTIONS), night.ds)
    listed = trusted_rows(read_list(night.lake.spark, source.products.file.files), source)
    return catalogue_of_list(listed, source.products.file, source.products.columns, source.time.zone, night.ds)


STAGE = Stage(
    "ingest_products", run, reads=(*whole(EVENTS, PRODUCT_MENTIONS), PRODUCT_LIST), writes=day(PRODUCTS),
    settings=("source", "source_path", "products_path"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
