"""Monthly recurring revenue: what subscriptions are worth by day, and how it moved."""
