"""The engine, pure: back-test, score, choose, calibrate, assess targets, warn, render."""
