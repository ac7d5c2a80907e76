"""Every figure that the paper prints, held against counting, arithmetic and our records.

`evidence` is what an audit may look at, `run` makes the checks out of it, and `text`, `markdown`
and `json_text` show them. What is known about single figures is data beside this file: what each
claim of the text is made of (`claims.yaml`), what peers' public code and pages say
(`references.yaml`), and why a figure is not what counting gives (`explanations.yaml`).

A figure is **equal** where the exact figure, rounded half up to the printed number of digits, gives
the printed string. It is **explained** where it does not, but an explanation's own arithmetic does,
by the same rule; an explanation whose arithmetic fails is no explanation. It is **different** where
neither holds. It is **open** where there is nothing to hold it against: a rate on a GPU that was
not measured, an mIoU without a log. Input size and GPU of a row are conditions of its figures, and
settings of the training are no results: neither is checked.

`--json` prints a list with one object per figure, whose keys stay:

    id           `TABLE/ROW/FIGURE`, e.g. `table-4/bisenet-rn18/params_m`; unique
    table        `table-1` to `table-4`, `text`, or `across` (one figure printed in two tables)
    place        where the figure stands, e.g. `Table IV, row 16`
    variant      catalogue name of the network, empty where the figure is about none
    label        the row's name as printed; what a claim is about
    quantity     what the figure is: `gflops`, `params_m`, `iou.road`, ...; unit of a claim
    printed      the printed string, without unit suffix
    ours         the exact figure as a number, `output_size` and `type` as text; null where none
    rounded      `ours`, rounded as the printed figure is; null where none
    how          `counted` (our network under the convention `paper`), `arithmetic` (from other
                 printed figures), `record` (of a results folder), `reference` (a peer's public
                 code or page), `none`
    working      the arithmetic with its operands, or where the figure comes from
    verdict      `equal`, `explained`, `different` or `open`
    reason       why, in a sentence or two; empty where there is nothing to say
    explanation  null, or `kind` and `working`: the arithmetic that gives the printed figure
    static       whether it is a count of one of the paper's own networks, which the exit status
                 rests on
    measured     what results folders hold beside it: `value`, `device`, `protocol`, `created` of a
                 rate; `value`, `file`, `use` of a log's mIoU
"""
