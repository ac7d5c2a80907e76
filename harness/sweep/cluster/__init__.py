"""The same sweep on a Ray cluster: Ray places the work, and does it again where a node dies."""
