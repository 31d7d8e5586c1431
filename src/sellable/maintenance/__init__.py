"""Background work: any number of processes may do it, none has to be alone."""

from __future__ import annotations
