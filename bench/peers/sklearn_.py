"""scikit-learn's MLP as its users have it: fit for so many epochs, which must not stop before."""

import warnings

import sklearn
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

from peers.peer import Peer


class ScikitLearn(Peer):
    """`estimators` is the module that MLPClassifier and MLPRegressor come from."""

    estimators = neural_network

    @staticmethod
    def lacks(configuration):
        return "dropout and batch normalization" if configuration.dropout or configuration.batch_normalization else ""

    def __init__(self, configuration, threads):
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last epoch says so, whatever was asked for
        self.configuration = numbers = configuration
        self.X, self.y = configuration.data()
        if configuration.regression and self.y.shape[1] == 1:
            self.y = self.y[:, 0]
        kind = self.estimators.MLPRegressor if configuration.regression else self.estimators.MLPClassifier
        self.model = kind(
            hidden_layer_sizes=configuration.widths[1:-1],
            activation=configuration.activation,
            solver=configuration.optimizer,
            alpha=0.0,
            batch_size=configuration.batch,
            learning_rate_init=numbers.learning_rate,
            momentum=numbers.momentum,
            nesterovs_momentum=False,
            beta_1=numbers.beta_1,
            beta_2=numbers.beta_2,
            epsilon=numbers.epsilon,
            shuffle=configuration.shuffled,
            tol=0.0,
            n_iter_no_change=10**9,
            random_state=0,
            max_iter=1,
        )
        self.model.fit(self.X, self.y)
        self.model.set_params(warm_start=True)
        self.reset()

    def version(self):
        return f"scikit-learn {sklearn.__version__}"

    def reset(self):
        """The optimizer is new with every fit."""
        for number, (kernel, bias) in enumerate(self.configuration.parameters()):
            self.model.coefs_[number][...] = kernel
            self.model.intercepts_[number][...] = bias

    def train(self, epochs):
        self.model.set_params(max_iter=epochs)
        self.model.fit(self.X, self.y)

    def train_in(self, order):
        self.model.set_params(max_iter=1, shuffle=False)
        self.model.fit(self.X[order], self.y[order])
        self.model.set_params(shuffle=self.configuration.shuffled)

    def predict(self, X):
        if self.configuration.regression:
            return self.model.predict(X).reshape(len(X), -1)
        return self.model.predict_proba(X)


PEER = ScikitLearn
