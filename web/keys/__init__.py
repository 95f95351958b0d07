"""Keys of programs and people: who may ask from elsewhere, how much, and signing in on the pages."""
