"""`harness device`: measure what a device can do at best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson

if TYPE_CHECKING:
    from harness.records import DeviceRecord


def device(
    name: Annotated[
        str, typer.Option("--device", metavar="auto|cpu|cuda|cuda:N", help="Which device.")
    ] = "auto",
    precision: Annotated[
        list[str] | None,
        typer.Option(help="fp32, tf32, fp16 or bf16; repeatable.  [default: all that it can]"),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Threads on the CPU.  [default: torch's]")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder that the record goes to.")] = Path(
        "results"
    ),
    no_save: Annotated[bool, typer.Option("--no-save", help="Store no record.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the limits of a device: multiply-accumulates and bytes per second.

    Arithmetic is the higher of a large matrix product and a large 3x3 convolution, memory the
    higher of a large copy and a ReLU in place, bytes read plus bytes written. FLOPs are 2 x MACs.
    An operator that does fewer MACs a byte than the balance is bound by memory, else by arithmetic.
    Takes some seconds; run nothing else meanwhile.

    \b
    Examples:
      harness device
      harness device --device cuda:0 --precision tf32 --precision fp16
      harness device --device cpu --threads 1 --no-save --json
    """
    from harness.errors import BadRequest

    if threads is not None and threads < 1:
        raise BadRequest(f"--threads: must be at least 1, got {threads}")
    asked = _known(precision or [])
    if not no_save:
        from harness.store import check_writable

        check_writable(results)
    from harness.timing.device import resolve_device

    place = resolve_device(name)
    if "tf32" in asked and place == "cpu":
        raise BadRequest("--precision: tf32 is of CUDA devices, got --device cpu")
    record = _measured(place, asked, threads)
    stored = None
    if not no_save:
        from harness.store import append, path_for

        stored = path_for(results, record)
        append(stored, record)
    if as_json:
        import json

        from harness.records import to_dict

        typer.echo(json.dumps(to_dict(record), indent=2, ensure_ascii=False))
        return
    typer.echo("\n".join(device_lines(record)))
    if stored is not None:
        typer.echo(f"  stored in {stored}")


def _known(names: list[str]) -> list[str]:
    """Return the precisions asked for, each once; refuse what is none."""
    from harness.errors import BadRequest, did_you_mean
    from harness.timing.protocol import SUPPORTED

    known = SUPPORTED["precision"]
    for name in names:
        if name not in known:
            raise BadRequest(f"--precision: no precision {name!r}{did_you_mean(name, known)}")
    return list(dict.fromkeys(names))


def _measured(place: str, asked: list[str], threads: int | None) -> DeviceRecord:
    from datetime import datetime, timezone

    from harness.environment import read_environment
    from harness.errors import RunFailed
    from harness.records import DeviceRecord
    from harness.timing.device_lock import held
    from harness.timing.limits import PRECISIONS, measure

    with held(place):
        rates = measure(place, asked or PRECISIONS, threads)
    missing = rates.method["not_measured"]
    if not rates.macs_per_s:
        reasons = "; ".join(f"{name}: {why}" for name, why in missing.items())
        raise RunFailed(f"device {place}: none of the precisions could be measured ({reasons})")
    return DeviceRecord(
        macs_per_s=rates.macs_per_s,
        bytes_per_s=rates.bytes_per_s,
        method=rates.method,
        environment=read_environment(place, thorough=True),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def device_lines(record: DeviceRecord) -> list[str]:
    """Return a record in a few lines, as a terminal of 80 columns shows them."""
    method = record.method
    lines = [
        _title(record),
        f"  {'':8}{'GMAC/s':>10}{'TFLOP/s':>10}{'MACs/byte':>11}   GMAC/s of product, 3x3 conv",
    ]
    for name, macs_per_s in record.macs_per_s.items():
        product, conv = (method[kind][name]["macs_per_s"] / 1e9 for kind in ("matmul", "conv"))
        lines.append(
            f"  {name:8}{macs_per_s / 1e9:>10.1f}{2 * macs_per_s / 1e12:>10.3f}"
            f"{macs_per_s / record.bytes_per_s:>11.1f}   {product:.1f}, {conv:.1f}"
        )
    copy, in_place = (method[kind]["bytes_per_s"] / 1e9 for kind in ("copy", "in_place"))
    lines.append(
        f"  memory  {record.bytes_per_s / 1e9:>10.1f} GB/s read + written   "
        f"(copy {copy:.1f}, in place {in_place:.1f})"
    )
    for name, why in method["not_measured"].items():
        lines.append(f"  {name:8}not measured: {why}")
    lines += [f"  warning: {note}" for note in method["notes"]]
    lines.append("  FLOPs are 2 x MACs; below its MACs/byte an operator is bound by memory")
    return lines


def _title(record: DeviceRecord) -> str:
    about: dict[str, Any] = record.environment["device"]
    if about["type"] == "cuda":
        return f"{about['name']}, driver {about.get('driver') or 'unknown'}"
    threads = record.method["threads"]
    return f"{about['name']}, {threads} thread{'s' * (threads != 1)}"
