"""The built-in components: one file a block, listed by slot and name in `variants.registry`."""
