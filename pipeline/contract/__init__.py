"""The contract of published files: each document once, as types, from which JSON Schemas and TypeScript are made."""
