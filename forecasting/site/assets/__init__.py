"""Style, script and chart library of the site."""
