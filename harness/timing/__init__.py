"""How fast a network runs, under which conditions, and how far the figure can be trusted.

`measure.time_network` is the way in. `protocol`, `named` and `plan` say what is to be done; `part`
is what one process hands back, and `combine` joins parts into the `Timing` of a record. `protocol`,
`named`, `device` and `statistics` do not import torch.
"""
