"""Commands that forecast: run, back-test, inspect, scenario, predict."""
