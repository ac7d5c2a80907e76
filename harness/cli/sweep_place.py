"""Where a sweep runs: on this machine, or with `--executor ray` on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from harness.cli import sweep_text as text
from harness.cli.sweep_order import Order
from harness.sweep.definition import Definition
from harness.sweep.executor import Executor
from harness.sweep.pool import Pool, start_fork_server, usable_cpus

if TYPE_CHECKING:
    from harness.profiling.request import Request
    from harness.sweep.cluster.device import Device
    from harness.sweep.cluster.nodes import Cluster
    from variants.catalog import Row

PRELOAD = ("harness.sweep.worker", "harness.ledger", "harness.static")


class Place(Protocol):
    """Where a sweep runs."""

    @property
    def jobs(self) -> int:
        """How many chunks of static work run at once."""

    @property
    def at_once(self) -> int:
        """How many variants are timed at once."""

    def check(self, definition: Definition, catalog: Mapping[str, Row]) -> None:
        """Refuse a sweep that cannot run here."""

    def executor(
        self,
        definition: Definition,
        catalog: Mapping[str, Row],
        limit_s: float,
        stopped: Callable[[], bool],
    ) -> AbstractContextManager[Executor]:
        """Return what looks at combinations and counts them."""

    def request(self, definition: Definition, limit_s: float) -> Request:
        """Return what is asked of each variant of a timed sweep."""

    def device_name(self, device: str) -> str:
        """Return the name of what is timed on, as records have it."""

    def time_all(self, *arguments: Any, **options: Any) -> None:
        """Time variants; see `harness.sweep.timed.time_all`."""


@contextmanager
def place_of(order: Order, definition: Definition) -> Iterator[Place]:
    """Yield where a sweep runs.

    Raises:
        BadRequest: If there is no such cluster, or a proxy is nowhere.
    """
    if order.executor == "local":
        start_fork_server(PRELOAD)  # it imports torch while this process does
        yield Here(order)
        return
    from harness.sweep.cluster.connection import connected
    from harness.sweep.cluster.sent import modules_to_send

    with connected(order.address or "auto", modules_to_send(definition.proxies.values())):
        from harness.sweep.cluster.nodes import Cluster

        yield OnRay(order, Cluster(order.nodes, text.say))


class Here:
    """This machine."""

    at_once = 1

    def __init__(self, order: Order) -> None:
        self.jobs = order.jobs or usable_cpus()

    def check(self, definition: Definition, catalog: Mapping[str, Row]) -> None:
        """Take any sweep."""

    def executor(
        self,
        definition: Definition,
        catalog: Mapping[str, Row],
        limit_s: float,
        stopped: Callable[[], bool],
    ) -> AbstractContextManager[Executor]:
        from harness.sweep.worker import start

        ready = (definition, catalog, limit_s)
        return Pool(self.jobs, start, *ready, limit_s=limit_s, stopped=stopped)

    def request(self, definition: Definition, limit_s: float) -> Request:
        from harness.sweep.timed import request_of
        from harness.timing.device import resolve_device

        assert definition.timing is not None
        return request_of(definition, resolve_device(definition.timing.device), limit_s)

    def device_name(self, device: str) -> str:
        from harness.environment import read_environment

        return str(read_environment(device)["device"]["name"])

    def time_all(self, *arguments: Any, **options: Any) -> None:
        from harness.sweep.timed import time_all

        time_all(*arguments, **options)


class OnRay:
    """A Ray cluster that this process is connected to."""

    def __init__(self, order: Order, cluster: Cluster) -> None:
        self._order = order
        self._cluster = cluster
        self._needed: Mapping[str, str] = {}
        self._device: Device | None = None

    @property
    def jobs(self) -> int:
        return self._order.jobs or self._cluster.cpus

    @property
    def at_once(self) -> int:
        assert self._device is not None
        return min(self._order.jobs or self._device.share.at_once, self._device.share.at_once)

    def check(self, definition: Definition, catalog: Mapping[str, Row]) -> None:
        """Refuse a sweep that some node cannot take part in, having not what it needs."""
        from harness.sweep.cluster.nodes import check_proxies, check_versions
        from harness.sweep.origins import packages_of

        nodes = self._cluster.working()
        self._needed = check_versions(nodes, packages_of(definition, catalog))
        check_proxies(nodes, [*definition.proxies.values()])

    def executor(
        self,
        definition: Definition,
        catalog: Mapping[str, Row],
        limit_s: float,
        stopped: Callable[[], bool],
    ) -> AbstractContextManager[Executor]:
        from harness.sweep.cluster.on_node import start
        from harness.sweep.cluster.pool import RayPool

        ready = (self._needed, definition, catalog, limit_s)
        return RayPool(
            self._cluster, self._order.jobs, start, *ready, limit_s=limit_s, stopped=stopped
        )

    def request(self, definition: Definition, limit_s: float) -> Request:
        from harness.sweep.cluster.device import find_device
        from harness.sweep.cluster.timed import with_threads
        from harness.sweep.timed import request_of

        assert definition.timing is not None
        device = self._device = find_device(self._cluster, definition.timing.device, text.say)
        return with_threads(request_of(definition, device.share.device, limit_s), device)

    def device_name(self, device: str) -> str:
        assert self._device is not None
        assert self._device.share.device == device
        return self._device.name

    def time_all(self, *arguments: Any, **options: Any) -> None:
        from harness.sweep.cluster.timed import Measuring

        assert self._device is not None
        Measuring(
            cluster=self._cluster,
            device=self._device,
            needed=self._needed,
            jobs=self._order.jobs,
        ).time_all(*arguments, **options)
