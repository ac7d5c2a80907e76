"""mIoU out of whatever a training left: one file a format, recognised by content, not by name.

A reader yields what it finds (`found`), `conclude` decides what of that is the answer, or refuses
and names the flag that decides. Files are read in blocks; nothing is held that grows with a file.
"""

from harness.logs.choice import Choice
from harness.logs.folder import Survey, survey
from harness.logs.read import LogFile, read_log

__all__ = ["Choice", "LogFile", "Survey", "read_log", "survey"]
