/* fastnn.h: the only header that Cython sees.
 *
 * Room: names the CPU targets and hands out their kernel tables. Nothing in csrc allocates, prints or starts
 * threads, and nothing keeps state from one call to the next: what is mutable is each thread's room (room.h,
 * defined in dispatch.c), which products write before they read it. Every contract stands above its field in
 * kernel_table.inc.h.
 * Called by: fastnn/_core/targets.pxd (mirror) and csrc/tests.
 */
#ifndef FASTNN_H
#define FASTNN_H

#include <stddef.h>
#include <stdint.h>

/* A list is the one place where a family is spelled out; enums, tables and names are made from it. */
#include "lists.h"

#define FN_ENUM_ENTRY(name, ...) FN_##name,
typedef enum { FN_ACTIVATION_LIST(FN_ENUM_ENTRY) FN_ACTIVATIONS } fn_activation_kind;
#undef FN_ENUM_ENTRY
#define FN_ENUM_ENTRY(name, ...) FN_LOSS_##name,
typedef enum { FN_LOSS_LIST(FN_ENUM_ENTRY) FN_LOSSES } fn_loss_kind;
#undef FN_ENUM_ENTRY
#define FN_ENUM_ENTRY(name, ...) FN_OPTIMIZER_##name,
typedef enum { FN_OPTIMIZER_LIST(FN_ENUM_ENTRY) FN_OPTIMIZERS } fn_optimizer_kind;
#undef FN_ENUM_ENTRY
#define FN_ENUM_ENTRY(name, ...) FN_NOISE_##name,
typedef enum { FN_NOISE_LIST(FN_ENUM_ENTRY) FN_NOISES } fn_noise_kind;
#undef FN_ENUM_ENTRY

/* What an activation keeps of the forward pass for its derivative. */
enum { FN_SAVES_NOTHING = 0, FN_SAVES_OUTPUT = 1, FN_SAVES_INPUT = 2, FN_NOT_DIFFERENTIABLE = 3 };
/* What a loss takes as truth: values[rows, width], or one class index a row. */
enum { FN_TRUTH_VALUES = 0, FN_TRUTH_LABELS = 1 };
/* What of an optimizer's numbers depends on the step t = 1, 2, ...: nothing; Adam's bias corrections of mean and mean
 * square; Adamax's of the mean; Nadam's, with its schedule of momenta. Who takes the steps computes them. */
enum { FN_RATE_GIVEN = 0, FN_RATE_ADAM = 1, FN_RATE_ADAMAX = 2, FN_RATE_NADAM = 3 };

/* Facts of the lists, for those who build a model: names and flags by index. */
typedef struct { const char *name; int saves; double alpha; } fn_activation_info;
typedef struct { const char *name; int truth; const char *fuses; double parameter; } fn_loss_info;
typedef struct { const char *name; int slots; int correction; } fn_optimizer_info;
typedef struct { const char *name; int saves; int parameters; } fn_noise_info;
extern const fn_activation_info fn_activation_infos[];
extern const fn_loss_info fn_loss_infos[];
extern const fn_optimizer_info fn_optimizer_infos[];
extern const fn_noise_info fn_noise_infos[];

/* An activation's numbers; each formula uses some of them, most none. */
typedef struct {
    double alpha;      /* leaky_relu, relu_general: the slope below; elu: the factor below 0; sign, heaviside: at 0 */
    double max_value;  /* relu_clipped, relu_general: the greatest value, infinity for no limit */
    double threshold;  /* relu_clipped, relu_general: from where on f(z) = z; at least 0 */
} fn_shape;

/* One optimizer step's numbers, the same for every parameter; computed once a step, in double. */
typedef struct {
    double rate;          /* learning rate, with what FN_RATE_* says; Nadam's: factor of the mean */
    double gradient_rate; /* Nadam's: factor of the gradient itself */
    double momentum;      /* SGD's momentum, RMSprop's momentum */
    double rho;           /* RMSprop's and Adadelta's decay of the mean square */
    double beta_1;        /* Adam's decay of the mean */
    double beta_2;        /* Adam's decay of the mean square; Adamax's of the largest magnitude; Lion's of the mean */
    double epsilon;       /* Adam and its kin: added to the root; the others: inside it (all as Keras) */
    double weight_decay;  /* decoupled: w -= weight_decay * w before the update; has the learning rate in it */
    double l1;            /* gradient += l1 * sign(w) */
    double l2;            /* gradient += l2 * w; a penalty c * sum w^2 has l2 = 2 c */
} fn_update;

/* A random stream: Philox-4x32-10 under `key`; the counter is (position, layer, step). */
typedef struct {
    uint64_t key;
    uint64_t step;
    uint32_t layer;
} fn_stream;

#define FN_PASTE2(a, b) a##b
#define FN_PASTE(a, b) FN_PASTE2(a, b)

#define FN_T float
#define FN_TABLE fn_kernels_f32
#include "kernel_table.inc.h"
#undef FN_T
#undef FN_TABLE
#define FN_T double
#define FN_TABLE fn_kernels_f64
#include "kernel_table.inc.h"
#undef FN_T
#undef FN_TABLE

typedef struct {
    const char *name;                /* "generic", "avx2", "avx512", "neon" */
    int (*supported)(void);          /* does this CPU, under this system, run it? */
    const fn_kernels_f32 *f32;
    const fn_kernels_f64 *f64;
} fn_target;

/* Targets that this build holds, best first; NULL past the last. */
const fn_target *fn_target_at(int index);
/* The best target that this CPU runs; "generic" is always there. */
const fn_target *fn_target_best(void);
/* By name; NULL if unknown to this build or unsupported by this CPU (see fn_target_at for which). */
const fn_target *fn_target_named(const char *name);

/* Denormals: flush results and inputs to zero in the calling thread; returns the mode to restore. */
uint64_t fn_denormals_flush(void);
void fn_denormals_restore(uint64_t mode);

#endif
