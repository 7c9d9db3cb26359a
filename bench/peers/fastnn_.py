"""fastnn through its public face: Sequential.fit, with all that it checks."""

import fastnn
from peers.peer import Peer


class Fastnn(Peer):
    def __init__(self, configuration, threads):
        self.configuration = configuration
        self.X, self.y = configuration.data()
        hidden = [fastnn.layers.Dense(units, "relu") for units in configuration.widths[1:-1]]
        last = fastnn.layers.Dense(configuration.widths[-1], "softmax")
        self.model = fastnn.Sequential([fastnn.Input(configuration.widths[:1]), *hidden, last], seed=0)
        self.reset()

    def version(self):
        return f"fastnn {fastnn.__version__}"

    def reset(self):
        numbers = self.configuration
        self.model.set_weights([array for layer in numbers.parameters() for array in layer])
        adam = fastnn.optimizers.Adam(numbers.learning_rate, numbers.beta_1, numbers.beta_2, numbers.epsilon)
        self.model.compile(adam, "sparse_categorical_crossentropy")

    def train(self, epochs):
        self.model.fit(self.X, self.y, batch_size=self.configuration.batch, epochs=epochs, verbose=0)

    def train_in(self, order):
        batch = self.configuration.batch
        self.model.fit(self.X[order], self.y[order], batch_size=batch, shuffle=False, verbose=0)

    def loss(self):
        return self.model.evaluate(self.X, self.y, verbose=0)


PEER = Fastnn
