"""``python -m prg_admin.agent --config node.toml``."""

from __future__ import annotations

import sys

from prg_admin.agent.run import main

sys.exit(main())
