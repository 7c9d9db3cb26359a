"""fastnn's estimators, asked for the same as scikit-learn's."""

import fastnn
from peers.sklearn_ import ScikitLearn


class DropIn(ScikitLearn):
    estimators = fastnn

    def version(self):
        return f"fastnn {fastnn.__version__}"


PEER = DropIn
