"""How components are wired into networks, and whole networks without slots."""
