"""Bytes of activations alive, by the lifetimes that the network's own references give them."""

from __future__ import annotations

from weakref import ref

from torch import Tensor


class LiveBytes:
    """Counts the bytes of storages that tensors still hold.

    Attributes:
        tensors: The `id` of every tensor held that is alive.
        live: Bytes alive now.
        peak: Most bytes that were alive at once.
    """

    def __init__(self) -> None:
        self.tensors: set[int] = set()
        self.live = 0
        self.peak = 0
        self._held: dict[int, tuple[ref[Tensor], int, int]] = {}
        self._storages: dict[int, list[int]] = {}  # tensors and bytes of each

    def hold(self, tensor: Tensor, *, free: bool = False) -> None:
        """Account for a tensor until it dies; one that is `free` takes no memory of its own."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        held = self._storages.get(key)
        if held is None:
            size = 0 if free else storage.nbytes()
            self._storages[key] = [1, size]
            self.live += size
            if self.live > self.peak:
                self.peak = self.live
        else:
            held[0] += 1
        death = ref(tensor, self._release)
        self._held[id(death)] = death, id(tensor), key
        self.tensors.add(id(tensor))

    def _release(self, death: ref[Tensor]) -> None:
        _, tensor, storage = self._held.pop(id(death))
        self.tensors.remove(tensor)
        held = self._storages[storage]
        held[0] -= 1
        if not held[0]:
            self.live -= held[1]
            del self._storages[storage]

    def has(self, tensor: Tensor) -> bool:
        """Say whether the storage of `tensor` is held, by whatever tensor."""
        return tensor.untyped_storage()._cdata in self._storages
