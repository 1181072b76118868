"""Demonstration data (演示数据): generated, marked, never mixed with real rows."""
