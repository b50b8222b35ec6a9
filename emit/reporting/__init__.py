"""What a report is made of: facts, charts, proofs, rows, and the page."""
