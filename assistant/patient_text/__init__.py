"""Reading clinicians' free text into patient facts: tokens, words of facts, cues around them, and quantities."""
