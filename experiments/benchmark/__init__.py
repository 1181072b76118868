"""Benchmark on a panel of real series: our roster, the champion of each origin, the peers."""
