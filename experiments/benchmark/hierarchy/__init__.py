"""Parts and whole, measured: a real panel as a tree, a simulated city, the cost."""
