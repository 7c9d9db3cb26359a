"""What callbacks may count on: what they are told, when the training listens, and what files and fits remember."""

import json
import struct

import numpy as np
import pytest

import fastnn
from fastnn import callbacks, layers

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X.sum(axis=1)


def model(optimizer="sgd", **compiled):
    made = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)], seed=0)
    made.compile(optimizer, "mse", **compiled)
    return made


def regressor(**settings):
    return fastnn.MLPRegressor(**{"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 5, **settings})


class Says(callbacks.Callback):
    """Puts these numbers into the logs."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["said"] = self.values[epoch]


class Counts(callbacks.Callback):
    """Counts steps and asks for the end after the second of an epoch."""

    steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        self.model.stop_training = batch == 1


# ---- files ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_holds_what_other_checkpoints_know_of_its_epoch(tmp_path):
    def told(name):
        return [
            Says([5, 4, 1, 3, 2, 6]),
            callbacks.ModelCheckpoint(tmp_path / (name + "-{epoch}")),
            callbacks.ModelCheckpoint(tmp_path / (name + "-best"), "said", save_best_only=True),
            callbacks.ModelCheckpoint(tmp_path / (name + "-last-{epoch}"), keep=1),
        ]

    model().fit(X, Y, epochs=6, verbose=0, callbacks=told("whole"))
    model().fit(X, Y, epochs=3, verbose=0, callbacks=told("part"))
    model().fit(X, Y, epochs=6, verbose=0, callbacks=told("part"), resume=tmp_path / "part-3")
    for name in ("whole", "part"):
        assert fastnn.load(tmp_path / f"{name}-best").history.history["said"] == [5, 4, 1]
        assert [path.name for path in tmp_path.glob(f"{name}-last-*")] == [f"{name}-last-6"]


def test_the_best_is_the_best_of_all_fits(tmp_path):
    callback = callbacks.ModelCheckpoint(tmp_path / "best", "loss", save_best_only=True)
    trained = model()
    trained.fit(X, Y, epochs=5, verbose=0, callbacks=[callback])
    best, written = callback.best, (tmp_path / "best").read_bytes()
    trained.set_weights([np.full((3, 1), 9.0), np.zeros(1)])
    trained.fit(X, Y, verbose=0, callbacks=[callback])
    assert callback.best == best
    assert (tmp_path / "best").read_bytes() == written


def test_files_are_counted_over_all_fits(tmp_path):
    callback, trained = callbacks.ModelCheckpoint(tmp_path / "m-{epoch}", keep=2), model()
    trained.fit(X, Y, epochs=3, verbose=0, callbacks=[callback])
    trained.fit(X, Y, epochs=6, initial_epoch=3, verbose=0, callbacks=[callback])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m-5", "m-6"]


def test_without_what_it_monitors_a_checkpoint_writes_every_epoch(tmp_path):
    with pytest.warns(UserWarning, match="'val_loss', which is not in the logs"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "m", save_best_only=True)])
    assert fastnn.load(tmp_path / "m").built


def test_a_checkpoint_with_a_damaged_state_leaves_the_model_as_it_was(tmp_path):
    path = tmp_path / "m"
    told = [callbacks.EarlyStopping("loss"), callbacks.ModelCheckpoint(path)]
    model("adam").fit(X, Y, epochs=2, verbose=0, callbacks=told)
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    progress = json.loads(header["__metadata__"]["progress"])
    progress["callbacks"][0]["items"][1] = {}
    header["__metadata__"]["progress"] = json.dumps(progress)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])
    resumed = model("adam")
    history = resumed.fit(X, Y, verbose=0)
    weights, steps = resumed.get_weights(), resumed.training.iterations
    states, entropy = resumed.training.states.copy(), resumed.structure()["entropy"]
    with pytest.raises(ValueError, match="expected a state of EarlyStopping"):
        resumed.fit(X, Y, epochs=4, verbose=0, callbacks=[callbacks.EarlyStopping("loss")], resume=path)
    assert all(np.array_equal(a, b) for a, b in zip(weights, resumed.get_weights(), strict=True))
    assert np.array_equal(states, resumed.training.states)
    assert (resumed.training.iterations, resumed.structure()["entropy"]) == (steps, entropy)
    assert resumed.history is history


# ---- directions -------------------------------------------------------------------------------------------------


def gain(y_true, y_pred):
    return -np.mean(np.square(y_true - y_pred))


def test_the_direction_of_an_own_function_is_asked_for_before_training():
    trained = model(metrics=[gain])
    before = trained.get_weights()
    with pytest.raises(ValueError, match="expected mode='min' or mode='max' for the metric 'gain'"):
        trained.fit(X, Y, validation_split=0.2, verbose=0, callbacks=[callbacks.EarlyStopping("val_gain")])
    assert all(np.array_equal(a, b) for a, b in zip(before, trained.get_weights(), strict=True))
    stop = callbacks.EarlyStopping("val_gain", mode="max", patience=3, restore_best_weights=True)
    trained.fit(X, Y, validation_split=0.2, epochs=20, verbose=0, callbacks=[stop])
    assert stop.best_epoch > 3


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_an_estimators_score_is_to_be_large():
    told = callbacks.EarlyStopping("val_score", patience=3, restore_best_weights=True)
    fitted = regressor(early_stopping=True, max_iter=30, learning_rate_init=0.02, callbacks=[told]).fit(X, Y)
    assert told.best == max(fitted.validation_scores_)
    assert told.best_epoch > 3


# ---- steps ------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_an_estimator_ends_at_a_loss_that_is_not_finite():
    for raises in (True, False):
        told = callbacks.TerminateOnNaN(raise_error=raises)
        fitted = regressor(callbacks=[told])
        if raises:
            with pytest.raises(Exception, match="Step 0: the loss is inf"):
                fitted.fit(X, Y * 1e160)
        else:
            assert fitted.fit(X, Y * 1e160).n_iter_ == 1


def test_an_estimator_ends_after_the_step_that_asked_for_it():
    counts = Counts()
    fitted = regressor(batch_size=20, callbacks=[counts]).fit(X, Y)
    assert (counts.steps, fitted.n_iter_, fitted.t_, fitted.stop_reason_) == (2, 1, 40, "callback")
    whole = regressor(batch_size=20, shuffle=False, max_iter=1)
    half = regressor(batch_size=20, shuffle=False, callbacks=[Counts()]).fit(X, Y)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        whole.fit(X[:40], Y[:40])
    assert half.loss_ == whole.loss_
    assert all(np.array_equal(a, b) for a, b in zip(half.coefs_, whole.coefs_, strict=True))


# ---- rates ------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_logged_rate_is_the_epochs_and_reductions_last():
    history = callbacks.History()
    told = [callbacks.LearningRateScheduler(lambda epoch: 0.1), history]
    regressor(solver="sgd", learning_rate="invscaling", max_iter=3, callbacks=told).fit(X, Y)
    assert history.history["learning_rate"] == [0.1, 0.1, 0.1]
    rates = {}
    for kind in ("plain", "reduced"):
        seen = rates[kind] = []

        class Notes(callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None, seen=seen):
                seen.append(self.model.optimizer.learning_rate)

        told = [Notes()]
        if kind == "reduced":
            told.append(callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=99, min_lr=0))
        regressor(solver="sgd", learning_rate="invscaling", max_iter=4, callbacks=told).fit(X, Y)
    np.testing.assert_allclose(np.divide(rates["reduced"], rates["plain"]), [1, 1, 0.5, 0.25])


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(("fit", "epochs"), [("fit", 5), ("partial_fit", 1)])
def test_a_callback_of_an_estimator_knows_how_many_epochs_may_come(fit, epochs):
    told = callbacks.Callback()
    getattr(regressor(batch_size=len(X), callbacks=told), fit)(X, Y)
    assert (told.params["epochs"], told.params["steps"]) == (epochs, 1)


# ---- the end ----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_last_epochs_logs_are_told_at_the_end():
    seen = []
    told = callbacks.LambdaCallback(on_train_end=lambda logs: seen.append(logs["loss"]))
    history = model().fit(X, Y, epochs=3, verbose=0, callbacks=[told])
    fitted = regressor(callbacks=[told]).fit(X, Y)
    assert seen == [history.history["loss"][-1], fitted.loss_]


def test_averages_are_taken_where_a_callback_raises():
    def fail(epoch, logs):
        if epoch == 2:
            raise RuntimeError("enough")

    trained = [model(fastnn.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)) for _ in range(2)]
    with pytest.raises(RuntimeError, match="enough"):
        trained[0].fit(X, Y, epochs=9, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=fail)])
    trained[1].fit(X, Y, epochs=3, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(*(each.get_weights() for each in trained), strict=True))


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_averages_are_taken_where_a_callback_of_an_estimator_raises():
    def fail(epoch, logs):
        if epoch == 2:
            raise RuntimeError("enough")

    optimizer = fastnn.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    one, other = (regressor(optimizer=optimizer, max_iter=epochs) for epochs in (9, 3))
    with pytest.raises(RuntimeError, match="enough"):
        one.set_params(callbacks=callbacks.LambdaCallback(on_epoch_end=fail)).fit(X, Y)
    np.testing.assert_array_equal(one.coefs_[0], other.fit(X, Y).coefs_[0])


# ---- frozen layers ----------------------------------------------------------------------------------------------


def test_nothing_learns_in_a_frozen_residual(tmp_path):
    dense = layers.Dense(3)
    outer = layers.Residual([dense, layers.BatchNormalization()])
    trained = fastnn.Sequential([fastnn.Input((3,)), outer, layers.Dense(1)], seed=0)
    outer.trainable, dense.trainable = False, True
    trained.compile("sgd", "mse")
    trained.save(tmp_path / "m")
    again = fastnn.load(tmp_path / "m")
    assert dense.trainable
    for each in (trained, again):
        before = each.get_weights()
        each.fit(X, Y, verbose=0)
        moved = [not np.array_equal(a, b) for a, b in zip(before, each.get_weights(), strict=True)]
        assert moved == [False] * 6 + [True] * 2


# ---- what files hold --------------------------------------------------------------------------------------------


def test_class_weights_of_numpys_labels_come_back(tmp_path):
    y = (Y > 0).astype(int)
    weight = dict(zip(np.unique(y), [1.0, 2.0], strict=True))
    fitted = fastnn.MLPClassifier((4,), early_stopping=True, random_state=0, class_weight=weight).fit(X, y)
    fitted.save(tmp_path / "m")
    assert fastnn.load(tmp_path / "m").class_weight == weight


class Weighed(fastnn.metrics.Metric):
    def __init__(self, weights=None, name="weighed"):
        super().__init__(name)
        self.weights = weights

    def __call__(self, y_true, y_pred):
        return float(np.sum(self.weights))


def test_metrics_with_large_arrays_each_keep_their_own(tmp_path):
    trained = model(metrics=[Weighed(np.ones(5000), "ones"), Weighed(np.zeros(5000), "zeros")])
    trained.save(tmp_path / "m")
    found = fastnn.load(tmp_path / "m", {"Weighed": Weighed}).training.metrics
    assert [metric(None, None) for metric in found] == [5000.0, 0.0]


@pytest.mark.skipif(np.longdouble is np.float64 or np.dtype(np.longdouble).itemsize == 8, reason="no longer double")
def test_a_long_double_is_refused_and_a_path_of_bytes_is_not(tmp_path):
    with pytest.raises(TypeError, match="to be a value that a file can hold"):
        regressor(alpha=np.longdouble(0.1)).save(tmp_path / "m")
    model().save(str(tmp_path / "m").encode())
    assert fastnn.load(tmp_path / "m").built


@pytest.mark.parametrize("state", [None, [1], {"function": len}])
def test_states_that_no_file_gives_back_are_found_when_they_are_written(tmp_path, state):
    class Forgetful(callbacks.Callback):
        def get_state(self):
            return state

    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    told = [Forgetful(), callbacks.ModelCheckpoint(tmp_path / "checkpoint")]
    with pytest.raises(TypeError, match=r"Forgetful.get_state\(\) to return a dict"):
        model.fit(np.ones((4, 2)), np.ones(4), epochs=2, verbose=0, callbacks=told)
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("epoch,loss\n0,1.5\n1", "epoch,loss\n0,1.5\n"),
        ("epoch,loss\n0,1.5", "epoch,loss\n0,1.5\n"),
        ("epoch,loss\n0,1.5\n", "epoch,loss\n0,1.5\n"),
        ("epo", "epoch,loss\n"),
    ],
)
def test_a_log_goes_on_behind_whole_lines(tmp_path, before, after):
    path = tmp_path / "log.csv"
    path.write_text(before)
    model = fastnn.Sequential([layers.Dense(1, kernel_initializer="ones")], seed=0)
    model.compile(fastnn.optimizers.SGD(0.0), "mse")
    model.fit([[1.0]], [3.0], epochs=2, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    assert path.read_text() == after + "0,4.0\n1,4.0\n"


@pytest.mark.parametrize("separator", ["\n", "\r", '"', "", ", "])
def test_separators_part_columns(separator):
    with pytest.raises(ValueError, match="separator"):
        callbacks.CSVLogger("log.csv", separator=separator)
