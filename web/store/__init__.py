"""Conversations kept in a database: SQLite by default, PostgreSQL by its URL. Loaded only where one is opened."""
