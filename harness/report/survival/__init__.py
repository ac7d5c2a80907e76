"""Which published ratios of speed survive on one device.

A comparison table takes its FPS from many papers and cards, and makes up for the cards by one
factor each. Measured on one device under one protocol, the same networks tell which of the ratios
between them that the table prints can be relied on.

What print says of a rate is a range: `41.7` is 41.65 to 41.75, `~1` is 0.5 to 1.5, `<1` is 0 to 1.
Divided by the factor of its card, and by that of TensorRT where it was used, it is normalised. Two
ranges give the published ratio P of two networks, from the least to the greatest that print allows;
two measured rates give the measured one M with its 95% interval. P widened by the tolerance t goes
from P's lower end / (1 + t) to its upper end * (1 + t).

A pair is, by the first of these that holds,

    reversed     print puts one network ahead (P excludes 1), and M's interval lies wholly on the
                 other side of 1
    survives     M's interval lies wholly within P widened by the tolerance
    same order   M's interval lies wholly outside of it, and on P's side of 1 where P excludes 1:
                 the order holds, the factor does not
    undecided    M's interval reaches across an edge, or is unknown: measure longer

so that a noisy measurement confirms nothing. `judge` holds these rules.

Pairs are kept apart by what stands between their figures: one card (where no factor enters, so
that raw and normalised ratio are one), several cards, TensorRT, or a bound such as `<1`. `summary`
counts them, `implied` asks the measurements what the factors would be.
"""
