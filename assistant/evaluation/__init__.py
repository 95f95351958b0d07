"""How good the assistant is, in figures: matching, sets of questions, measures, and the folds of the pack's questions."""
