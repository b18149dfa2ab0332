"""What EchoUser can be told."""

from __future__ import annotations

from bizra_load.settings import inputs
from bizra_load.settings.arguments import Option

OPTIONS = (Option("--echo-share", "ECHO_SHARE", "50%", "Share of long texts", inputs.share),)
