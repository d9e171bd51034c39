"""The number that every document carries as `schema`."""

SCHEMA = 1  # raised when a field goes or means something else; docs/frontend.md says what a client may rely on
