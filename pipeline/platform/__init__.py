"""The platform as a whole: its days, and the files that its operators look at."""
