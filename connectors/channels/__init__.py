"""Where buyers order: one file for each channel, with both directions and its words."""
