"""Entry point of `python -m employment_forecast.experiments.benchmark.nowcast`."""

import sys

from employment_forecast.experiments.benchmark.nowcast.measure import main

if __name__ == "__main__":
    sys.exit(main())
