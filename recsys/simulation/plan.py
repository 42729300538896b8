"""What a shop will be, worked out before a row is made: how many users, and how much each kind of them does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from recsys.faults import BadSettings
from recsys.settings import SimulationSettings
from recsys.simulation.lots import Lots
from recsys.simulation.segments import Kind, ends, planted

BRANDS = 4
CYCLES = (21, 28, 42, 56)  # days until a product is used up; that of a category is the same for all its products
TEMPOS = (0.75, 1.0, 1.25)  # of a user: the factor on these days
CART = 0.97  # share of wished products that go to the cart
COLD_DAYS = 28  # the end of the log, in which cold users and products appear
LINE_SECONDS = 40  # from one product of a visit to the next
_MOST_LINES = 300  # so that a visit ends in the half of the day in which it began
_ROWS_OF_A_FILE = 500_000
_LEAST_FILES = 4
_LEAST_RANGE = 2  # products of one brand in one category that are sold from the first day
_SATURDAY = 5


@dataclass(frozen=True)
class Plan:
    lots: Lots
    start: date
    days: int
    users: int
    scale: float  # factor on the discoveries and staples of every kind
    kinds: tuple[Kind, ...]
    products: int
    categories: int
    drift: float
    cold: float
    correlated: bool
    dirt: float
    partitions: int

    @property
    def shelf(self) -> int:
        """Products of a category."""
        return self.products // self.categories

    @property
    def range_size(self) -> int:
        """Products of one brand in one category that are sold from the first day."""
        return math.floor(self.shelf * (1 - self.cold)) // BRANDS

    @property
    def cold_from(self) -> int:
        """The first day, counted from 0, of cold users and products."""
        return self.days - COLD_DAYS

    @property
    def most_staples(self) -> int:
        """No user has more."""
        return max(math.ceil(kind.staples * self.scale) for kind in self.kinds)


def plan_of(settings: SimulationSettings, ds: date) -> Plan:
    """The plan of a shop whose last day is `ds`.

    Raises:
        BadSettings: everybody and everything is new, there are too few products for the categories, or too few users for the events.
    """
    kinds, start = planted(settings.segments), ds - timedelta(days=settings.days - 1)
    own_rhythm = _rows_of_a_user(kinds, start, settings.days, settings.cold)
    users = settings.users or max(1, round(settings.events / own_rhythm))
    plan = Plan(
        lots=Lots(settings.seed), start=start, days=settings.days, users=users, scale=settings.events / (users * own_rhythm),
        kinds=kinds, products=settings.products, categories=settings.categories, drift=settings.drift, cold=settings.cold,
        correlated=settings.correlated, dirt=settings.dirt,
        partitions=max(_LEAST_FILES, math.ceil(settings.events / _ROWS_OF_A_FILE)),
    )
    if settings.cold == 1:
        raise BadSettings("simulation.cold = 1.0 leaves no user and no product that is there from the first day: give a share below 1.")
    if plan.range_size < _LEAST_RANGE:
        enough = settings.categories * math.ceil(_LEAST_RANGE * BRANDS / (1 - settings.cold))
        raise BadSettings(
            f"simulation.products = {settings.products} are too few for simulation.categories = {settings.categories} with "
            f"{BRANDS} brands each and a share simulation.cold = {settings.cold} of new products: give {enough} or more."
        )
    lines = plan.most_staples + max(kind.discoveries for kind in kinds) * plan.scale + 1
    if lines > _MOST_LINES:
        raise BadSettings(
            f"simulation.events = {settings.events:,} of simulation.users = {users:,} would need visits of {lines:,.0f} products, and "
            f"at most {_MOST_LINES} are possible: give more users, or null for as many as fit."
        )
    if plan.most_staples > plan.categories:
        raise BadSettings(
            f"simulation.events = {settings.events:,} of simulation.users = {users:,} would need {plan.most_staples} staples a user, each of another category, and "
            f"simulation.categories = {settings.categories}: give more users or categories, or null for as many users as fit."
        )
    return plan


def opening(kind: Kind, first: date) -> range:
    """The days after `first` on one of which a user of this kind comes for the first time."""
    saturday = (_SATURDAY - first.weekday()) % 7
    return range(saturday, saturday + 1) if kind.on_weekends else range(kind.gap)


def cycle_in_visits(cycle: float, gap: int) -> int:
    """After how many visits a product that lasts `cycle` days is bought again."""
    return max(1, math.floor(cycle / gap + 0.5))


def _rows_of_a_user(kinds: tuple[Kind, ...], start: date, days: int, cold: float) -> float:
    """The expected rows of a user at scale 1."""
    late = start + timedelta(days=days - COLD_DAYS)
    ending = [0.0, *ends(kinds)]
    return sum(
        (end - begin) * ((1 - cold) * _rows(kind, _visits(kind, start, days)) + cold * _rows(kind, _visits(kind, late, COLD_DAYS)))
        for kind, begin, end in zip(kinds, ending, ending[1:])
    )


def _visits(kind: Kind, first: date, days: int) -> float:
    """The expected visits of a user within `days` days from `first` on."""
    counts = [
        max(0, math.ceil((days - opened - late) / kind.gap)) for opened, late in product(opening(kind, first), range(kind.jitter + 1))
    ]
    return sum(counts) / len(counts)


def _rows(kind: Kind, visits: float) -> float:
    """The expected rows of a user with `visits` visits: every stage of every funnel is one."""
    cycles = [cycle_in_visits(cycle * tempo, kind.gap) for cycle, tempo in product(CYCLES, TEMPOS)]
    found = kind.discoveries * visits
    collected = found * kind.collect
    bought = collected * CART * kind.buy
    staples_bought = kind.staples * visits * sum(1 / cycle for cycle in cycles) / len(cycles)
    staples_new = kind.staples * sum(min(1.0, visits / cycle) for cycle in cycles) / len(cycles)
    comments = kind.comment * (bought + staples_bought) * max(0.0, 1 - 1 / max(visits, 1.0))
    return found + collected * (1 + CART) + bought + 2 * staples_bought + 2 * staples_new + comments
