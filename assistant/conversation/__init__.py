"""A conversation: what a turn does, what it leaves unsaid, and the patient it is about; a function of its turns."""
