"""Student's t, two-sided 95%, for intervals of timings and of what reports make of them."""

# Quantile 0.975 for 1, 2, ... degrees of freedom.
T_95 = (
    *(12.70620, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.30600, 2.26216, 2.22814),
    *(2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596),
    *(2.07961, 2.07387, 2.06866, 2.06390, 2.05954, 2.05553, 2.05183, 2.04841, 2.04523),
)


def t_95(freedom: int) -> float:
    """Return Student's t, two-sided 95%; above 29 degrees of freedom that of 29, a little wide."""
    return T_95[min(freedom, len(T_95)) - 1]
