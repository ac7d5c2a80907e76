"""What a timed sweep measures on: one kind of device, of which each measurement holds a whole one.

FPS of unlike devices do not compare, so that a cluster which has several kinds is refused until it
is said which nodes are meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ray

from harness.errors import BadRequest, RunFailed
from harness.sweep.cluster.nodes import Cluster, Node, on_node
from harness.sweep.cluster.on_node import describe
from harness.sweep.cluster.waiting import wait

PICK = "--nodes LABEL=VALUE picks nodes"
WAIT_S = 10.0  # for GPUs that others hold


class Share(NamedTuple):
    """What one measurement holds, and where.

    Attributes:
        device: `cpu`, or `cuda:0`: what a task calls the GPU that it holds.
        cpus: All that a node has, where they are what is measured on.
        nodes: Those that have it.
    """

    device: str
    cpus: int
    gpus: int
    nodes: Sequence[Node]

    @property
    def at_once(self) -> int:
        """How many measurements fit on the nodes together."""
        if self.gpus:
            return sum(min(node.gpus, node.cpus) for node in self.nodes)
        return len(self.nodes)


def able(nodes: Sequence[Node], device: str) -> list[Node]:
    """Return the nodes that can measure on `cpu`, or else on a GPU."""
    return [node for node in nodes if node.cpus and (device == "cpu" or node.gpus)]


def share(nodes: Sequence[Node], wanted: str) -> Share:
    """Return what a measurement holds on a cluster.

    Args:
        nodes: That may be used.
        wanted: `auto`, `cpu` or `cuda`; `auto` is a GPU where a node has one.

    Raises:
        BadRequest: If `wanted` is another, no node has it, or the nodes are unlike.
    """
    if wanted not in ("auto", "cpu", "cuda", "cuda:0"):
        known = re.fullmatch("cuda:[0-9]+", wanted)
        rule = "Ray decides which GPU; must be cuda" if known else "must be auto, cpu or cuda"
        raise BadRequest(f"--device: on a cluster {rule}, got {wanted}")
    with_gpu, with_cpu = able(nodes, "cuda"), able(nodes, "cpu")
    if wanted == "cpu" or (wanted == "auto" and not with_gpu):
        if not with_cpu:
            raise BadRequest(f"--device: some node must have a CPU to give, got none; {PICK}")
        _alike("equally many CPUs, all held by a measurement", with_cpu, lambda n: f"{n.cpus}")
        return Share("cpu", with_cpu[0].cpus, 0, with_cpu)
    if not with_gpu:
        raise BadRequest(f"--device: some node must have a GPU and a CPU to give, got none; {PICK}")
    _alike("GPUs of one model", with_gpu, lambda node: node.model or "an unknown one")
    return Share("cuda:0", 1, 1, with_gpu)


@dataclass(frozen=True)
class Device:
    """The device of a timed sweep, as the nodes have it.

    Attributes:
        share: What a measurement holds of it.
        name: As records have it.
        threads: That torch takes there.
        environment: Of one of the nodes.
    """

    share: Share
    name: str
    threads: int
    environment: Mapping[str, Any]


def find_device(cluster: Cluster, wanted: str, tell: Callable[[str], None]) -> Device:
    """Return what a timed sweep measures on, as the nodes say; waits for a GPU that is free.

    Nodes whose GPUs stay busy are heard when they measure.

    Raises:
        BadRequest: As `share` does, and if the nodes name unlike devices or builds of torch.
        RunFailed: If no node could say.
    """
    mine = share(cluster.nodes(), wanted)
    asked = {
        ray.remote(describe).options(**on_node(node, gpus=mine.gpus)).remote(mine.device): node
        for node in mine.nodes
    }
    heard = wait([*asked], least=len(asked), seconds=WAIT_S)
    if not heard:
        tell("waiting for a node that is free to measure")
        heard = wait([*asked])
    for answer in asked.keys() - set(heard):
        ray.cancel(answer, force=True)
    said: dict[Node, dict[str, Any]] = {}
    for answer in heard:
        try:
            said[asked[answer]] = ray.get(answer)
        except ray.exceptions.RayTaskError as error:
            raise RunFailed(f"node {asked[answer].ip}: {error.cause}") from None
        except ray.exceptions.RayError:
            continue  # the node has died
    if not said:
        raise RunFailed("sweep: some node must say what it measures on, got none that lives")
    return agreed(mine, said)


def agreed(mine: Share, said: Mapping[Node, Mapping[str, Any]]) -> Device:
    """Return the device that nodes name alike in their environments.

    Raises:
        BadRequest: If they name unlike ones, or measure with unlike torch.
    """
    _alike("the same device", said, lambda node: str(said[node]["device"]["name"]))
    _alike("the same torch", said, lambda node: str(said[node]["torch"]))
    if not mine.gpus:
        _alike("equally many threads", said, lambda node: str(said[node]["torch_threads"]))
    environment = next(iter(said.values()))
    name, threads = environment["device"]["name"], environment["torch_threads"]
    return Device(mine, name, threads, environment)


def _alike(what: str, nodes: Iterable[Node], value: Callable[[Node], str]) -> None:
    by_value: dict[str, list[str]] = {}
    for node in nodes:
        by_value.setdefault(value(node), []).append(node.ip)
    if len(by_value) > 1:
        told = " and ".join(f"{name} ({', '.join(ips)})" for name, ips in sorted(by_value.items()))
        raise BadRequest(f"--timing: nodes must have {what}, got {told}; {PICK}")
