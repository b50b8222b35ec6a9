"""The server image's health check: ``python ready.py PORT``."""

import sys
import urllib.request

try:
    urllib.request.urlopen(f"http://127.0.0.1:{int(sys.argv[1])}/v2/health/ready", timeout=5)
except OSError as error:
    sys.exit(f"not ready: {error}")
