"""Run, back-test, inspect, scenario, predict."""
