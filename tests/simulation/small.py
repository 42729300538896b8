"""A plan of a shop that is small enough for a test."""

from datetime import date
from pathlib import Path

from recsys.settings import SimulationSettings
from recsys.simulation.plan import Plan, plan_of

DS = date(2020, 6, 28)
CONFIG = Path(__file__).parents[2] / "conf" / "simulated.yaml"


def small_plan(**changes) -> Plan:
    return plan_of(SimulationSettings(**{"events": 600, "products": 200, "categories": 5, "days": 84} | changes), DS)
