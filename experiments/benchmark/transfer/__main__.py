"""Entry point of `python -m employment_forecast.experiments.benchmark.transfer`."""

import sys

from employment_forecast.experiments.benchmark.transfer.measure import main

if __name__ == "__main__":
    sys.exit(main())
