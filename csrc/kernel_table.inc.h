/* kernel_table.inc.h: the contract between csrc and everything above it.
 *
 * Included once for each element type, with FN_T (float, double) and FN_TABLE (the struct's name). A CPU target
 * fills one table for each type. B is rows of a batch, I inputs, O outputs; ld* is a leading dimension in
 * elements; sizes come first, then inputs (const), then outputs.
 *
 * Unless a field says otherwise: sizes may be 0 (nothing happens), pointers need only the alignment of FN_T,
 * outputs do not overlap inputs, and nothing outside [rows, width] is read or written.
 * "Over-reads" means: loads whole vectors, so memory up to FN_SLACK_BYTES past the last element of that operand
 * must be readable (its contents never reach a result).
 */
#ifndef FN_SLACK_BYTES
#define FN_SLACK_BYTES 512
#define FN_PEAK_CHAINS 12
#endif

typedef struct {
    int lanes;         /* elements in a vector */
    int tile_rows;     /* rows of a product's register tile */
    int tile_columns;  /* columns of a product's register tile: split columns at multiples of this */

    /* ---- products (kernels/product.inc.h) ------------------------------------------------------------------
     * c[m,n] = start + a b. Every element is one chain of fused multiply-adds over k in ascending order, started
     * from `start`, so its bits do not depend on m, n or how rows and columns are split between calls.
     * start: NULL for zero; with ldstart = 0 one row for all (a bias); start = c, ldstart = ldc to go on from c.
     * b and start over-read. Writes whole vectors: a row of c is written up to n rounded up to lanes. Either ldc leaves
     * that room; or ldc = n, start is not c and b is not given transposed: then only up to lanes - 1 elements past the
     * last row's end are clobbered, the others hold their values (column tiles run down, rows up). */
    /* a[m,k] row-major: element (i, p) at a[i * lda + p] */
    void (*product)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const FN_T *a, ptrdiff_t lda, const FN_T *b,
                    ptrdiff_t ldb, const FN_T *start, ptrdiff_t ldstart, FN_T *c, ptrdiff_t ldc);
    /* a given transposed, a[k,m]: element (i, p) at a[p * lda + i] */
    void (*product_at)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const FN_T *a, ptrdiff_t lda, const FN_T *b,
                       ptrdiff_t ldb, const FN_T *start, ptrdiff_t ldstart, FN_T *c, ptrdiff_t ldc);
    /* b given transposed, bt[n,k]: element (p, j) at bt[j * ldbt + p]; bt does not over-read */
    void (*product_bt)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const FN_T *a, ptrdiff_t lda, const FN_T *bt,
                       ptrdiff_t ldbt, const FN_T *start, ptrdiff_t ldstart, FN_T *c, ptrdiff_t ldc);

    /* y[n,m] = x[m,n]^T: product with it is product_bt with x. Writes whole vectors: ldy leaves room for m rounded up to lanes. */
    void (*transposed)(ptrdiff_t m, ptrdiff_t n, const FN_T *x, ptrdiff_t ldx, FN_T *y, ptrdiff_t ldy);

    /* c[m,n] += a[m]^T b[n], and with what that is then, y[n] = start[n] + x[m] c: the update of a kernel by one row's
     * gradient, and the next row's product with it. The chains of product_at and of product; start: NULL for zero. Nothing
     * over-reads, nothing past n is written. */
    void (*rank_one_product)(ptrdiff_t m, ptrdiff_t n, const FN_T *a, const FN_T *b, FN_T *c, ptrdiff_t ldc, const FN_T *x,
                             const FN_T *start, FN_T *y);

    /* ---- elementwise functions (kernels/vmath.inc.h): y[n] = f(x[n]), within 2 ulp; y = x allowed ---------- */
    void (*exp)(ptrdiff_t n, const FN_T *x, FN_T *y);
    void (*log)(ptrdiff_t n, const FN_T *x, FN_T *y);
    void (*tanh)(ptrdiff_t n, const FN_T *x, FN_T *y);
    void (*sigmoid)(ptrdiff_t n, const FN_T *x, FN_T *y);

    /* ---- activations (kernels/activation.inc.h), by fn_activation_kind -------------------------------------
     * forward: y[rows, width] = f(z); y = z with ldy = ldz allowed. Every element's bits depend on its row of z alone. */
    void (*activation_forward[FN_ACTIVATIONS])(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
                                               const FN_T *z, ptrdiff_t ldz, FN_T *y, ptrdiff_t ldy);
    /* backward: dz = dy * f'. saved[rows, width] is y or z, as fn_activation_infos says; dz = dy allowed.
     * NULL where not differentiable. softmax: dz = y (dy - sum_j dy_j y_j). */
    void (*activation_backward[FN_ACTIVATIONS])(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape,
                                                const FN_T *saved, ptrdiff_t ldsaved, const FN_T *dy,
                                                ptrdiff_t lddy, FN_T *dz, ptrdiff_t lddz);

    /* ---- losses (kernels/loss.inc.h), by fn_loss_kind -------------------------------------------------------
     * z[rows, width]: predictions, or logits for *_from_logits. Row r's truth is at row index[r] of `truth`
     * (index NULL: row r): FN_T values with leading dimension ldtruth, or int32_t classes in [0, width).
     * Each row's loss is the sum over its outputs times value_scale, its gradient is multiplied by gradient_scale,
     * and both by the row's weight (weight[index[r]]; NULL: 1). `parameter` as lists.h says.
     * Writes row_loss[rows] (double); dz[rows, width] (the gradient with respect to z) unless dz is NULL, dz = z
     * allowed; and prediction[rows, width] (the activation that the loss fuses, applied to z; z itself otherwise)
     * unless prediction is NULL; it must not overlap z or dz. */
    void (*loss[FN_LOSSES])(ptrdiff_t rows, ptrdiff_t width, const FN_T *z, ptrdiff_t ldz, const void *truth,
                            ptrdiff_t ldtruth, const int64_t *index, const FN_T *weight, double value_scale,
                            double gradient_scale, double parameter, double *row_loss, FN_T *dz, ptrdiff_t lddz,
                            FN_T *prediction, ptrdiff_t ldprediction);

    /* ---- optimizers (kernels/optimizer.inc.h), by fn_optimizer_kind -----------------------------------------
     * g[rows, width]: gradient; w[rows, width]: parameters, updated in place; s0, s1, s2: state (fn_optimizer_infos:
     * how many) with w's leading dimension, updated in place, NULL where unused. The penalties of `update` are added to
     * g first. `store` leaves w alone and writes the gradient with its penalties to s0. Every element by itself. */
    void (*optimizer[FN_OPTIMIZERS])(ptrdiff_t rows, ptrdiff_t width, const fn_update *update, const FN_T *g,
                                     ptrdiff_t ldg, FN_T *w, FN_T *s0, FN_T *s1, FN_T *s2, ptrdiff_t ldw);

    /* ---- whole gradients and parameters (kernels/flat.inc.h); NaN stays NaN ---------------------------------*/
    /* x[n] = factor x, and not below `lower` nor above `upper` (which may be infinite) */
    void (*clip)(ptrdiff_t n, FN_T factor, FN_T lower, FN_T upper, FN_T *x);
    /* y[n] = momentum y + (1 - momentum) x */
    void (*average)(ptrdiff_t n, double momentum, const FN_T *x, FN_T *y);
    /* sums[width] += squares of x[rows, width] in double, over rows in ascending order */
    void (*squares_of_columns)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, double *sums);
    /* x[rows, width] *= factors[width] */
    void (*scale_columns)(ptrdiff_t rows, ptrdiff_t width, const FN_T *factors, FN_T *x, ptrdiff_t ldx);

    /* ---- reductions and movement (kernels/reduce.inc.h) -----------------------------------------------------*/
    /* sums[width] += over rows in ascending order of x[rows, width], each column a chain of its own */
    void (*column_sums)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, FN_T *sums);
    /* sum x[n]^2 and sum |x[n]|, in double, in an order that depends on n alone */
    double (*sum_of_squares)(ptrdiff_t n, const FN_T *x);
    double (*sum_of_magnitudes)(ptrdiff_t n, const FN_T *x);
    /* y[n] += x[n] */
    void (*accumulate)(ptrdiff_t n, const FN_T *x, FN_T *y);
    /* first index in [0, n) whose x is NaN or infinite; n if none */
    ptrdiff_t (*first_not_finite)(ptrdiff_t n, const FN_T *x);
    /* out[rows, width] = x[index[r], 0:width] converted to FN_T; ldx in elements of x; index NULL: row r */
    void (*gather_f32)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const int64_t *index,
                       FN_T *out, ptrdiff_t ldout);
    void (*gather_f64)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const int64_t *index,
                       FN_T *out, ptrdiff_t ldout);
    void (*gather_u8)(ptrdiff_t rows, ptrdiff_t width, const uint8_t *x, ptrdiff_t ldx, const int64_t *index,
                      FN_T *out, ptrdiff_t ldout);

    /* ---- random numbers (kernels/random.inc.h) --------------------------------------------------------------*/
    /* u[n]: uniform in [0, 1), positions first, first + 1, ... of the stream; any split gives the same numbers.
     * Position p is word p % 4 of the Philox block whose counter is {p / 4 (low 32 bits), layer, step low,
     * step high} under key {key low, key high}; u = (word >> 8) * 2^-24 for both element types. */
    void (*uniform)(ptrdiff_t n, fn_stream stream, uint64_t first, FN_T *u);
    /* y[rows, width] = x * (u >= rate) / (1 - rate); element (r, j) draws position (first_row + r) * row_stride
     * + first_column + j. y = x allowed. Forward on activations and backward on gradients alike. */
    void (*dropout)(ptrdiff_t rows, ptrdiff_t width, FN_T rate, fn_stream stream, uint64_t first_row,
                    uint64_t row_stride, uint64_t first_column, const FN_T *x, ptrdiff_t ldx, FN_T *y,
                    ptrdiff_t ldy);

    /* ---- noise of layers in training (kernels/noise.inc.h), by fn_noise_kind -------------------------------
     * forward: y[rows, width] = x with noise drawn; positions as for dropout. a, b: the noise's parameters. y = x allowed.
     * backward: dx = dy times the derivative, from the same draws; y is the forward's output where fn_noise_infos says
     * that it is needed, else NULL. dx = dy allowed. */
    void (*noise_forward[FN_NOISES])(ptrdiff_t rows, ptrdiff_t width, FN_T a, FN_T b, fn_stream stream,
                                     uint64_t first_row, uint64_t row_stride, uint64_t first_column, const FN_T *x,
                                     ptrdiff_t ldx, FN_T *y, ptrdiff_t ldy);
    void (*noise_backward[FN_NOISES])(ptrdiff_t rows, ptrdiff_t width, FN_T a, FN_T b, fn_stream stream,
                                      uint64_t first_row, uint64_t row_stride, uint64_t first_column, const FN_T *y,
                                      ptrdiff_t ldy, const FN_T *dy, ptrdiff_t lddy, FN_T *dx, ptrdiff_t lddx);

    /* ---- parameters and statistics of columns and rows (kernels/normalize.inc.h) ---------------------------
     * Vectors of columns have `width` elements. sums: added to, one chain a column, rows ascending. more: dx is added to. */
    /* y[rows, width] = x + other; other NULL: y = x. y may be x or other. */
    void (*add)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, const FN_T *other, ptrdiff_t ldother,
                FN_T *y, ptrdiff_t ldy);
    /* y = scale x + offset; y = x allowed */
    void (*affine)(ptrdiff_t rows, ptrdiff_t width, FN_T scale, FN_T offset, const FN_T *x, ptrdiff_t ldx, FN_T *y,
                   ptrdiff_t ldy);
    /* dx += l1 sign(x) + l2 x */
    void (*penalize)(ptrdiff_t rows, ptrdiff_t width, FN_T l1, FN_T l2, const FN_T *x, ptrdiff_t ldx, FN_T *dx,
                     ptrdiff_t lddx);
    /* sums += (x - mean)^2 */
    void (*column_squares)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, const FN_T *mean, FN_T *sums);
    /* sums += dy u, u = (x - mean) / sqrt(variance + epsilon): the gradient of gamma */
    void (*column_products)(ptrdiff_t rows, ptrdiff_t width, FN_T epsilon, const FN_T *dy, ptrdiff_t lddy,
                            const FN_T *x, ptrdiff_t ldx, const FN_T *mean, const FN_T *variance, FN_T *sums);
    /* y = u gamma + beta; gamma NULL: 1, beta NULL: 0 */
    void (*normalize)(ptrdiff_t rows, ptrdiff_t width, FN_T epsilon, const FN_T *x, ptrdiff_t ldx, const FN_T *mean,
                      const FN_T *variance, const FN_T *gamma, const FN_T *beta, FN_T *y, ptrdiff_t ldy);
    /* dx of normalize. dy_sums, product_sums (column_sums and column_products over the `count` rows of the batch) where
     * mean and variance are the batch's own; NULL where they are constants, and x is not read. */
    void (*normalize_backward)(ptrdiff_t rows, ptrdiff_t width, FN_T epsilon, FN_T count, const FN_T *x, ptrdiff_t ldx,
                               const FN_T *mean, const FN_T *variance, const FN_T *gamma, const FN_T *dy_sums,
                               const FN_T *product_sums, const FN_T *dy, ptrdiff_t lddy, int more, FN_T *dx,
                               ptrdiff_t lddx);
    /* y = u gamma + beta, u = (x - mean) / sqrt(variance + epsilon) with each row's own mean and variance; statistics[2 rows]
     * receives each row's mean and 1 / sqrt(variance + epsilon) */
    void (*layer_norm)(ptrdiff_t rows, ptrdiff_t width, FN_T epsilon, const FN_T *x, ptrdiff_t ldx, const FN_T *gamma,
                       const FN_T *beta, FN_T *statistics, FN_T *y, ptrdiff_t ldy);
    void (*layer_norm_backward)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, const FN_T *statistics,
                                const FN_T *gamma, const FN_T *dy, ptrdiff_t lddy, int more, FN_T *dx, ptrdiff_t lddx);
    /* sums += dy u, u from layer_norm's statistics: the gradient of its gamma */
    void (*row_products)(ptrdiff_t rows, ptrdiff_t width, const FN_T *dy, ptrdiff_t lddy, const FN_T *x, ptrdiff_t ldx,
                         const FN_T *statistics, FN_T *sums);
    /* y = x where x > 0, else slopes x */
    void (*prelu)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, const FN_T *slopes, FN_T *y,
                  ptrdiff_t ldy);
    void (*prelu_backward)(ptrdiff_t rows, ptrdiff_t width, const FN_T *x, ptrdiff_t ldx, const FN_T *slopes,
                           const FN_T *dy, ptrdiff_t lddy, int more, FN_T *dx, ptrdiff_t lddx);
    /* sums += dy min(x, 0): the gradient of slopes */
    void (*prelu_products)(ptrdiff_t rows, ptrdiff_t width, const FN_T *dy, ptrdiff_t lddy, const FN_T *x,
                           ptrdiff_t ldx, FN_T *sums);

    /* ---- sparse rows (kernels/sparse.inc.h) ------------------------------------------------------------------
     * y[rows, width] = bias + x w. Row r of x has the elements values[p] in columns[p], starts[s] <= p < starts[s + 1],
     * s = index[r] (index NULL: r). bias NULL: 0. */
    void (*sparse_product)(ptrdiff_t rows, ptrdiff_t width, const FN_T *values, const int32_t *columns,
                           const int64_t *starts, const int64_t *index, const FN_T *w, ptrdiff_t ldw, const FN_T *bias,
                           FN_T *y, ptrdiff_t ldy);
    /* sums[width] = the sum of values[p] dy[rows[p]] over a list: p = first, next[first], ... up to a negative one */
    void (*sparse_gradient)(ptrdiff_t width, int32_t first, const int32_t *next, const int32_t *rows, const FN_T *values,
                            const FN_T *dy, ptrdiff_t lddy, FN_T *sums);

    /* ---- measurement -----------------------------------------------------------------------------------------*/
    /* `rounds` rounds of FN_PEAK_CHAINS independent fused multiply-adds in registers: rounds * 12 * lanes * 2
     * FLOP. Returns a number that depends on all of them. */
    FN_T (*multiply_add_peak)(ptrdiff_t rounds);
} FN_TABLE;
