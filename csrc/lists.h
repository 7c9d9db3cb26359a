/* lists.h: the families of kernels, each spelled out once.
 *
 * An entry makes the enum value (fastnn.h), the table's slots (kernels/all.inc.h), and the name and flags that
 * Python reads (dispatch.c). To add one: a line here, its kernels in kernels/<family>.inc.h, its twin in
 * fastnn/testing/reference/<family>.py and its declaration in fastnn/<family>.
 */
#ifndef FASTNN_LISTS_H
#define FASTNN_LISTS_H

/* name, what the derivative needs, default of the number alpha */
#define FN_ACTIVATION_LIST(X)                  \
    X(linear, FN_SAVES_NOTHING, 0.0)           \
    X(heaviside, FN_NOT_DIFFERENTIABLE, 0.5)   \
    X(sign, FN_NOT_DIFFERENTIABLE, 0.0)        \
    X(piecewise_linear, FN_SAVES_OUTPUT, 0.0)  \
    X(sigmoid, FN_SAVES_OUTPUT, 0.0)           \
    X(hard_sigmoid, FN_SAVES_OUTPUT, 0.0)      \
    X(tanh, FN_SAVES_OUTPUT, 0.0)              \
    X(hard_tanh, FN_SAVES_OUTPUT, 0.0)         \
    X(softsign, FN_SAVES_OUTPUT, 0.0)          \
    X(relu, FN_SAVES_OUTPUT, 0.0)              \
    X(relu6, FN_SAVES_OUTPUT, 0.0)             \
    X(relu_clipped, FN_SAVES_OUTPUT, 0.0)      \
    X(relu_general, FN_SAVES_INPUT, 0.0)       \
    X(leaky_relu, FN_SAVES_OUTPUT, 0.2)        \
    X(elu, FN_SAVES_OUTPUT, 1.0)               \
    X(selu, FN_SAVES_OUTPUT, 0.0)              \
    X(softplus, FN_SAVES_OUTPUT, 0.0)          \
    X(gelu, FN_SAVES_INPUT, 0.0)               \
    X(gelu_tanh, FN_SAVES_INPUT, 0.0)          \
    X(silu, FN_SAVES_INPUT, 0.0)               \
    X(mish, FN_SAVES_INPUT, 0.0)               \
    X(softmax, FN_SAVES_OUTPUT, 0.0)           \
    X(exponential, FN_SAVES_OUTPUT, 0.0)

/* name, kind of truth, the output activation that is computed inside the loss ("" for none), default of the parameter:
 * huber's delta, quantile's q, the cross-entropies' label smoothing */
#define FN_LOSS_LIST(X)                                                              \
    X(squared_error, FN_TRUTH_VALUES, "", 0.0)                                       \
    X(absolute_error, FN_TRUTH_VALUES, "", 0.0)                                      \
    X(huber, FN_TRUTH_VALUES, "", 1.0)                                               \
    X(log_cosh, FN_TRUTH_VALUES, "", 0.0)                                            \
    X(quantile, FN_TRUTH_VALUES, "", 0.5)                                            \
    X(poisson, FN_TRUTH_VALUES, "", 0.0)                                             \
    X(poisson_from_log, FN_TRUTH_VALUES, "exponential", 0.0)                         \
    X(given_gradient, FN_TRUTH_VALUES, "", 0.0)                                      \
    X(hinge, FN_TRUTH_VALUES, "", 0.0)                                               \
    X(squared_hinge, FN_TRUTH_VALUES, "", 0.0)                                       \
    X(kl_divergence, FN_TRUTH_VALUES, "", 0.0)                                       \
    X(binary_crossentropy, FN_TRUTH_VALUES, "", 0.0)                                 \
    X(binary_crossentropy_from_logits, FN_TRUTH_VALUES, "sigmoid", 0.0)              \
    X(categorical_crossentropy, FN_TRUTH_VALUES, "", 0.0)                            \
    X(categorical_crossentropy_from_logits, FN_TRUTH_VALUES, "softmax", 0.0)         \
    X(sparse_categorical_crossentropy, FN_TRUTH_LABELS, "", 0.0)                     \
    X(sparse_categorical_crossentropy_from_logits, FN_TRUTH_LABELS, "softmax", 0.0)  \
    X(binary_log_loss, FN_TRUTH_VALUES, "sigmoid", 0.0)                              \
    X(sparse_log_loss, FN_TRUTH_LABELS, "softmax", 0.0)

/* name, state arrays a parameter (at most 3), what the step's number makes of its rate */
#define FN_OPTIMIZER_LIST(X)                          \
    X(store, 1, FN_RATE_GIVEN)                        \
    X(sgd, 0, FN_RATE_GIVEN)                          \
    X(momentum, 1, FN_RATE_GIVEN)                     \
    X(nesterov, 1, FN_RATE_GIVEN)                     \
    X(adagrad, 1, FN_RATE_GIVEN)                      \
    X(adadelta, 2, FN_RATE_GIVEN)                     \
    X(rmsprop, 1, FN_RATE_GIVEN)                      \
    X(rmsprop_momentum, 2, FN_RATE_GIVEN)             \
    X(rmsprop_centered, 2, FN_RATE_GIVEN)             \
    X(rmsprop_centered_momentum, 3, FN_RATE_GIVEN)    \
    X(adam, 2, FN_RATE_ADAM)                          \
    X(amsgrad, 3, FN_RATE_ADAM)                       \
    X(adamax, 2, FN_RATE_ADAMAX)                      \
    X(nadam, 2, FN_RATE_NADAM)                        \
    X(lion, 1, FN_RATE_GIVEN)

/* name, what the derivative needs besides the draws, how many parameters: noise of layers in training */
#define FN_NOISE_LIST(X)                     \
    X(gaussian_noise, FN_SAVES_NOTHING, 1)   \
    X(gaussian_dropout, FN_SAVES_NOTHING, 1) \
    X(alpha_dropout, FN_SAVES_NOTHING, 1)    \
    X(rrelu, FN_SAVES_OUTPUT, 2)

#endif
