"""coefficients.py: prints the constants of kernels/vmath.inc.h, for float and double (needs mpmath; a minute).

Each polynomial is the weighted minimax fit of a function on an interval. Its coefficients are rounded to the
element type one by one from the lowest power, and the rest is fitted anew, so that it takes up the rounding. The
rational function has positive coefficients only: they are rounded as they are.
"""

from itertools import pairwise

from mpmath import (
    cos,
    erfc,
    exp,
    expm1,
    fdot,
    floor,
    frexp,
    ldexp,
    log,
    lu_solve,
    matrix,
    mp,
    mpf,
    nint,
    pi,
    polyval,
    sqrt,
    tanh,
)  # fmt: skip

mp.dps = 60
SLACK = mpf("1e-4")  # of the reduced argument: the rounding of k can be off by that much (float)


def rounded(value, bits, to=nint):
    """value with `bits` significant bits"""
    if not value:
        return mpf(0)
    exponent = bits - frexp(value)[1]
    return ldexp(to(ldexp(value, exponent)), -exponent)


def literal(value, bits):
    """A C hexadecimal literal of an exactly representable value"""
    text = float(value).hex().split("p")
    mantissa = text[0].rstrip("0").rstrip(".")
    return f"{mantissa}p{int(text[1])}{'f' if bits == 24 else ''}"


def points(interval, count):
    low, high = interval
    return [low + (high - low) * (1 - cos(pi * (i + mpf(1) / 2) / count)) / 2 for i in range(count)]


def minimax(f, weight, powers, interval):
    """c of sum c[i] x^powers[i] with the least max |weight (sum - f)|: Lawson's reweighted least squares"""
    xs = points(interval, 12 * len(powers) + 12)
    rows = [[weight(x) * x**p for p in powers] for x in xs]
    right = [weight(x) * f(x) for x in xs]
    shares = [mpf(1)] * len(xs)
    for _ in range(40):
        scaled = [[share * v for v in row] for share, row in zip(shares, rows, strict=False)]
        normal = matrix(scaled).T * matrix(rows)
        c = lu_solve(normal, matrix(scaled).T * matrix(right))
        misses = [abs(fdot(row, c) - value) for row, value in zip(rows, right, strict=False)]
        shares = [share * miss for share, miss in zip(shares, misses, strict=False)]
        total = sum(shares)
        shares = [share / total for share in shares]
    return list(c)


def fit(f, weight, terms, interval, bits, first=()):
    """Coefficients, lowest power first, each representable in `bits` bits; `first` are given"""
    fixed = list(first)
    while len(fixed) < terms:

        def rest(x):
            return f(x) - sum(c * x**i for i, c in enumerate(fixed))

        fixed.append(rounded(minimax(rest, weight, range(len(fixed), terms), interval)[0], bits))
    return fixed


def rational(f, above, below, interval):
    """(p, q), lowest power first, q[0] = 1, with the least max |sum p[i] x^i / sum q[i] x^i / f - 1|

    Lawson's reweighted least squares of p - f q, each point divided by the last q. More points near the lower end.
    """
    low, high = interval
    xs = [low + (x - low) ** 2 / (high - low) for x in points(interval, 10 * (above + below))]
    values = [f(x) for x in xs]
    divisors, shares, best = [mpf(1)] * len(xs), [mpf(1)] * len(xs), None
    for _ in range(30):
        rows, right = [], []
        for x, value, divisor in zip(xs, values, divisors, strict=True):
            row = [x**i / value for i in range(above)] + [-(x**i) for i in range(1, below)]
            rows.append([number / divisor for number in row])
            right.append(1 / divisor)
        scaled = matrix([[share * v for v in row] for share, row in zip(shares, rows, strict=True)]).T
        c = list(lu_solve(scaled * matrix(rows), scaled * matrix(right)))
        p, q = c[:above], [mpf(1), *c[above:]]
        divisors = [polyval(q[::-1], x) for x in xs]
        misses = [
            abs(polyval(p[::-1], x) / divisor / value - 1)
            for x, value, divisor in zip(xs, values, divisors, strict=True)
        ]
        if best is None or max(misses) < best[0]:
            best = max(misses), p, q
        shares = [share * miss for share, miss in zip(shares, misses, strict=True)]
        total = sum(shares)
        shares = [share / total for share in shares]
    return best[1:]


def worst(f, weight, coefficients, interval):
    return max(
        abs((sum(c * x**i for i, c in enumerate(coefficients)) - f(x)) * weight(x)) for x in points(interval, 1000)
    )


def tail_of_exp(r):  # expm1(r) = r + r^2 tail
    return (expm1(r) - r) / r**2


def tail_of_log(z):  # log((1 + s) / (1 - s)) = 2 s + s z tail, z = s^2
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) / s - 2) / z


def normal_ratio(a):  # F(-a) / e^(-a^2/2) of the normal distribution function F
    return exp(a * a / 2) * erfc(a / sqrt(mpf(2))) / 2


def centre(low, high):
    """The float near the middle whose tanh is nearest a float (Gal and Bachelis, 1991): its rounding costs nothing"""
    tries = [rounded((low + high) / 2 + (high - low) * i / 48000, 24) for i in range(-1500, 1500)]
    return min(tries, key=lambda x: abs(rounded(tanh(x), 24) - tanh(x)))


def tanh_pieces():
    """Rows of 16: centres, then the coefficients of each power of x - centre, 0 and 1 about 0. A piece stands where the
    exponent's last three bits and the mantissa's first say; that of [0, 1/4] where a number just below 1/4 would."""
    edges = [mpf(x) for x in (0, "0.25", "0.375", "0.5", "0.75", 1, "1.5", 2, 3, 4, 6, 8, "9.02")]
    rows = [[mpf(0)] * 16 for _ in range(8)]
    for index, (low, high) in enumerate(pairwise(edges)):
        middle = centre(low, high) if index else mpf(0)
        tiny = mpf("1e-9")  # where the weight is finite
        c = fit(
            lambda t, middle=middle: tanh(middle + t),
            lambda t, middle=middle: 1 / tanh(middle + t),
            7,
            (max(low, tiny) - middle, high - middle),
            24,
            [] if index else [mpf(0), mpf(1)],
        )
        for row, value in zip(rows, [middle, *c], strict=True):
            row[(index + 9) % 16] = value
    return rows


print("tanh, pieces of it (float)")
for row in tanh_pieces():
    print("    {" + ", ".join(literal(x, 24) if x else "0" for x in row) + "},")

for name, bits, exponent_bits, exp_terms, log_terms, log1p_terms, normal_terms, normal_end in (
    ("float", 24, 9, 6, 3, 4, 5, "14.5"),
    ("double", 53, 12, 11, 7, 10, 10, "38.75"),
):
    high = rounded(log(2), bits - exponent_bits, floor)
    print(f"/* {name} */")
    print("log2(e)", literal(rounded(1 / log(2), bits), bits))
    print("ln 2 high", literal(high, bits), "low", literal(rounded(log(2) - high, bits), bits))
    print("sqrt(1/2)", literal(rounded(sqrt(mpf(1) / 2), bits), bits))
    s = sqrt(mpf(2))
    z = ((s - 1) / (s + 1)) ** 2
    for label, f, terms, interval, weight in (
        # error relative to exp(r) for r < 0 and to expm1(r) above
        (
            "exp",
            tail_of_exp,
            exp_terms,
            (-log(2) / 2 - SLACK, log(2) + SLACK),
            lambda r: r**2 / (exp(r) if r < 0 else expm1(r)),
        ),
        # error relative to log(1 + f) ~ 2 s
        ("log", tail_of_log, log_terms, (z * 0, z * (1 + SLACK)), lambda z: z / 2),
        ("log1p", tail_of_log, log1p_terms, (mpf(0), mpf(1) / 9), lambda z: z / 2),
    ):
        c = fit(f, weight, terms, interval, bits)
        error = worst(f, weight, c, interval)
        print(f"{label}: relative error 2^{float(log(error, 2)):.1f}")
        print("    " + ", ".join(literal(x, bits) for x in c))
    # e^(-a^2/2) is 0 beyond the interval
    parts = rational(normal_ratio, normal_terms, normal_terms + 1, (mpf(0), mpf(normal_end)))
    parts = [[rounded(x, bits) for x in part] for part in parts]
    print(f"normal, up to {normal_end}: all positive: {min(parts[0] + parts[1]) > 0}")
    for part in parts:
        print("    " + ", ".join(literal(x, bits) for x in part))
