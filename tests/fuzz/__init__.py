"""Coverage-guided fuzzing of the reader, and what the property tests share with it."""
