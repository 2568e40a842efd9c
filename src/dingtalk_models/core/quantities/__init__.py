"""Wire types of what is measured: how long something lasts, and how much it costs."""
