"""How fast a network runs: protocol, clock, loop, statistics, and one function that ties them.

`measure.time_network` is the way in. `protocol`, `device` and `statistics` do not import torch.
"""
