"""How good the assistant is, in figures: matching, sets of questions, measures, folds."""
