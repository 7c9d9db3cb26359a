# cython: language_level=3
"""Mirror of csrc/fastnn.h, and the one place that says "float or double".

Every kernel of the active CPU target has an inline function here with its field's name; `real` picks the table.
Contracts: csrc/kernel_table.inc.h. Used by the typed kernels and the engine.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

ctypedef fused real:
    float
    double

cdef extern from "fastnn.h" nogil:
    enum:
        FN_SLACK_BYTES
        FN_PEAK_CHAINS
        FN_ACTIVATIONS
        FN_LOSSES
        FN_OPTIMIZERS
        FN_NOISES
        FN_SAVES_NOTHING
        FN_SAVES_OUTPUT
        FN_SAVES_INPUT
        FN_NOT_DIFFERENTIABLE
        FN_TRUTH_VALUES
        FN_TRUTH_LABELS
        FN_RATE_GIVEN
        FN_RATE_ADAM
        FN_RATE_ADAMAX
        FN_RATE_NADAM
        FN_OPTIMIZER_store
        FN_OPTIMIZER_sgd
        FN_linear

    ctypedef struct fn_activation_info:
        const char *name
        int saves
        double alpha
    ctypedef struct fn_loss_info:
        const char *name
        int truth
        const char *fuses
        double parameter
    ctypedef struct fn_optimizer_info:
        const char *name
        int slots
        int correction
    ctypedef struct fn_noise_info:
        const char *name
        int saves
        int parameters
    const fn_activation_info fn_activation_infos[]
    const fn_loss_info fn_loss_infos[]
    const fn_optimizer_info fn_optimizer_infos[]
    const fn_noise_info fn_noise_infos[]

    ctypedef struct fn_shape:
        double alpha, max_value, threshold
    ctypedef struct fn_update:
        double rate, gradient_rate, momentum, rho, beta_1, beta_2, epsilon, weight_decay, l1, l2
    ctypedef struct fn_stream:
        uint64_t key, step
        uint32_t layer

    ctypedef struct fn_kernels_f32:
        int lanes, tile_rows, tile_columns
        void (*product)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const float *b,
            ptrdiff_t ldb, const float *start, ptrdiff_t ldstart, float *c, ptrdiff_t ldc) noexcept nogil
        void (*product_at)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const float *b,
            ptrdiff_t ldb, const float *start, ptrdiff_t ldstart, float *c, ptrdiff_t ldc) noexcept nogil
        void (*product_bt)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const float *bt,
            ptrdiff_t ldbt, const float *start, ptrdiff_t ldstart, float *c, ptrdiff_t ldc) noexcept nogil
        void (*transposed)(ptrdiff_t m, ptrdiff_t n, const float *x, ptrdiff_t ldx, float *y, ptrdiff_t ldy) noexcept nogil
        void (*rank_one_product)(ptrdiff_t m, ptrdiff_t n, const float *a, const float *b, float *c, ptrdiff_t ldc,
            const float *x, const float *start, float *y) noexcept nogil
        void (*exp)(ptrdiff_t n, const float *x, float *y) noexcept nogil
        void (*log)(ptrdiff_t n, const float *x, float *y) noexcept nogil
        void (*tanh)(ptrdiff_t n, const float *x, float *y) noexcept nogil
        void (*sigmoid)(ptrdiff_t n, const float *x, float *y) noexcept nogil
        void (*activation_forward[FN_ACTIVATIONS])(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
            const float *z, ptrdiff_t ldz, float *y, ptrdiff_t ldy) noexcept nogil
        void (*activation_backward[FN_ACTIVATIONS])(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
            const float *saved, ptrdiff_t ldsaved, const float *dy, ptrdiff_t lddy, float *dz,
            ptrdiff_t lddz) noexcept nogil
        void (*loss[FN_LOSSES])(ptrdiff_t rows, ptrdiff_t width, const float *z, ptrdiff_t ldz, const void *truth,
            ptrdiff_t ldtruth, const int64_t *index, const float *weight, double value_scale, double gradient_scale,
            double parameter, double *row_loss, float *dz, ptrdiff_t lddz, float *prediction,
            ptrdiff_t ldprediction) noexcept nogil
        void (*optimizer[FN_OPTIMIZERS])(ptrdiff_t rows, ptrdiff_t width, const fn_update *update, const float *g,
            ptrdiff_t ldg, float *w, float *s0, float *s1, float *s2, ptrdiff_t ldw) noexcept nogil
        void (*clip)(ptrdiff_t n, float factor, float lower, float upper, float *x) noexcept nogil
        void (*average)(ptrdiff_t n, double momentum, const float *x, float *y) noexcept nogil
        void (*squares_of_columns)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
            double *sums) noexcept nogil
        void (*scale_columns)(ptrdiff_t rows, ptrdiff_t width, const float *factors, float *x,
            ptrdiff_t ldx) noexcept nogil
        void (*column_sums)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
            float *sums) noexcept nogil
        double (*sum_of_squares)(ptrdiff_t n, const float *x) noexcept nogil
        double (*sum_of_magnitudes)(ptrdiff_t n, const float *x) noexcept nogil
        void (*accumulate)(ptrdiff_t n, const float *x, float *y) noexcept nogil
        ptrdiff_t (*first_not_finite)(ptrdiff_t n, const float *x) noexcept nogil
        void (*gather_f32)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const int64_t *index,
            float *out, ptrdiff_t ldout) noexcept nogil
        void (*gather_f64)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const int64_t *index,
            float *out, ptrdiff_t ldout) noexcept nogil
        void (*gather_u8)(ptrdiff_t rows, ptrdiff_t width, const uint8_t *x, ptrdiff_t ldx, const int64_t *index,
            float *out, ptrdiff_t ldout) noexcept nogil
        void (*uniform)(ptrdiff_t n, fn_stream stream, uint64_t first, float *u) noexcept nogil
        void (*dropout)(ptrdiff_t rows, ptrdiff_t width, float rate, fn_stream stream, uint64_t first_row,
            uint64_t row_stride, uint64_t first_column, const float *x, ptrdiff_t ldx, float *y,
            ptrdiff_t ldy) noexcept nogil
        void (*noise_forward[FN_NOISES])(ptrdiff_t rows, ptrdiff_t width, float a, float b, fn_stream stream,
            uint64_t first_row, uint64_t row_stride, uint64_t first_column, const float *x, ptrdiff_t ldx, float *y,
            ptrdiff_t ldy) noexcept nogil
        void (*noise_backward[FN_NOISES])(ptrdiff_t rows, ptrdiff_t width, float a, float b, fn_stream stream,
            uint64_t first_row, uint64_t row_stride, uint64_t first_column, const float *y, ptrdiff_t ldy,
            const float *dy, ptrdiff_t lddy, float *dx, ptrdiff_t lddx) noexcept nogil
        void (*add)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const float *other,
            ptrdiff_t ldother, float *y, ptrdiff_t ldy) noexcept nogil
        void (*affine)(ptrdiff_t rows, ptrdiff_t width, float scale, float offset, const float *x, ptrdiff_t ldx,
            float *y, ptrdiff_t ldy) noexcept nogil
        void (*penalize)(ptrdiff_t rows, ptrdiff_t width, float l1, float l2, const float *x, ptrdiff_t ldx,
            float *dx, ptrdiff_t lddx) noexcept nogil
        void (*column_squares)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const float *mean,
            float *sums) noexcept nogil
        void (*column_products)(ptrdiff_t rows, ptrdiff_t width, float epsilon, const float *dy, ptrdiff_t lddy,
            const float *x, ptrdiff_t ldx, const float *mean, const float *variance, float *sums) noexcept nogil
        void (*normalize)(ptrdiff_t rows, ptrdiff_t width, float epsilon, const float *x, ptrdiff_t ldx,
            const float *mean, const float *variance, const float *gamma, const float *beta, float *y,
            ptrdiff_t ldy) noexcept nogil
        void (*normalize_backward)(ptrdiff_t rows, ptrdiff_t width, float epsilon, float count, const float *x,
            ptrdiff_t ldx, const float *mean, const float *variance, const float *gamma, const float *dy_sums,
            const float *product_sums, const float *dy, ptrdiff_t lddy, int more, float *dx,
            ptrdiff_t lddx) noexcept nogil
        void (*layer_norm)(ptrdiff_t rows, ptrdiff_t width, float epsilon, const float *x, ptrdiff_t ldx,
            const float *gamma, const float *beta, float *statistics, float *y, ptrdiff_t ldy) noexcept nogil
        void (*layer_norm_backward)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx,
            const float *statistics, const float *gamma, const float *dy, ptrdiff_t lddy, int more, float *dx,
            ptrdiff_t lddx) noexcept nogil
        void (*row_products)(ptrdiff_t rows, ptrdiff_t width, const float *dy, ptrdiff_t lddy, const float *x,
            ptrdiff_t ldx, const float *statistics, float *sums) noexcept nogil
        void (*prelu)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const float *slopes, float *y,
            ptrdiff_t ldy) noexcept nogil
        void (*prelu_backward)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const float *slopes,
            const float *dy, ptrdiff_t lddy, int more, float *dx, ptrdiff_t lddx) noexcept nogil
        void (*prelu_products)(ptrdiff_t rows, ptrdiff_t width, const float *dy, ptrdiff_t lddy, const float *x,
            ptrdiff_t ldx, float *sums) noexcept nogil
        void (*sparse_product)(ptrdiff_t rows, ptrdiff_t width, const float *values, const int32_t *columns,
            const int64_t *starts, const int64_t *index, const float *w, ptrdiff_t ldw, const float *bias, float *y,
            ptrdiff_t ldy) noexcept nogil
        void (*sparse_gradient)(ptrdiff_t width, int32_t first, const int32_t *next, const int32_t *rows,
            const float *values, const float *dy, ptrdiff_t lddy, float *sums) noexcept nogil
        float (*multiply_add_peak)(ptrdiff_t rounds) noexcept nogil

    ctypedef struct fn_kernels_f64:
        int lanes, tile_rows, tile_columns
        void (*product)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a, ptrdiff_t lda, const double *b,
            ptrdiff_t ldb, const double *start, ptrdiff_t ldstart, double *c, ptrdiff_t ldc) noexcept nogil
        void (*product_at)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a, ptrdiff_t lda, const double *b,
            ptrdiff_t ldb, const double *start, ptrdiff_t ldstart, double *c, ptrdiff_t ldc) noexcept nogil
        void (*product_bt)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const double *a, ptrdiff_t lda, const double *bt,
            ptrdiff_t ldbt, const double *start, ptrdiff_t ldstart, double *c, ptrdiff_t ldc) noexcept nogil
        void (*transposed)(ptrdiff_t m, ptrdiff_t n, const double *x, ptrdiff_t ldx, double *y, ptrdiff_t ldy) noexcept nogil
        void (*rank_one_product)(ptrdiff_t m, ptrdiff_t n, const double *a, const double *b, double *c, ptrdiff_t ldc,
            const double *x, const double *start, double *y) noexcept nogil
        void (*exp)(ptrdiff_t n, const double *x, double *y) noexcept nogil
        void (*log)(ptrdiff_t n, const double *x, double *y) noexcept nogil
        void (*tanh)(ptrdiff_t n, const double *x, double *y) noexcept nogil
        void (*sigmoid)(ptrdiff_t n, const double *x, double *y) noexcept nogil
        void (*activation_forward[FN_ACTIVATIONS])(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
            const double *z, ptrdiff_t ldz, double *y, ptrdiff_t ldy) noexcept nogil
        void (*activation_backward[FN_ACTIVATIONS])(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
            const double *saved, ptrdiff_t ldsaved, const double *dy, ptrdiff_t lddy, double *dz,
            ptrdiff_t lddz) noexcept nogil
        void (*loss[FN_LOSSES])(ptrdiff_t rows, ptrdiff_t width, const double *z, ptrdiff_t ldz, const void *truth,
            ptrdiff_t ldtruth, const int64_t *index, const double *weight, double value_scale, double gradient_scale,
            double parameter, double *row_loss, double *dz, ptrdiff_t lddz, double *prediction,
            ptrdiff_t ldprediction) noexcept nogil
        void (*optimizer[FN_OPTIMIZERS])(ptrdiff_t rows, ptrdiff_t width, const fn_update *update, const double *g,
            ptrdiff_t ldg, double *w, double *s0, double *s1, double *s2, ptrdiff_t ldw) noexcept nogil
        void (*clip)(ptrdiff_t n, double factor, double lower, double upper, double *x) noexcept nogil
        void (*average)(ptrdiff_t n, double momentum, const double *x, double *y) noexcept nogil
        void (*squares_of_columns)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx,
            double *sums) noexcept nogil
        void (*scale_columns)(ptrdiff_t rows, ptrdiff_t width, const double *factors, double *x,
            ptrdiff_t ldx) noexcept nogil
        void (*column_sums)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx,
            double *sums) noexcept nogil
        double (*sum_of_squares)(ptrdiff_t n, const double *x) noexcept nogil
        double (*sum_of_magnitudes)(ptrdiff_t n, const double *x) noexcept nogil
        void (*accumulate)(ptrdiff_t n, const double *x, double *y) noexcept nogil
        ptrdiff_t (*first_not_finite)(ptrdiff_t n, const double *x) noexcept nogil
        void (*gather_f32)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const int64_t *index,
            double *out, ptrdiff_t ldout) noexcept nogil
        void (*gather_f64)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const int64_t *index,
            double *out, ptrdiff_t ldout) noexcept nogil
        void (*gather_u8)(ptrdiff_t rows, ptrdiff_t width, const uint8_t *x, ptrdiff_t ldx, const int64_t *index,
            double *out, ptrdiff_t ldout) noexcept nogil
        void (*uniform)(ptrdiff_t n, fn_stream stream, uint64_t first, double *u) noexcept nogil
        void (*dropout)(ptrdiff_t rows, ptrdiff_t width, double rate, fn_stream stream, uint64_t first_row,
            uint64_t row_stride, uint64_t first_column, const double *x, ptrdiff_t ldx, double *y,
            ptrdiff_t ldy) noexcept nogil
        void (*noise_forward[FN_NOISES])(ptrdiff_t rows, ptrdiff_t width, double a, double b, fn_stream stream,
            uint64_t first_row, uint64_t row_stride, uint64_t first_column, const double *x, ptrdiff_t ldx, double *y,
            ptrdiff_t ldy) noexcept nogil
        void (*noise_backward[FN_NOISES])(ptrdiff_t rows, ptrdiff_t width, double a, double b, fn_stream stream,
            uint64_t first_row, uint64_t row_stride, uint64_t first_column, const double *y, ptrdiff_t ldy,
            const double *dy, ptrdiff_t lddy, double *dx, ptrdiff_t lddx) noexcept nogil
        void (*add)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const double *other,
            ptrdiff_t ldother, double *y, ptrdiff_t ldy) noexcept nogil
        void (*affine)(ptrdiff_t rows, ptrdiff_t width, double scale, double offset, const double *x, ptrdiff_t ldx,
            double *y, ptrdiff_t ldy) noexcept nogil
        void (*penalize)(ptrdiff_t rows, ptrdiff_t width, double l1, double l2, const double *x, ptrdiff_t ldx,
            double *dx, ptrdiff_t lddx) noexcept nogil
        void (*column_squares)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const double *mean,
            double *sums) noexcept nogil
        void (*column_products)(ptrdiff_t rows, ptrdiff_t width, double epsilon, const double *dy, ptrdiff_t lddy,
            const double *x, ptrdiff_t ldx, const double *mean, const double *variance, double *sums) noexcept nogil
        void (*normalize)(ptrdiff_t rows, ptrdiff_t width, double epsilon, const double *x, ptrdiff_t ldx,
            const double *mean, const double *variance, const double *gamma, const double *beta, double *y,
            ptrdiff_t ldy) noexcept nogil
        void (*normalize_backward)(ptrdiff_t rows, ptrdiff_t width, double epsilon, double count, const double *x,
            ptrdiff_t ldx, const double *mean, const double *variance, const double *gamma, const double *dy_sums,
            const double *product_sums, const double *dy, ptrdiff_t lddy, int more, double *dx,
            ptrdiff_t lddx) noexcept nogil
        void (*layer_norm)(ptrdiff_t rows, ptrdiff_t width, double epsilon, const double *x, ptrdiff_t ldx,
            const double *gamma, const double *beta, double *statistics, double *y, ptrdiff_t ldy) noexcept nogil
        void (*layer_norm_backward)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx,
            const double *statistics, const double *gamma, const double *dy, ptrdiff_t lddy, int more, double *dx,
            ptrdiff_t lddx) noexcept nogil
        void (*row_products)(ptrdiff_t rows, ptrdiff_t width, const double *dy, ptrdiff_t lddy, const double *x,
            ptrdiff_t ldx, const double *statistics, double *sums) noexcept nogil
        void (*prelu)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const double *slopes,
            double *y, ptrdiff_t ldy) noexcept nogil
        void (*prelu_backward)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const double *slopes,
            const double *dy, ptrdiff_t lddy, int more, double *dx, ptrdiff_t lddx) noexcept nogil
        void (*prelu_products)(ptrdiff_t rows, ptrdiff_t width, const double *dy, ptrdiff_t lddy, const double *x,
            ptrdiff_t ldx, double *sums) noexcept nogil
        void (*sparse_product)(ptrdiff_t rows, ptrdiff_t width, const double *values, const int32_t *columns,
            const int64_t *starts, const int64_t *index, const double *w, ptrdiff_t ldw, const double *bias,
            double *y, ptrdiff_t ldy) noexcept nogil
        void (*sparse_gradient)(ptrdiff_t width, int32_t first, const int32_t *next, const int32_t *rows,
            const double *values, const double *dy, ptrdiff_t lddy, double *sums) noexcept nogil
        double (*multiply_add_peak)(ptrdiff_t rounds) noexcept nogil

    ctypedef struct fn_target:
        const char *name
        int (*supported)() noexcept nogil
        const fn_kernels_f32 *f32
        const fn_kernels_f64 *f64
    const fn_target *fn_target_at(int index) noexcept
    const fn_target *fn_target_best() noexcept
    const fn_target *fn_target_named(const char *name) noexcept
    uint64_t fn_denormals_flush() noexcept
    void fn_denormals_restore(uint64_t mode) noexcept

# The target in use: set once, when fastnn._core.targets is imported. csrc is linked into that module alone: others reach
# its functions through the ones below.
cdef const fn_target *active
cdef uint64_t flush_denormals() noexcept nogil
cdef void restore_denormals(uint64_t mode) noexcept nogil

cdef inline void product(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t lda, const real *b,
        ptrdiff_t ldb, const real *start, ptrdiff_t ldstart, real *c, ptrdiff_t ldc) noexcept nogil:
    if real is float:
        active.f32.product(m, n, k, a, lda, b, ldb, start, ldstart, c, ldc)
    else:
        active.f64.product(m, n, k, a, lda, b, ldb, start, ldstart, c, ldc)

cdef inline void product_at(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t lda, const real *b,
        ptrdiff_t ldb, const real *start, ptrdiff_t ldstart, real *c, ptrdiff_t ldc) noexcept nogil:
    if real is float:
        active.f32.product_at(m, n, k, a, lda, b, ldb, start, ldstart, c, ldc)
    else:
        active.f64.product_at(m, n, k, a, lda, b, ldb, start, ldstart, c, ldc)

cdef inline void product_bt(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const real *a, ptrdiff_t lda, const real *bt,
        ptrdiff_t ldbt, const real *start, ptrdiff_t ldstart, real *c, ptrdiff_t ldc) noexcept nogil:
    if real is float:
        active.f32.product_bt(m, n, k, a, lda, bt, ldbt, start, ldstart, c, ldc)
    else:
        active.f64.product_bt(m, n, k, a, lda, bt, ldbt, start, ldstart, c, ldc)

cdef inline void transposed(ptrdiff_t m, ptrdiff_t n, const real *x, ptrdiff_t ldx, real *y, ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.transposed(m, n, x, ldx, y, ldy)
    else:
        active.f64.transposed(m, n, x, ldx, y, ldy)

cdef inline void rank_one_product(ptrdiff_t m, ptrdiff_t n, const real *a, const real *b, real *c, ptrdiff_t ldc,
        const real *x, const real *start, real *y) noexcept nogil:
    if real is float:
        active.f32.rank_one_product(m, n, a, b, c, ldc, x, start, y)
    else:
        active.f64.rank_one_product(m, n, a, b, c, ldc, x, start, y)

cdef inline void exp(ptrdiff_t n, const real *x, real *y) noexcept nogil:
    if real is float:
        active.f32.exp(n, x, y)
    else:
        active.f64.exp(n, x, y)

cdef inline void log(ptrdiff_t n, const real *x, real *y) noexcept nogil:
    if real is float:
        active.f32.log(n, x, y)
    else:
        active.f64.log(n, x, y)

cdef inline void tanh(ptrdiff_t n, const real *x, real *y) noexcept nogil:
    if real is float:
        active.f32.tanh(n, x, y)
    else:
        active.f64.tanh(n, x, y)

cdef inline void sigmoid(ptrdiff_t n, const real *x, real *y) noexcept nogil:
    if real is float:
        active.f32.sigmoid(n, x, y)
    else:
        active.f64.sigmoid(n, x, y)

cdef inline void activation_forward(int kind, ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
        const real *z, ptrdiff_t ldz, real *y, ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.activation_forward[kind](rows, width, shape, z, ldz, y, ldy)
    else:
        active.f64.activation_forward[kind](rows, width, shape, z, ldz, y, ldy)

cdef inline void activation_backward(int kind, ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
        const real *saved, ptrdiff_t ldsaved, const real *dy, ptrdiff_t lddy, real *dz, ptrdiff_t lddz) noexcept nogil:
    if real is float:
        active.f32.activation_backward[kind](rows, width, shape, saved, ldsaved, dy, lddy, dz, lddz)
    else:
        active.f64.activation_backward[kind](rows, width, shape, saved, ldsaved, dy, lddy, dz, lddz)

cdef inline void loss(int kind, ptrdiff_t rows, ptrdiff_t width, const real *z, ptrdiff_t ldz, const void *truth,
        ptrdiff_t ldtruth, const int64_t *index, const real *weight, double value_scale, double gradient_scale,
        double parameter, double *row_loss, real *dz, ptrdiff_t lddz, real *prediction,
        ptrdiff_t ldprediction) noexcept nogil:
    if real is float:
        active.f32.loss[kind](rows, width, z, ldz, truth, ldtruth, index, weight, value_scale, gradient_scale,
            parameter, row_loss, dz, lddz, prediction, ldprediction)
    else:
        active.f64.loss[kind](rows, width, z, ldz, truth, ldtruth, index, weight, value_scale, gradient_scale,
            parameter, row_loss, dz, lddz, prediction, ldprediction)

cdef inline void optimizer(int kind, ptrdiff_t rows, ptrdiff_t width, const fn_update *update, const real *g,
        ptrdiff_t ldg, real *w, real *s0, real *s1, real *s2, ptrdiff_t ldw) noexcept nogil:
    if real is float:
        active.f32.optimizer[kind](rows, width, update, g, ldg, w, s0, s1, s2, ldw)
    else:
        active.f64.optimizer[kind](rows, width, update, g, ldg, w, s0, s1, s2, ldw)

cdef inline void clip(ptrdiff_t n, real factor, real lower, real upper, real *x) noexcept nogil:
    if real is float:
        active.f32.clip(n, factor, lower, upper, x)
    else:
        active.f64.clip(n, factor, lower, upper, x)

cdef inline void average(ptrdiff_t n, double momentum, const real *x, real *y) noexcept nogil:
    if real is float:
        active.f32.average(n, momentum, x, y)
    else:
        active.f64.average(n, momentum, x, y)

cdef inline void squares_of_columns(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx, double *sums) noexcept nogil:
    if real is float:
        active.f32.squares_of_columns(rows, width, x, ldx, sums)
    else:
        active.f64.squares_of_columns(rows, width, x, ldx, sums)

cdef inline void scale_columns(ptrdiff_t rows, ptrdiff_t width, const real *factors, real *x, ptrdiff_t ldx) noexcept nogil:
    if real is float:
        active.f32.scale_columns(rows, width, factors, x, ldx)
    else:
        active.f64.scale_columns(rows, width, factors, x, ldx)

cdef inline void column_sums(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx,
        real *sums) noexcept nogil:
    if real is float:
        active.f32.column_sums(rows, width, x, ldx, sums)
    else:
        active.f64.column_sums(rows, width, x, ldx, sums)

cdef inline double sum_of_squares(ptrdiff_t n, const real *x) noexcept nogil:
    if real is float:
        return active.f32.sum_of_squares(n, x)
    else:
        return active.f64.sum_of_squares(n, x)

cdef inline double sum_of_magnitudes(ptrdiff_t n, const real *x) noexcept nogil:
    if real is float:
        return active.f32.sum_of_magnitudes(n, x)
    else:
        return active.f64.sum_of_magnitudes(n, x)

cdef inline void accumulate(ptrdiff_t n, const real *x, real *y) noexcept nogil:
    if real is float:
        active.f32.accumulate(n, x, y)
    else:
        active.f64.accumulate(n, x, y)

cdef inline ptrdiff_t first_not_finite(ptrdiff_t n, const real *x) noexcept nogil:
    if real is float:
        return active.f32.first_not_finite(n, x)
    else:
        return active.f64.first_not_finite(n, x)

cdef inline void gather_f32(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const int64_t *index,
        real *out, ptrdiff_t ldout) noexcept nogil:
    if real is float:
        active.f32.gather_f32(rows, width, x, ldx, index, out, ldout)
    else:
        active.f64.gather_f32(rows, width, x, ldx, index, out, ldout)

cdef inline void gather_f64(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const int64_t *index,
        real *out, ptrdiff_t ldout) noexcept nogil:
    if real is float:
        active.f32.gather_f64(rows, width, x, ldx, index, out, ldout)
    else:
        active.f64.gather_f64(rows, width, x, ldx, index, out, ldout)

cdef inline void gather_u8(ptrdiff_t rows, ptrdiff_t width, const uint8_t *x, ptrdiff_t ldx, const int64_t *index,
        real *out, ptrdiff_t ldout) noexcept nogil:
    if real is float:
        active.f32.gather_u8(rows, width, x, ldx, index, out, ldout)
    else:
        active.f64.gather_u8(rows, width, x, ldx, index, out, ldout)

cdef inline void uniform(ptrdiff_t n, fn_stream stream, uint64_t first, real *u) noexcept nogil:
    if real is float:
        active.f32.uniform(n, stream, first, u)
    else:
        active.f64.uniform(n, stream, first, u)

cdef inline void dropout(ptrdiff_t rows, ptrdiff_t width, real rate, fn_stream stream, uint64_t first_row,
        uint64_t row_stride, uint64_t first_column, const real *x, ptrdiff_t ldx, real *y,
        ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.dropout(rows, width, rate, stream, first_row, row_stride, first_column, x, ldx, y, ldy)
    else:
        active.f64.dropout(rows, width, rate, stream, first_row, row_stride, first_column, x, ldx, y, ldy)

cdef inline void noise_forward(int kind, ptrdiff_t rows, ptrdiff_t width, real a, real b, fn_stream stream,
        uint64_t first_row, uint64_t row_stride, uint64_t first_column, const real *x, ptrdiff_t ldx, real *y,
        ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.noise_forward[kind](rows, width, a, b, stream, first_row, row_stride, first_column, x, ldx, y, ldy)
    else:
        active.f64.noise_forward[kind](rows, width, a, b, stream, first_row, row_stride, first_column, x, ldx, y, ldy)

cdef inline void noise_backward(int kind, ptrdiff_t rows, ptrdiff_t width, real a, real b, fn_stream stream,
        uint64_t first_row, uint64_t row_stride, uint64_t first_column, const real *y, ptrdiff_t ldy, const real *dy,
        ptrdiff_t lddy, real *dx, ptrdiff_t lddx) noexcept nogil:
    if real is float:
        active.f32.noise_backward[kind](rows, width, a, b, stream, first_row, row_stride, first_column, y, ldy, dy,
            lddy, dx, lddx)
    else:
        active.f64.noise_backward[kind](rows, width, a, b, stream, first_row, row_stride, first_column, y, ldy, dy,
            lddy, dx, lddx)

cdef inline void add(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx, const real *other,
        ptrdiff_t ldother, real *y, ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.add(rows, width, x, ldx, other, ldother, y, ldy)
    else:
        active.f64.add(rows, width, x, ldx, other, ldother, y, ldy)

cdef inline void affine(ptrdiff_t rows, ptrdiff_t width, real scale, real offset, const real *x, ptrdiff_t ldx,
        real *y, ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.affine(rows, width, scale, offset, x, ldx, y, ldy)
    else:
        active.f64.affine(rows, width, scale, offset, x, ldx, y, ldy)

cdef inline void penalize(ptrdiff_t rows, ptrdiff_t width, real l1, real l2, const real *x, ptrdiff_t ldx, real *dx,
        ptrdiff_t lddx) noexcept nogil:
    if real is float:
        active.f32.penalize(rows, width, l1, l2, x, ldx, dx, lddx)
    else:
        active.f64.penalize(rows, width, l1, l2, x, ldx, dx, lddx)

cdef inline void column_squares(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx, const real *mean,
        real *sums) noexcept nogil:
    if real is float:
        active.f32.column_squares(rows, width, x, ldx, mean, sums)
    else:
        active.f64.column_squares(rows, width, x, ldx, mean, sums)

cdef inline void column_products(ptrdiff_t rows, ptrdiff_t width, real epsilon, const real *dy, ptrdiff_t lddy,
        const real *x, ptrdiff_t ldx, const real *mean, const real *variance, real *sums) noexcept nogil:
    if real is float:
        active.f32.column_products(rows, width, epsilon, dy, lddy, x, ldx, mean, variance, sums)
    else:
        active.f64.column_products(rows, width, epsilon, dy, lddy, x, ldx, mean, variance, sums)

cdef inline void normalize(ptrdiff_t rows, ptrdiff_t width, real epsilon, const real *x, ptrdiff_t ldx,
        const real *mean, const real *variance, const real *gamma, const real *beta, real *y,
        ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.normalize(rows, width, epsilon, x, ldx, mean, variance, gamma, beta, y, ldy)
    else:
        active.f64.normalize(rows, width, epsilon, x, ldx, mean, variance, gamma, beta, y, ldy)

cdef inline void normalize_backward(ptrdiff_t rows, ptrdiff_t width, real epsilon, real count, const real *x,
        ptrdiff_t ldx, const real *mean, const real *variance, const real *gamma, const real *dy_sums,
        const real *product_sums, const real *dy, ptrdiff_t lddy, int more, real *dx, ptrdiff_t lddx) noexcept nogil:
    if real is float:
        active.f32.normalize_backward(rows, width, epsilon, count, x, ldx, mean, variance, gamma, dy_sums,
            product_sums, dy, lddy, more, dx, lddx)
    else:
        active.f64.normalize_backward(rows, width, epsilon, count, x, ldx, mean, variance, gamma, dy_sums,
            product_sums, dy, lddy, more, dx, lddx)

cdef inline void layer_norm(ptrdiff_t rows, ptrdiff_t width, real epsilon, const real *x, ptrdiff_t ldx,
        const real *gamma, const real *beta, real *statistics, real *y, ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.layer_norm(rows, width, epsilon, x, ldx, gamma, beta, statistics, y, ldy)
    else:
        active.f64.layer_norm(rows, width, epsilon, x, ldx, gamma, beta, statistics, y, ldy)

cdef inline void layer_norm_backward(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx,
        const real *statistics, const real *gamma, const real *dy, ptrdiff_t lddy, int more, real *dx,
        ptrdiff_t lddx) noexcept nogil:
    if real is float:
        active.f32.layer_norm_backward(rows, width, x, ldx, statistics, gamma, dy, lddy, more, dx, lddx)
    else:
        active.f64.layer_norm_backward(rows, width, x, ldx, statistics, gamma, dy, lddy, more, dx, lddx)

cdef inline void row_products(ptrdiff_t rows, ptrdiff_t width, const real *dy, ptrdiff_t lddy, const real *x,
        ptrdiff_t ldx, const real *statistics, real *sums) noexcept nogil:
    if real is float:
        active.f32.row_products(rows, width, dy, lddy, x, ldx, statistics, sums)
    else:
        active.f64.row_products(rows, width, dy, lddy, x, ldx, statistics, sums)

cdef inline void prelu(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx, const real *slopes, real *y,
        ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.prelu(rows, width, x, ldx, slopes, y, ldy)
    else:
        active.f64.prelu(rows, width, x, ldx, slopes, y, ldy)

cdef inline void prelu_backward(ptrdiff_t rows, ptrdiff_t width, const real *x, ptrdiff_t ldx, const real *slopes,
        const real *dy, ptrdiff_t lddy, int more, real *dx, ptrdiff_t lddx) noexcept nogil:
    if real is float:
        active.f32.prelu_backward(rows, width, x, ldx, slopes, dy, lddy, more, dx, lddx)
    else:
        active.f64.prelu_backward(rows, width, x, ldx, slopes, dy, lddy, more, dx, lddx)

cdef inline void prelu_products(ptrdiff_t rows, ptrdiff_t width, const real *dy, ptrdiff_t lddy, const real *x,
        ptrdiff_t ldx, real *sums) noexcept nogil:
    if real is float:
        active.f32.prelu_products(rows, width, dy, lddy, x, ldx, sums)
    else:
        active.f64.prelu_products(rows, width, dy, lddy, x, ldx, sums)

cdef inline void sparse_product(ptrdiff_t rows, ptrdiff_t width, const real *values, const int32_t *columns,
        const int64_t *starts, const int64_t *index, const real *w, ptrdiff_t ldw, const real *bias, real *y,
        ptrdiff_t ldy) noexcept nogil:
    if real is float:
        active.f32.sparse_product(rows, width, values, columns, starts, index, w, ldw, bias, y, ldy)
    else:
        active.f64.sparse_product(rows, width, values, columns, starts, index, w, ldw, bias, y, ldy)

cdef inline void sparse_gradient(ptrdiff_t width, int32_t first, const int32_t *next, const int32_t *rows,
        const real *values, const real *dy, ptrdiff_t lddy, real *sums) noexcept nogil:
    if real is float:
        active.f32.sparse_gradient(width, first, next, rows, values, dy, lddy, sums)
    else:
        active.f64.sparse_gradient(width, first, next, rows, values, dy, lddy, sums)

# Facts of the active table for the element type of `sample` (only its type is looked at).
cdef inline ptrdiff_t lanes(const real *sample) noexcept nogil:
    if real is float:
        return active.f32.lanes
    else:
        return active.f64.lanes

cdef inline ptrdiff_t tile_rows(const real *sample) noexcept nogil:
    if real is float:
        return active.f32.tile_rows
    else:
        return active.f64.tile_rows

cdef inline ptrdiff_t tile_columns(const real *sample) noexcept nogil:
    if real is float:
        return active.f32.tile_columns
    else:
        return active.f64.tile_columns
