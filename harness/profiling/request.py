"""From rows of the catalogue to records: what is asked of variants, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import BadRequest, RunFailed
from harness.profiling.worker import profile_layers

if TYPE_CHECKING:
    from torch import nn

    from harness.crosscheck import Comparison
    from harness.ledger import Ledger
    from harness.profiling.timed import Timed
    from harness.profiling.weights import GivenWeights
    from harness.records import FailedRecord, ProfileRecord, StageCost, StaticCost
    from harness.timing.protocol import Protocol
    from harness.timing_records import LayerTime, Timing
    from variants.catalog import Row
    from variants.spec import Spec


@dataclass
class Measured:
    """One variant and what is known of it so far.

    Attributes:
        protocol: Null where it is not to be timed.
        static: Null where it could not be counted, like `ledger`.
        comparisons: Of the counts with other tools'.
        timing: Null where it was not timed.
        layers: Null where not asked for, like `stages`.
        failure: Why it could not be counted or timed; null where it could.
        peak_memory_bytes: Of a failed round on a GPU.
        environment: Software and machine; empty until something was measured.
        weights: What it is timed with; null for weights as built.
    """

    row: Row
    spec: Spec
    protocol: Protocol | None
    shape: tuple[int, int, int, int]
    static: StaticCost | None = None
    ledger: Ledger | None = None
    comparisons: Sequence[Comparison] = ()
    timing: Timing | None = None
    layers: tuple[LayerTime, ...] | None = None
    stages: tuple[StageCost, ...] | None = None
    failure: str | None = None
    peak_memory_bytes: int | None = None
    environment: dict[str, Any] | None = None
    weights: GivenWeights | None = None

    def record(self) -> ProfileRecord | FailedRecord:
        """Return the record of what is known."""
        from harness.environment import read_environment
        from harness.records import FailedRecord, ProfileRecord

        about: dict[str, Any] = {
            "variant": self.row.name,
            "spec": self.spec.to_dict(),
            "spec_sha256": self.spec.sha256,
            "input_shape": self.shape,
            "environment": self.environment or read_environment("cpu"),
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "weights": self.weights.used if self.weights else None,
        }
        if self.failure is not None:
            return FailedRecord(
                **about,
                protocol=self.protocol.to_dict() if self.protocol else {},
                reason=self.failure,
                peak_memory_bytes=self.peak_memory_bytes,
            )
        assert self.static is not None
        return ProfileRecord(
            **about,
            static=self.static,
            timing=self.timing,
            layers=self.layers,
            stages=self.stages,
        )


def count(variant: Measured, network: nn.Module) -> None:
    """Count one forward pass of `network`, which is the variant's; a failure is noted in it."""
    from harness.ledger import record
    from harness.static import total

    try:
        variant.ledger = record(network, variant.shape)
    except RunFailed as error:
        variant.failure = str(error)
        return
    variant.static = total(network, variant.ledger)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked of variants, by `harness profile` or a sweep that times.

    Attributes:
        device: `cpu` or `cuda:N`.
        protocol: Name or file.
        changes: Fields of the protocol that flags set, and `batch`.
        timed: Whether to time.
        check: Whether to run fvcore and thop too.
        layers: Whether to profile layers.
        stages: Whether to record the cost of each stage.
        size_given: Whether the rows' input size was asked for, and is not the catalogue's.
        limit_s: Seconds of all rounds of one variant after which it has failed; null for never.
        weights: File of the weights that the variant is timed with; null for weights as built.
        partial: Whether to leave what of that file does not fit.
    """

    device: str
    protocol: str
    changes: dict[str, Any]
    timed: bool
    check: bool
    layers: bool
    size_given: bool
    stages: bool = False
    limit_s: float | None = None
    weights: Path | None = None
    partial: bool = False

    def measure(self, rows: Sequence[Row]) -> Iterator[Measured]:
        """Yield each variant when all that was asked of it is done, failures too.

        Every network is counted before the first is timed, so that options that do not fit each
        other are refused at once. What is counted and what is timed are two instances, in two
        processes.

        Raises:
            BadRequest: If a spec, a protocol or their combination is wrong.
        """
        variants = [self.resolved(row) for row in rows]
        for variant in variants:
            self._count(variant)
        yield from (variant for variant in variants if variant.failure or not self.timed)
        able = [variant for variant in variants if self.timed and not variant.failure]
        if able:
            yield from self.time(able)

    def resolved(self, row: Row) -> Measured:
        """Return a variant of which nothing is measured yet.

        Raises:
            BadRequest: If its spec or protocol is wrong.
        """
        from harness.timing.named import load_protocol, make_protocol
        from variants.spec import resolve

        spec = resolve(row.chosen)
        if not self.timed:
            return Measured(row, spec, None, (self.changes.get("batch", 1), 3, *row.input))
        values = load_protocol(self.protocol)
        if self.size_given:  # the request wins over the protocol's file
            values |= {"size": row.input}
        protocol = make_protocol(values, device=self.device, size=row.input, **self.changes)
        if self.layers and (protocol.backend != "eager" or protocol.fold_bn):
            how = f"backend {protocol.backend}{', --fold-bn' if protocol.fold_bn else ''}"
            raise BadRequest(f"--layers: takes an eager, unfolded network apart, got {how}")
        weights = None
        if self.weights is not None:
            from harness.profiling.weights import given_weights

            weights = given_weights(spec, self.weights, partial=self.partial)
        return Measured(row, spec, protocol, protocol.input, weights=weights)

    def _count(self, variant: Measured) -> None:
        from variants.build import build, skeleton

        spec = variant.spec
        network = skeleton(spec)
        count(variant, network)
        if variant.ledger is None:
            return
        if self.stages:
            from harness.stages import stage_costs

            variant.stages = stage_costs(network, variant.ledger)
        if self.check:
            from harness.crosscheck import crosscheck

            variant.comparisons = crosscheck(
                lambda place: skeleton(spec) if place == "meta" else build(spec),
                variant.ledger,
                variant.shape,
            )

    def time(self, variants: Sequence[Measured]) -> Iterator[Measured]:
        """Yield variants that are counted as soon as they are timed, too, or could not be.

        The device is held until the last of them is done: they take turns on it.
        """
        from harness.profiling.timed import time_variants
        from harness.timing.device_lock import held

        protocols = [variant.protocol for variant in variants if variant.protocol]
        done: list[Measured] = []
        with held(self.device):
            for position, timed in time_variants(
                [variant.row.name for variant in variants],
                [variant.spec for variant in variants],
                protocols,
                self.device,
                self.limit_s,
                variants[0].weights,  # of the only one: two variants have not the same
            ):
                variant = variants[position]
                variant.environment = timed.environment
                variant.failure, variant.peak_memory_bytes = timed.failure, timed.peak_memory_bytes
                if timed.timing is not None:
                    self._judge(variant, timed, done)
                    done.append(variant)
                yield variant

    def _judge(self, variant: Measured, timed: Timed, done: Sequence[Measured]) -> None:
        """Hold a timing against the device's limits and against the networks timed before."""
        from harness.roofline import BYTES_PER_ELEMENT, limits_of
        from harness.timing.limits import precision_of

        assert timed.timing is not None
        assert variant.ledger is not None
        assert variant.protocol is not None
        variant.timing = timed.timing
        precision = precision_of(variant.protocol)
        if timed.rates is not None and precision in timed.rates.macs_per_s:
            macs_per_s, bytes_per_s = timed.rates.macs_per_s[precision], timed.rates.bytes_per_s
            size = BYTES_PER_ELEMENT[precision]
            pass_s = variant.timing.latency_s.mean
            limits = limits_of(variant.ledger.rows, macs_per_s, bytes_per_s, size, pass_s)
            variant.timing = replace(variant.timing, limits=limits)
            if self.layers:
                variant.layers = self._layers(variant, macs_per_s, bytes_per_s, size)
        said = _contradictions([*done, variant])
        if variant.weights is not None:
            said = (*said, *(f"the weights: {each}" for each in variant.weights.warnings))
        variant.timing = replace(variant.timing, warnings=(*variant.timing.warnings, *said))

    def _layers(
        self, variant: Measured, macs_per_s: float, bytes_per_s: float, bytes_per_element: int
    ) -> tuple[LayerTime, ...]:
        from harness.isolated import run_isolated
        from harness.timing.layers import layers
        from variants.build import skeleton

        assert variant.protocol is not None
        assert variant.ledger is not None
        own_s = run_isolated(
            profile_layers, variant.spec, variant.protocol, self.device, variant.weights
        )
        network = skeleton(variant.spec)
        return layers(network, variant.ledger, own_s, macs_per_s, bytes_per_s, bytes_per_element)


def _contradictions(variants: Sequence[Measured]) -> tuple[str, ...]:
    """Return what speaks against the last of `variants`, beside those timed before it."""
    from harness.timing.plausible import Result, contradictions

    results = [
        Result(variant.row.name, variant.ledger.rows, variant.timing)
        for variant in variants
        if variant.ledger is not None and variant.timing is not None
    ]
    return contradictions(results)[-1]
