"""What people enter: data, caps, plans, events; and the catalogue it is entered under."""
