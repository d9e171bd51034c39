"""What usage costs: the price book, the days' costs, and pricing them anew on purpose."""
