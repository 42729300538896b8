"""Every column name, spelled once. Tables, transforms and tests use these constants."""

# who, what, when
EVENT_ID = "event_id"
USER = "user_id"
ITEM = "item_id"
BEHAVIOUR = "behaviour"
TIME = "event_time"
DAY = "ds"
BASKET = "basket_id"
QUANTITY = "quantity"
PRICE = "price"
RATING = "rating"
SOURCE = "source"
SOURCE_FILE = "source_file"

# quarantine and the account of what came in
RAW = "raw"
REASONS = "reasons"
ROWS_IN = "rows_in"
ACCEPTED = "accepted"
REJECTED = "rejected"
COPIES = "copies_dropped"
COPY = "copy"
CODE = "behaviour_code"
FINGERPRINT = "fingerprint"

# products
NAME = "name"
CATEGORY = "category"
BRAND = "brand"
AVAILABLE = "available"

# users
ATTRIBUTE = "attribute"
ATTRIBUTE_A = "attribute_a"
ATTRIBUTE_B = "attribute_b"
CORRELATION = "correlation"
DECISION = "decision"
KEPT_A = "kept_a"
KEPT_B = "kept_b"
TRANSFORM = "transform"
POSITION = "position"
MINIMUM = "minimum"
MAXIMUM = "maximum"
SEGMENT = "segment"
DISTANCE = "distance"
CENTROID = "centroid"
SIZE = "size"
K = "k"
SEED = "seed"
DAVIES_BOULDIN = "davies_bouldin"
DAVIES_BOULDIN_CENTROID = "davies_bouldin_centroid"
STANDARD_ERROR = "standard_error"
INERTIA = "inertia"
CHOSEN = "chosen"

# sequences
ITEM_INDEX = "item_index"
EVENTS = "events"
USERS = "users"
SPLIT = "split"
ROLE = "role"
WINDOW = "window"
LENGTH = "length"
ITEMS = "items"
BEHAVIOURS = "behaviours"
GAPS = "gaps"
DAYS = "days"
VISITS = "visits"
MEMORY_ITEMS = "memory_items"
MEMORY_COUNTS = "memory_counts"
MEMORY_DAYS = "memory_days"
ATTRIBUTES = "attributes"
QUERY_DAY = "query_day"
TARGETS = "targets"

# pushes and evaluation
RANK = "rank"
SCORE = "score"
ORIGIN = "origin"
MODEL_VERSION = "model_version"
MODEL_DAY = "model_ds"
EVENTS_VERSION = "events_version"
METHOD = "method"
METRIC = "metric"
LIST_LENGTH = "list_length"
VALUE = "value"
FOLLOWER = "follower"
LAST_TIME = "last_time"
HITS = "hits"
FACTORS = "factors"
NUMBER = "number"
ANTECEDENT = "antecedent"
CONSEQUENT = "consequent"
CONFIDENCE = "confidence"
STAGE = "stage"
SECONDS = "seconds"
ROWS = "rows"

# behaviours, weakest first; their position + 1 is their code in a sequence (0 is padding)
BROWSE, COLLECT, CART, PURCHASE, REPURCHASE, COMMENT = (
    "browse", "collect", "cart", "purchase", "repurchase", "comment",
)
BEHAVIOUR_ORDER = (BROWSE, COLLECT, CART, PURCHASE, REPURCHASE, COMMENT)
RETURN = "return"  # kept in events for money and quality figures, never enters a sequence
ALL_BEHAVIOURS = (*BEHAVIOUR_ORDER, RETURN)
BOUGHT = (PURCHASE, REPURCHASE)
