"""The nodes of a cluster: which are meant, what they have, and whether they fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from harness.errors import BadRequest, RunFailed
from harness.sweep.cluster import probe
from harness.sweep.cluster.on_node import lacking
from harness.sweep.cluster.versions import differing, versions
from harness.sweep.cluster.waiting import wait

ANSWER_S = 120.0  # of a node: a first worker starts, and imports
REFRESH_S = 2.0  # nodes come and go


class Node(NamedTuple):
    """A node that is alive.

    Attributes:
        model: What Ray calls its GPUs, such as `H100`; null where it cannot tell.
    """

    id: str
    ip: str
    cpus: int
    gpus: int
    model: str | None


class Cluster:
    """The nodes that a sweep may use.

    Args:
        labels: That a node must have, as given to `ray start --labels` or set by Ray.
        tell: Hears of nodes that come and go.
    """

    def __init__(self, labels: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self.labels = dict(labels)
        self._tell = tell
        self._nodes = _alive(self.labels)
        self._read_s = monotonic()
        if not self._nodes:
            which = " and ".join(f"{name}={value}" for name, value in labels.items())
            raise BadRequest(f"--nodes: some node must have the label {which or '-'}, got none")

    def nodes(self) -> list[Node]:
        """Return the nodes as they were at most some seconds ago."""
        if monotonic() - self._read_s > REFRESH_S:
            before, self._nodes = self._nodes, _alive(self.labels)
            self._read_s = monotonic()
            for node in before:
                if node.id not in {other.id for other in self._nodes}:
                    self._tell(f"node {node.ip} left the cluster; its work is done again")
            for node in self._nodes:
                if node.id not in {other.id for other in before}:
                    self._tell(f"node {node.ip} joined the cluster")
        return self._nodes

    @property
    def cpus(self) -> int:
        """How many tasks of one CPU run at once; one where all nodes have left."""
        return max(1, sum(node.cpus for node in self.nodes()))

    def working(self) -> list[Node]:
        """Return the nodes that have a CPU to give, as the head of a cluster may not."""
        return [node for node in self.nodes() if node.cpus]

    def holding(self, *, cpus: int, gpus: int = 0) -> dict[str, Any]:
        """Return Ray's options of what runs on any of the nodes and holds so much of it."""
        return {
            **{"num_cpus": cpus, "num_gpus": gpus},
            **({"label_selector": self.labels} if self.labels else {}),
        }


def on_node(node: Node, *, gpus: int = 0) -> dict[str, Any]:
    """Return Ray's options of a task that runs on one node, whatever else does."""
    where = NodeAffinitySchedulingStrategy(node.id, soft=False)
    return {"num_cpus": 0, "num_gpus": gpus, "scheduling_strategy": where}


def check_versions(nodes: Sequence[Node], packages: Sequence[str]) -> dict[str, str]:
    """Return the versions that this process and all the nodes have.

    Args:
        nodes: To be asked.
        packages: Distributions besides harness and what it needs.

    Raises:
        BadRequest: If a node has others; names the node and both.
        RunFailed: If a node gives no answer.
    """
    mine = versions(packages)
    ray.cloudpickle.register_pickle_by_value(probe)
    try:
        asked = _ask(nodes, ray.remote(probe.look), packages)
    finally:
        ray.cloudpickle.unregister_pickle_by_value(probe)
    for node, theirs in _answers(asked):
        if words := differing(mine, theirs):
            raise BadRequest(f"node {node.ip}: must have what the command has, {words}")
    return mine


def check_proxies(nodes: Sequence[Node], sources: Sequence[str]) -> None:
    """Refuse nodes where a proxy cannot be imported.

    Raises:
        BadRequest: If there is one; names it.
        RunFailed: If a node gives no answer.
    """
    for node, words in _answers(_ask(nodes, ray.remote(lacking), sources) if sources else {}):
        if words:
            raise BadRequest(f"node {node.ip}: {words}")


def _ask(nodes: Sequence[Node], task: Any, *arguments: Any) -> dict[Node, Any]:
    """Have a task run on every node; return the reference of each answer."""
    return {node: task.options(**on_node(node)).remote(*arguments) for node in nodes}


def _answers(asked: Mapping[Node, Any]) -> Iterator[tuple[Node, Any]]:
    """Yield what nodes answer, without those that have died since: no work will go there.

    Raises:
        RunFailed: If a node gives no answer.
    """
    answered = wait([*asked.values()], least=len(asked), seconds=ANSWER_S)
    for node, answer in asked.items():
        if answer not in answered:
            raise RunFailed(f"node {node.ip}: must answer within {ANSWER_S:g} s, got nothing")
        try:
            yield node, ray.get(answer)
        except ray.exceptions.RayError as error:
            if node.id in {alive.id for alive in _alive({})}:
                raise RunFailed(f"node {node.ip}: {' '.join(str(error).split())}") from None


def _alive(labels: Mapping[str, str]) -> list[Node]:
    return [
        _node(found)
        for found in ray.nodes()
        if found["Alive"] and labels.items() <= found["Labels"].items()
    ]


def _node(found: Mapping[str, Any]) -> Node:
    resources = found["Resources"]
    models = [name.partition(":")[2] for name in resources if name.startswith("accelerator_type:")]
    return Node(
        id=found["NodeID"],
        ip=found["NodeManagerAddress"],
        cpus=int(resources.get("CPU", 0)),
        gpus=int(resources.get("GPU", 0)),
        model=" and ".join(sorted(models)) or None,
    )
