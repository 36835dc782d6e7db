"""`lapwing init`: looks at data and writes a first project, which runs at once and says why it is as it is.

`origin` finds out what the data is, `look` measures it, `choose` decides (pure, with reasons), `write` puts it into YAML,
and `make` does it all.
"""

from __future__ import annotations

from lapwing.query.init.make import Made, init

__all__ = ["Made", "init"]
