"""The rule engine: patient facts and rules in, conclusions with their sentences out. Pure, standard library."""
