"""Which events are learned from and which are to be found: leave-one-out, or a split in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.benchmark.histories import Histories
from recsys.faults import BadData

LEAVE_ONE_OUT, TIME = "leave_one_out", "time"
PROTOCOLS = (LEAVE_ONE_OUT, TIME)
WITH_SEEN, WITHOUT_SEEN = "with_seen", "without_seen"  # products that the user had before may be in a list, or may not
KINDS = (WITH_SEEN, WITHOUT_SEEN)
_TIME_TRAIN, _TIME_PAST = 0.8, 0.9  # shares of all events before the validation part, and before the test part


@dataclass(frozen=True)
class Split:
    """How far into each user's events training, and the past of the test, go; int64 [users], all of them.

    Events from `train` to `past` are the validation targets, which the past before `train` is asked for; those
    from `past` to `end` are the test targets.
    """

    histories: Histories
    train: np.ndarray
    past: np.ndarray
    end: np.ndarray

    def bounds(self, test: bool) -> tuple[np.ndarray, np.ndarray]:
        """Of each user the events that are known before the validation or the test part, and those up to its end; int64 [users]."""
        return (self.past, self.end) if test else (self.train, self.past)

    def known(self, test: bool) -> np.ndarray:
        """Whether each event is known before that part, bool [events]."""
        owners, known = self.histories.owners, self.bounds(test)[0]
        return np.arange(len(owners)) < (self.histories.starts[:-1] + known)[owners]

    def asked(self, test: bool) -> np.ndarray:
        """The users with something to look back on and something to find."""
        known, until = self.bounds(test)
        return np.flatnonzero((known > 0) & (until > known))

    def history(self, user: int, test: bool) -> np.ndarray:
        return self.histories.of(user)[:self.bounds(test)[0][user]]

    def targets(self, user: int, test: bool) -> np.ndarray:
        known, until = self.bounds(test)
        return self.histories.of(user)[known[user]:until[user]]


def split(histories: Histories, protocol: str) -> Split:
    """Cut every history in three.

    Leave-one-out: the last event is the test's, the one before validation's; users of fewer than three are only
    learned from. Time: the last tenth of all events, from one moment on, is the test's, the tenth before it validation's.

    Raises:
        BadData: a split in time of a file without times, or one that leaves nobody to judge by.
    """
    ends = np.diff(histories.starts)
    if protocol == LEAVE_ONE_OUT:
        whole = ends >= 3
        parts = Split(histories, np.where(whole, ends - 2, ends), np.where(whole, ends - 1, ends), ends)
    elif histories.times is None:
        raise BadData("A split in time needs a file with times: lines `user item time` under that header.")
    else:
        ordered = np.sort(histories.times)
        cuts = (ordered[int(share * len(ordered))] for share in (_TIME_TRAIN, _TIME_PAST))
        parts = Split(histories, *(_before(histories, cut) for cut in cuts), ends)
    if not len(parts.asked(test=True)) or not len(parts.asked(test=False)):
        raise BadData("No user has events in the training part as well as later ones to validate and to test with. Give longer histories.")
    return parts


def _before(histories: Histories, moment: float) -> np.ndarray:
    """How many events of each user lie before `moment`."""
    earlier = np.concatenate([[0], np.cumsum(histories.times < moment)])
    return earlier[histories.starts[1:]] - earlier[histories.starts[:-1]]
