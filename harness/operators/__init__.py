"""What each common operator makes and costs, from shapes alone.

A rule has the signature of the torch function that it stands for and returns what a call with those
arguments would make (`Made`), or None where it does not apply: then torch's own meta kernel runs
instead (`harness.aten`), which knows every case. So a rule may be partial, never lax: it checks
every shape and type that torch would. Where torch refuses a call but its meta kernel would let it
pass, the rule itself raises.
"""

from harness.operators import (
    activation,
    convolution,
    elementwise,
    normalisation,
    pooling,
    products,
)
from harness.operators.rule import RULES, Made, Rule, broadcast, each, rule

__all__ = [
    "RULES",
    "Made",
    "Rule",
    "activation",
    "broadcast",
    "convolution",
    "each",
    "elementwise",
    "normalisation",
    "pooling",
    "products",
    "rule",
]
