"""A network as an ONNX file, and what types a runtime made of one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch
from torch import nn

PRODUCTS = (
    "Conv",
    "Gemm",
    "MatMul",
)  # in names of operators: ConvTranspose, FusedConv, FusedMatMul


def export(network: nn.Module, batch: torch.Tensor, folder: Path) -> tuple[Path, str]:
    """Write `network` for the batch's shape; return the file and the version of its operators.

    Weights lie in a second file beside it, so that there is no limit to their size.
    """
    program = torch.onnx.export(network, (batch,), dynamo=True, verbose=False)
    assert program is not None
    path = folder / "network.onnx"
    program.save(path, external_data=True)
    return path, str(program.model.opset_imports[""])


def types_of_products(path: Path) -> Counter[str]:
    """Return how many convolutions and matrix products of an ONNX file have weights of which type.

    In small letters as ONNX names them, such as `float16`; `unknown` where weights are computed.
    """
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    casts = (node for node in graph.node if node.op_type == "Cast")
    types |= {node.output[0]: _attribute(node, "to") for node in casts}
    products = (node for node in graph.node if any(word in node.op_type for word in PRODUCTS))
    return Counter(
        onnx.TensorProto.DataType.Name(types[node.input[1]]).lower()
        if node.input[1] in types
        else "unknown"
        for node in products
    )


def _attribute(node: object, name: str) -> int:
    (value,) = (a.i for a in node.attribute if a.name == name)  # type: ignore[attr-defined]
    return int(value)
