"""Where sweeps find the lock of a device; every command that measures takes the same one."""

from harness.timing.device_lock import held as held
