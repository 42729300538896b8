from math import comb

import keras
import numpy as np
import pytest

from recsys.training.average import Average

WEIGHTS = [[3.0, -1.0], [5.0, 2.0], [4.0, 8.0], [0.0, 1.0]]


def test_a_step_counts_like_its_binomial_and_a_new_beginning_forgets():
    variable = keras.Variable([9.0, 9.0])
    average = Average([variable])
    for _ in range(2):
        for step, weights in enumerate(WEIGHTS):
            variable.assign(weights)
            average.add(step)
        np.testing.assert_allclose(average.values[0], np.average(WEIGHTS, axis=0, weights=[comb(step + 8, 8) for step in range(4)]), rtol=1e-6)


def test_the_mean_is_lent_and_given_back_whatever_happens():
    variables = [keras.Variable([1.0, 2.0]), keras.Variable([[3.0]])]
    average = Average(variables)
    average.add(0)
    variables[0].assign([5.0, 6.0])
    variables[1].assign([[7.0]])
    with pytest.raises(KeyError), average.used():
        assert [np.array(own).ravel().tolist() for own in variables] == [[1, 2], [3]]
        raise KeyError
    assert [np.array(own).ravel().tolist() for own in variables] == [[5, 6], [7]]
    assert [np.array(own).ravel().tolist() for own in average.values] == [[1, 2], [3]]
