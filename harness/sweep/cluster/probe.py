"""What a node is asked first. It is sent there as code: the node may have no `harness` at all."""

from __future__ import annotations

from collections.abc import Sequence


def look(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of a node by name, as `harness.sweep.cluster.versions` does there.

    Of a node whose harness is older than that, what can be said.
    """
    import platform

    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    try:
        import harness

        found["harness"] = harness.__version__
        from harness.sweep.cluster.versions import versions
    except ImportError:
        return found
    return versions(packages)
