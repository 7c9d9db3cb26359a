"""The choice of a team's size, on a machine whose steps take what the test says."""

from time import perf_counter

import numpy as np
import pytest

from fastnn._core.teams import Passes, Teams
from tests.core.networks import network, problem, run, trainer


class Machine:
    """Runs slices of steps; `seconds` of a step by the team's size may be changed."""

    def __init__(self, teams, seconds):
        self.teams, self.seconds = teams, seconds
        self.now, self.spent = 0.0, {}

    def run(self, slices, steps):
        """Return the time of so many slices over what the best size would have needed."""
        began = self.now
        for _ in range(slices):
            left = steps
            while left:
                count, size = self.teams.next(left)
                assert 1 <= count <= left
                assert 1 <= size <= self.teams.most
                taken = count * self.seconds[size]
                self.now += taken
                self.teams.took(size, count, taken)
                self.spent[size] = self.spent.get(size, 0.0) + taken
                left -= count
        return (self.now - began) / (slices * steps * min(self.seconds.values()))


@pytest.mark.parametrize("step", [1e-5, 1e-3, 0.1])
@pytest.mark.parametrize("gain", [0.2, 0.6, 1.0, 1.8])
@pytest.mark.parametrize("first", [1, 2])
def test_the_better_of_two_is_found_and_trying_costs_little(first, gain, step):
    machine = Machine(Teams(first, 2), {1: step, 2: step / gain})
    slices = max(1, round(0.05 / step)), 200
    machine.run(400, slices[0])  # it may take a while until trying is worth its time
    assert machine.run(slices[1], slices[0]) < 1.03


@pytest.mark.parametrize("first", [1, 2])
def test_a_wrong_start_is_noticed_early(first):
    """Where cores lie far apart a second thread may cost more than it brings: a short training ends before long."""
    better = 3 - first
    teams = Teams(first, 2)
    machine = Machine(teams, {first: 1.7e-5, better: 1e-5})
    machine.run(30, 200)  # a tenth of a second
    assert teams.size == better


def test_trying_costs_a_short_training_little():
    teams = Teams(2, 2)
    machine = Machine(teams, {1: 1e-5, 2: 5.5e-6})
    assert machine.run(100, 200) < 1.03  # a tenth of a second
    assert machine.spent[1] > 0


def test_it_follows_the_machine():
    teams = Teams(2, 2)
    machine = Machine(teams, {1: 1e-5, 2: 6e-6})
    machine.run(50, 5000)
    assert teams.size == 2
    machine.seconds = {1: 1e-5, 2: 8e-5}  # a neighbour takes the other core
    machine.run(50, 5000)
    assert teams.size == 1
    machine.seconds = {1: 1e-5, 2: 6e-6}
    machine.run(50, 5000)
    assert teams.size == 2


def test_company_is_noticed_within_a_few_runs():
    """Two slow runs are believed, whatever trying has cost before."""
    teams = Teams(2, 2)
    machine = Machine(teams, {1: 1e-3, 2: 5.5e-4})
    machine.run(100, 50)
    assert teams.size == 2
    machine.seconds = {1: 1e-3, 2: 1.2e-3}  # another process takes half of both cores
    machine.run(4, 50)
    assert teams.size == 1
    machine.seconds = {1: 1e-3, 2: 5.5e-4}
    machine.run(20, 50)
    assert teams.size == 2


def test_a_machine_that_changes_all_the_time_is_not_tried_all_the_time():
    teams = Teams(2, 2)
    machine = Machine(teams, {1: 1e-5, 2: 6e-6})
    machine.run(50, 500)
    for _ in range(300):
        for step in (6e-6, 6e-6, 9e-6, 9e-6):
            machine.seconds = {1: 1e-5, 2: step}
            machine.run(1, 500)
    assert machine.spent[1] < 0.12 * machine.spent[2]


def test_many_cores_are_taken_by_halves_and_doubles():
    seconds = {size: 1e-4 / size + 1e-6 * size for size in range(1, 65)}  # best near 10
    teams = Teams(64, 64)
    machine = Machine(teams, seconds)
    machine.run(200, 2000)
    assert teams.size in (8, 16)
    assert set(machine.spent) <= {1, 2, 4, 8, 16, 32, 64}


def test_one_thread_is_never_left():
    teams = Teams(1, 1)
    for _ in range(2):
        assert teams.next(10) == (10, 1)
        teams.took(1, 10, 100.0)


def test_a_slow_moment_is_forgotten():
    teams = Teams(2, 2)
    machine = Machine(teams, {1: 1e-5, 2: 6e-6})
    machine.run(20, 5000)
    teams.took(2, 1000, 1.0)  # an interruption: 1 ms a step
    machine.run(50, 5000)
    assert teams.size == 2
    assert machine.run(100, 5000) < 1.03


def test_the_first_run_does_not_put_off_trying():
    """It starts threads and touches memory: what it takes is no measure of how long trying must pay."""
    teams = Teams(1, 2)
    teams.took(1, 10, 1.0)  # 0.1 s a step, cold
    machine = Machine(teams, {1: 1e-3, 2: 6e-4})
    machine.run(20, 50)
    assert teams.size == 2


def test_a_slow_moment_does_not_change_the_size():
    teams = Teams(2, 2)
    machine = Machine(teams, {1: 1e-3, 2: 6e-4})
    machine.run(30, 50)
    teams.took(2, 100, 10.0)  # another process had the cores: 0.1 s a step, after which trying is due
    tried = machine.spent.get(1, 0.0)
    machine.run(1, 50)
    assert machine.spent[1] > tried
    assert teams.size == 2


def test_a_team_that_is_kept_small_teaches_nothing():
    """Company's steps take what company makes of them; afterwards the size is what it was."""
    teams = Teams(2, 2)
    for _ in range(5):
        assert teams.next(1000, 1) == (1000, 1)
        teams.took(1, 1000, 1e-3)
    machine = Machine(teams, {1: 1e-5, 2: 6e-6})
    machine.run(50, 5000)
    assert teams.size == 2
    machine.run(1, 5000)
    assert teams.next(5000, 1) == (5000, 1)


def seconds_of_passes(passes, count, seconds, waking):
    """The time of so many passes of one step; a thread that has slept through the one before takes `waking` to come."""
    spent, before = 0.0, 1
    for _ in range(count):
        size = passes.next(1)[1]
        taken = seconds[size] + (waking if size > before else 0.0)
        passes.took(size, 1, taken)
        spent, before = spent + taken, size
    return spent


def test_a_trial_of_passes_outlasts_the_waking_of_threads():
    passes, seconds = Passes(1, 2), {1: 1e-4, 2: 6e-5}
    seconds_of_passes(passes, 1000, seconds, waking=4e-3)
    assert passes.size == 2
    assert seconds_of_passes(passes, 20000, seconds, waking=4e-3) < 1.05 * 20000 * seconds[2]


def test_passes_beside_another_process_lose_little_by_trials():
    passes, seconds = Passes(1, 2), {1: 1e-4, 2: 8e-3}  # on two cores that two processes want
    assert seconds_of_passes(passes, 50000, seconds, waking=0.0) < 1.02 * 50000 * seconds[1]
    assert passes.size == 1
    assert seconds_of_passes(passes, 100000, seconds, waking=0.0) < 1.015 * 100000 * seconds[1]


def test_long_passes_are_tried_one_at_a_time_and_seldom():
    passes, seconds = Passes(2, 2), {1: 1.0, 2: 0.55}
    assert seconds_of_passes(passes, 10, seconds, waking=4e-3) < 1.01 * 10 * seconds[2]
    assert seconds_of_passes(passes, 200, seconds, waking=4e-3) < 1.03 * 200 * seconds[2]


def test_a_first_trial_of_passes_that_met_company_is_soon_repeated():
    passes = Passes(1, 2)
    seconds_of_passes(passes, 400, {1: 1e-4, 2: 8e-3}, waking=0.0)
    assert passes.size == 1
    seconds_of_passes(passes, 2500, {1: 1e-4, 2: 6e-5}, waking=0.0)  # a quarter of a second
    assert passes.size == 2


def short_training(seconds, steps, first=2):
    """What one training of a few steps takes, which knows what the one before it has found out."""
    teams = Teams.like_last(12345, first, 2, now=0.0)
    taken, size = 0.0, 0
    while steps:
        count, size = teams.next(steps)
        taken += count * seconds[size]
        teams.took(size, count, count * seconds[size])
        steps -= count
    teams.keep(12345, now=0.0)
    return taken


def test_short_trainings_learn_from_each_other(monkeypatch):
    """Of one step each, as by partial_fit: beside another process two threads would always be slower."""
    monkeypatch.setattr("fastnn._core.teams._kept", {})
    company, alone = {1: 1e-3, 2: 8e-3}, {1: 1e-3, 2: 6e-4}
    assert short_training(company, 1) == company[2]
    for _ in range(30):
        short_training(company, 1)
    assert sum(short_training(company, 1) for _ in range(1000)) < 1.03 * 1000 * company[1]
    for _ in range(5000):
        short_training(alone, 1)
    assert sum(short_training(alone, 1) for _ in range(1000)) < 1.03 * 1000 * alone[2]


def test_what_is_kept_is_of_like_steps_and_not_shared(monkeypatch):
    monkeypatch.setattr("fastnn._core.teams._kept", {})
    teams = Teams.like_last(1000, 2, 2, now=0.1)
    Machine(teams, {1: 1e-5, 2: 5e-5}).run(30, 5000)
    assert teams.size == 1
    teams.keep(1000, now=0.0)
    same = Teams.like_last(1000, 2, 2, now=0.1)
    assert same.size == 1
    Machine(same, {1: 1e-5, 2: 5e-6}).run(200, 5000)
    assert (same.size, teams.size) == (2, 1)
    assert Teams.like_last(9000, 2, 2, now=0.1).size == 2
    assert Teams.like_last(1000, 1, 4, now=0.1).size == 1
    assert Teams.like_last(1000, 2, 2, now=10.0).size == 2, "a machine may be another after so long"


def test_a_trainer_begins_with_what_is_kept_and_keeps_what_it_finds(monkeypatch):
    plan, parameters = network("float32", [200, 128, 10], ["relu", "softmax"])
    x, y, _, _ = problem("float32", 512, 200, 10)
    key = 2, (6 * plan.n_parameters * 128).bit_length()
    for kept in (1, 2):
        known, sizes = {key: (Teams(kept, 2), perf_counter() + 1e6)}, []
        monkeypatch.setattr("fastnn._core.teams._kept", known)
        monkeypatch.setattr(Teams, "took", lambda self, size, steps, seconds, sizes=sizes: sizes.append(size))
        trained = trainer(plan, parameters, loss="categorical_crossentropy_from_logits", batch_size=128, threads=2)
        trained.bind(x, y)
        run(trained, np.arange(512), 128)
        assert sizes == [kept]
        assert known[key][0].size == kept
        assert known[key][1] <= perf_counter(), "kept anew"
