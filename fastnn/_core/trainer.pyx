# cython: language_level=3, cdivision=True
"""Trainer: a plan with its parameters, optimizer state and loss, made ready for slices of epochs.

Python's side of steps.pyx: takes arrays, chooses memory and threads, keeps alive what the steps point to. Called
through the engine by training, judging, epoch and binding, which get what users give checked; here arrays are checked
for what the steps read of them.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

from fastnn._core cimport targets
from fastnn._core.data cimport data_of, is_sparse, rows_of, stride_of
from fastnn._core.flat cimport FlatPath
from fastnn._core.heads cimport is_cut
from fastnn._core.inference cimport Judge, block_rows, evaluate
from fastnn._core.passes cimport group_rows
from fastnn._core.pieces cimport Parts
from fastnn._core.pipeline cimport plan_pipeline
from fastnn._core.plan cimport Plan, Program
from fastnn._core.rates cimport settled
from fastnn._core.sparse cimport Links
from fastnn._core.step_parts cimport PENALTY_BLOCK, Run, all_tensors, sum_penalties, total_penalty
from fastnn._core.steps cimport run_all
from fastnn._core.threads cimport Barrier, Progress, grant, note_end
from fastnn._core.workspace cimport Workspace

from time import perf_counter

import numpy as np

from fastnn._core.checks import checked, checked_integers
from fastnn._core.company import allowed
from fastnn._core.targets import LOSSES, OPTIMIZERS, correction
from fastnn._core.teams import Teams
from fastnn._core.workspace import allocate

cdef enum:
    FLOP_WORTH_A_THREAD = 500000  # of a step, to start with: less, and waiting may cost more than a second thread brings
    FLOP_WORTH_TRYING = 150000    # less, and it never does


cdef class Trainer:
    """A plan with its parameters, optimizer state and loss, ready to run any slice of an epoch.

    Parameters
    ----------
    plan : Plan
    parameters : ndarray of shape (plan.n_parameters,), from `allocate`
        Updated in place.
    states : ndarray of shape (slots, plan.n_parameters) or None
        The optimizer's, updated in place: as many slots as ``targets.OPTIMIZERS`` says, then those of `flat`.
    loss, optimizer : str
        Names of ``targets.LOSSES`` and ``targets.OPTIMIZERS``.
    value_scale, gradient_scale : float
        Factors on a row's loss summed over outputs, and on its gradient.
    parameter : float, optional
        The loss's; by default what ``targets.LOSSES`` says.
    reduction : {"sum_over_batch_size", "mean_with_sample_weight", "sum"}
        A batch's loss is the sum over its rows divided by their number, by the sum of their weights, or by nothing.
    penalty_over_batch : bool
        The penalties are divided by that number too.
    numbers : dict
        Constants of the update: fields of ``fn_update`` by name.
    flat : dict
        Options of a `FlatPath`, which is taken if there are any or the plan has constraints.
    batch_size, threads : int
    seed : int
        Key of dropout's stream.
    training : bool
        False leaves dropout out.
    input_gradient : bool
        The backward pass goes on to the input's rows: see `gradients`.
    sparse : bool
        X is Compressed; the plan's training program takes that.
    """
    cdef Run template
    cdef readonly Plan plan
    cdef readonly Program program
    cdef readonly Workspace workspace
    cdef readonly int threads  # at most
    cdef readonly tuple pipeline  # of two threads: the second one's first segment, parts forward and backward; (0, 0, 0): none
    cdef public unsigned long long iterations
    cdef FlatPath flat
    cdef object parameters, states, bound, tensor_places, row_loss, penalties, barrier, parts, progress, options, lists, teams, work
    cdef bint single, sparse

    def __init__(self, Plan plan, parameters, states, *, loss, optimizer, double value_scale=1.0,
                 double gradient_scale=1.0, parameter=None, reduction="sum_over_batch_size", bint penalty_over_batch=False,
                 numbers=None, flat=None, Py_ssize_t batch_size=32, int threads=1, unsigned long long seed=0, bint training=True,
                 bint input_gradient=False, bint sparse=False):
        cdef Run *run = &self.template
        self.plan, self.parameters, self.states = plan, checked("parameters", parameters, (plan.n_parameters,), plan.dtype), states
        self.program = program = plan.training if training else plan.inference
        self.single = plan.dtype == "float32"
        self.options = dict(loss=loss, value_scale=value_scale, gradient_scale=gradient_scale, parameter=parameter,
                            reduction=reduction, penalty_over_batch=penalty_over_batch)
        memset(run, 0, sizeof(Run))
        run.segments, run.ops, run.n_segments = program.segments, program.ops, program.n_segments
        run.n_ops, run.drops_weights, run.penalizes = program.n_ops, program.drops_weights, program.penalizes
        run.moves_statistics, run.to_one_product = training, program.takes_sparse
        self.sparse, run.zero_matters = sparse, optimizer != "sgd"
        run.lowest = 0 if input_gradient else program.lowest_trainable
        run.sums_size = program.sums_size
        run.inputs, run.outputs = plan.inputs, plan.outputs
        run.parameters = run.sink.parameters = <void *><size_t>parameters.ctypes.data
        run.sink.kind, slots = OPTIMIZERS[optimizer]
        if slots and len(checked("states", states, (None, len(parameters)), plan.dtype)) < slots:
            raise ValueError(f"states: expected at least {slots} rows for {optimizer}, received: {len(states)}")
        if slots > 0:
            run.sink.slot0 = <void *><size_t>states[0].ctypes.data
        if slots > 1:
            run.sink.slot1 = <void *><size_t>states[1].ctypes.data
        if slots > 2:
            run.sink.slot2 = <void *><size_t>states[2].ctypes.data
        if (flat or plan.constrained) and optimizer != "store":
            self.flat = FlatPath(plan, parameters, states, slots, flat or {})
            self.flat.flat.sink, run.flat = run.sink, &self.flat.flat
            run.sink.kind, run.sink.slot0 = targets.FN_OPTIMIZER_store, self.flat.flat.gradient
            run.zero_matters = True  # the stored gradient is that of the step before otherwise
        constants = {"momentum": 0.0, "rho": 0.0, "beta_1": 0.0, "beta_2": 0.0, "epsilon": 0.0, "weight_decay": 0.0}
        constants.update(numbers or {})
        run.sink.numbers.momentum, run.sink.numbers.rho = constants["momentum"], constants["rho"]
        run.sink.numbers.beta_1, run.sink.numbers.beta_2 = constants["beta_1"], constants["beta_2"]
        run.sink.numbers.epsilon, run.decay = constants["epsilon"], constants["weight_decay"] or 0.0
        run.correction = correction(optimizer)
        run.settled = settled(&run.sink.numbers, run.correction)
        self.judge_with(&run.judge)
        run.weighted_mean, run.summed = reduction == "mean_with_sample_weight", reduction == "sum"
        run.penalty_over_batch = penalty_over_batch
        run.key = seed
        run.batch = batch_size
        self.place_tensors()
        run.may_go_ahead = (batch_size == 1 and run.to_one_product and not sparse and run.sink.kind == targets.FN_OPTIMIZER_sgd
                            and run.decay == 0 and self.is_plain(1))
        self.plan_memory(batch_size, threads)

    cdef int judge_with(self, Judge *judge) except -1:
        loss = self.options["loss"]
        index, truth, fuses, default = LOSSES[loss]
        last = self.plan.ops[len(self.plan.ops) - 1] if self.plan.ops else ("", "")
        judge.loss = index
        judge.labels = truth == targets.FN_TRUTH_LABELS
        judge.fused = bool(fuses) and last[0] == "activation" and last[1] == fuses
        judge.value_scale, judge.gradient_scale = self.options["value_scale"], self.options["gradient_scale"]
        judge.parameter = default if self.options["parameter"] is None else self.options["parameter"]
        return 0

    cdef int place_tensors(self) except -1:
        """Which part of the parameter vector is each segment's kernel and bias."""
        cdef Run *run = &self.template
        cdef int index
        cdef Py_ssize_t blocks = 0
        places = {}
        for index in range(self.plan.n_tensors):
            places[self.plan.tensors[index].offset] = index
            blocks += (self.plan.tensors[index].size + PENALTY_BLOCK - 1) // PENALTY_BLOCK
        self.tensor_places = np.full((2, run.n_segments), -1, dtype=np.intc)
        for index in range(1, run.n_segments):
            self.tensor_places[0, index] = places.get(run.segments[index].kernel, -1)
            self.tensor_places[1, index] = places.get(run.segments[index].bias, -1)
        run.kernel_tensor = <int *><size_t>self.tensor_places[0].ctypes.data
        run.bias_tensor = <int *><size_t>self.tensor_places[1].ctypes.data
        run.tensors, run.n_tensors, run.penalized = self.plan.tensors, self.plan.n_tensors, self.plan.penalized
        self.penalties = np.zeros(blocks + 1)
        run.penalties = <double *><size_t>self.penalties.ctypes.data
        return 0

    cdef bint is_plain(self, int index):
        """Whether a segment's kernel is trained, used whole, and without penalties."""
        cdef Run *run = &self.template
        cdef int tensor = run.kernel_tensor[index]
        return (run.segments[index].trainable and run.segments[index].drop_rate == 0
                and (tensor < 0 or run.tensors[tensor].l1 == run.tensors[tensor].l2 == 0))

    cdef bint may_be_grouped(self, Py_ssize_t batch_size, Py_ssize_t group):
        """Whether groups of so many rows can go through the network by themselves, and their gradients are no more than a
        batch's values."""
        return (not self.sparse and not self.program.whole_batch
                and (batch_size + group - 1) // group * self.template.sums_size <= batch_size * self.program.row_size)

    cdef int plan_memory(self, Py_ssize_t batch_size, int threads) except -1:
        cdef Run *run = &self.template
        cdef Py_ssize_t group
        cdef int index
        self.work = work = 6 * self.plan.n_parameters * batch_size
        self.threads = max(1, min(threads, work // FLOP_WORTH_TRYING))
        first = max(1, min(threads, work // FLOP_WORTH_A_THREAD))
        self.teams = Teams.like_last(work, first, self.threads, perf_counter())
        # For any number of threads alike: it decides the order of sums.
        run.fine = work >= 2 * FLOP_WORTH_TRYING and self.may_be_grouped(batch_size, group_rows(batch_size, True))
        for index in range(run.n_segments):  # whose halves are better shared than its rows
            if is_cut(&run.segments[index], batch_size, self.sparse) and run.segments[index].inputs > 2 * batch_size:
                run.fine = False
        group = group_rows(batch_size, run.fine)
        groups = (batch_size + group - 1) // group
        pays = groups >= max(2, self.threads) and (self.threads > 1 or group_rows(batch_size, False) < batch_size)
        if pays and run.lowest > 0 and self.may_be_grouped(batch_size, group):
            run.group, run.block = group, min(group, block_rows(self.program, self.plan.itemsize))
            self.workspace = Workspace(self.program, self.plan.itemsize, run.block, sets=self.threads,
                                       threads=self.threads, groups=groups, deltas=True, batch=batch_size)
        else:
            run.group = 0
            if self.threads >= 2 and not self.sparse:
                run.pipeline = plan_pipeline(run, self.program)
            self.workspace = Workspace(self.program, self.plan.itemsize, batch_size, sets=2, threads=self.threads,
                                       deltas=True, alternate=True, sparse=self.sparse, lowest=run.lowest, batch=batch_size,
                                       transposed=run.pipeline.second > 0)
        self.pipeline = run.pipeline.second, run.pipeline.forward_parts, run.pipeline.backward_parts
        run.memories, run.by_halves = self.workspace.memories, self.workspace.by_halves
        run.scratch, run.sums = self.workspace.scratch, self.workspace.sums
        self.row_loss = np.zeros(batch_size)
        run.row_loss = <double *><size_t>self.row_loss.ctypes.data
        self.progress = allocate(3 * sizeof(Progress), "uint8")
        run.pipeline.forward = <Progress *><size_t>self.progress.ctypes.data
        run.pipeline.backward, run.pipeline.consumed = run.pipeline.forward + 1, run.pipeline.forward + 2
        run.pipeline.transposed = self.workspace.transposed
        self.barrier = allocate(sizeof(Barrier), "uint8")
        run.barrier = <Barrier *><size_t>self.barrier.ctypes.data
        self.parts = allocate(self.threads * sizeof(Parts), "uint8")
        run.parts = <Parts *><size_t>self.parts.ctypes.data
        return 0

    def bind(self, X, y, sample_weight=None):
        """Take the data that `run` draws from.

        Parameters
        ----------
        X : ndarray of shape (n, plan.inputs), float32, float64 or uint8, contiguous rows; or Compressed, of plan.dtype
        y : ndarray of shape (n, plan.outputs) of plan.dtype, or (n,) of int32 for a loss that takes labels
        sample_weight : ndarray of shape (n,) of plan.dtype, optional

        Raises
        ------
        TypeError, ValueError
            If y or sample_weight have another type, shape or layout.
        """
        cdef Run *run = &self.template
        self.take_truth(&run.judge, X.shape[0], y, sample_weight)
        run.x = rows_of(X)
        self.bound = X, y, sample_weight
        if is_sparse(&run.x):
            self.make_links(X)

    cdef int take_truth(self, Judge *judge, Py_ssize_t rows, y, sample_weight) except -1:
        if judge.labels:
            checked_integers("y", y, np.int32, rows, self.plan.outputs)
        else:
            checked("y", y, (rows, self.plan.outputs), self.plan.dtype)
        if sample_weight is not None:
            checked("sample_weight", sample_weight, (rows,), self.plan.dtype)
        judge.truth = <const void *><size_t>y.ctypes.data
        judge.truth_stride = y.strides[0] // y.itemsize
        judge.weight = NULL if sample_weight is None else <const void *><size_t>sample_weight.ctypes.data
        return 0

    def release(self):
        """Let go of the bound data: `run` wants others."""
        self.bound = None

    cdef int make_links(self, X) except -1:
        """Room for the lists of a batch's elements; kept from one call to the next."""
        cdef Links *links = &self.template.links
        cdef int thread
        elements = max(1, X.most_elements(self.template.batch))
        if elements > 2**31 - 1:
            raise MemoryError(f"cannot link {elements:,} elements of a batch; at most {2**31 - 1:,}")
        if self.lists is None or self.lists[1].shape[1] < elements:
            self.lists = (np.full(self.plan.inputs, -1, dtype=np.int32), np.empty((2 + self.threads, elements), dtype=np.int32),
                          np.empty(elements, dtype=self.plan.dtype), np.empty(self.threads, dtype=np.uintp))
        first, places, values, touched = self.lists
        touched[:] = [places[2 + thread].ctypes.data for thread in range(self.threads)]
        links.first, links.values = <int32_t *><size_t>first.ctypes.data, <void *><size_t>values.ctypes.data
        links.next = <int32_t *><size_t>places[0].ctypes.data
        links.rows = <int32_t *><size_t>places[1].ctypes.data
        links.touched = <int32_t **><size_t>touched.ctypes.data
        return 0

    def run(self, order, Py_ssize_t start, Py_ssize_t stop, rates, losses, outputs=None):
        """Train on the rows order[start:stop] of the bound data, in batches of `batch_size`, the last one as it comes.

        Parameters
        ----------
        order : ndarray of int64
        rates : ndarray of float64
            Learning rate of each step.
        losses : ndarray of float64
            Receives each step's mean loss, penalties included.
        outputs : ndarray of shape (stop - start, plan.outputs), plan.dtype, optional
            Receives the predictions made on the way, before each update.

        Raises
        ------
        ValueError
            If no data are bound, or `order` ends before `stop`.
        """
        cdef Run run = self.template
        cdef ptrdiff_t batch = run.batch, total = stop - start, first = 0, steps
        cdef int threads
        if self.bound is None or not 0 <= start <= stop <= len(order):
            raise ValueError(f"expected bound data and rows within an order of {len(order)}, received: "
                             f"{'no data' if self.bound is None else f'rows {start} to {stop}'}")
        run.order = <const int64_t *>data_of(order) + start
        run.rates = <const double *>data_of(rates)
        run.losses = <double *>data_of(losses)
        if outputs is not None:
            run.outputs_made = data_of(outputs)
            run.outputs_stride = stride_of(outputs, self.plan.itemsize)
        now = perf_counter()
        while first < total:
            steps, size = self.teams.next((total - first + batch - 1) // batch, allowed(self.threads))
            threads = grant(size)
            run.total = min(steps * batch, total - first)
            run.iteration = self.iterations
            with nogil:
                if self.single:
                    run_all(&run, <const float *>NULL, threads)
                else:
                    run_all(&run, <const double *>NULL, threads)
            self.iterations += steps
            first += run.total
            run.order += run.total
            run.rates += steps
            run.losses += steps
            if outputs is not None:
                run.outputs_made = <char *>run.outputs_made + run.total * run.outputs_stride * self.plan.itemsize
            began, now = now, perf_counter()
            self.teams.took(size, steps, now - began)
        self.teams.keep(self.work, now)
        note_end(now)

    @property
    def shared_phases(self):
        """How many phases of the last slice more than one thread took in pieces."""
        return self.template.parts[0].phase

    def adopt_averages(self):
        """End of training: set the parameters to their moving averages, if the options ask for averages and there are any."""
        if self.flat is not None and self.iterations:
            self.flat.adopt_averages()

    def evaluate(self, X, y, sample_weight=None, outputs=None, double activity=1.0):
        """Each row's loss (scaled and weighted; no penalties but `activity` times those on what flows by), float64 of shape
        (n,); other arguments as for `bind`. `outputs` receives the predictions."""
        cdef Judge judge
        self.judge_with(&judge)
        self.take_truth(&judge, X.shape[0], y, sample_weight)
        judge.activity = activity
        return evaluate(self.plan, self.parameters, X, &judge, outputs, allowed(self.threads))

    def penalty(self):
        """The penalties at the current parameters, not divided by anything."""
        cdef Run run = self.template
        sums = np.empty_like(self.penalties)  # of its own: another thread may be in the middle of a step
        run.penalties = <double *>data_of(sums)
        if self.single:
            sum_penalties(&run, <const float *>NULL, all_tensors(&run), 0, 1)
        else:
            sum_penalties(&run, <const double *>NULL, all_tensors(&run), 0, 1)
        return total_penalty(&run)

    def gradients(self, X, y, sample_weight=None, bint inputs=False, bint training=False):
        """The mean loss over X with penalties, and its gradient; as at inference, or as the next step would have it with
        `training` (its noise, the batch's statistics), of which nothing is kept.

        Returns
        -------
        loss : float
        gradient : ndarray of shape (plan.n_parameters,)
        input_gradient : ndarray of shape X.shape, plan.dtype
            With respect to X; only if `inputs`.
        """
        cdef Trainer probe
        n = X.shape[0]
        gradient = allocate(self.plan.n_parameters, self.plan.dtype)
        probe = Trainer(self.plan, self.parameters, gradient[np.newaxis], optimizer="store", batch_size=n,
                        threads=self.threads, seed=self.template.key, training=training, input_gradient=inputs,
                        sparse=self.sparse, **self.options)
        probe.template.moves_statistics = False
        probe.iterations = self.iterations
        probe.bind(X, y, sample_weight)
        losses = np.zeros(1)
        probe.run(np.arange(n, dtype=np.int64), 0, n, np.zeros(1), losses)
        if not inputs:
            return float(losses[0]), gradient
        return float(losses[0]), gradient, probe.first_delta(n)

    cdef object first_delta(self, Py_ssize_t rows):
        """Copy of the gradient with respect to the input's rows."""
        cdef size_t at = <size_t>self.template.memories[0].deltas[0], start = self.workspace.arena.ctypes.data
        width = self.program.delta_leading[0]
        flat = self.workspace.arena[at - start : at - start + rows * width * self.plan.itemsize].view(self.plan.dtype)
        return flat.reshape(rows, width)[:, : self.plan.inputs].copy()
