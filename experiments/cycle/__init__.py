"""The monthly cycle: from files that arrived to issued bulletins, region by region, unattended."""
