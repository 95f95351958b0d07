"""Every way in: browser, REST, command line. Imports nothing; nothing clinical is decided here."""
