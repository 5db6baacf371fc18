"""In which numbers the Conformer computes on the CPU: its feed-forward weights as int8, or all of it as trained."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast, get_args

from mediaindex.errors import ConfigError

Precision = Literal["int8", "float32"]

VARIABLE = "MEDIAINDEX_PRECISION"

# Two thirds of what linear layers multiply. Rounded alone, they cost 0.1 points of word error rate on utterances,
# up to 0.6 on other cuts; the input projection and attention beside them gain less and cost more words.
_ROUNDED = "/feed_forward"


def precision(environment: Mapping[str, str] = os.environ) -> Precision:
    """MEDIAINDEX_PRECISION, by default ``int8``; ConfigError where it is neither ``int8`` nor ``float32``."""
    wanted = environment.get(VARIABLE, "").strip().lower() or "int8"
    if wanted not in get_args(Precision):
        raise ConfigError(f"{VARIABLE} is {wanted!r}; write {' or '.join(get_args(Precision))}, or leave it out")
    return cast("Precision", wanted)


def round_feed_forward(graph: Path) -> None:
    """Rewrite an exported Conformer in place: feed-forward weights int8, what comes into them rounded as it comes.

    One scale a column, in seven bits: CPUs without VNNI add two products in 16 bits, which eight bits would overflow,
    and the same weights must say the same words everywhere. A graph without such layers stays as it is.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(graph, load_external_data=False)
    constant = {weights.name for weights in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in constant]
    chosen = [node.name for node in products if _ROUNDED in node.name]
    if not chosen:
        return
    rounded = graph.with_name(f"rounded-{graph.name}")
    quantize_dynamic(
        graph,
        rounded,
        nodes_to_quantize=chosen,
        op_types_to_quantize=["MatMul"],
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        # Weights of more than 2 GB lie beside their graph, and must again.
        use_external_data_format=any(weights.external_data for weights in model.graph.initializer),
    )
    rounded.replace(graph)
