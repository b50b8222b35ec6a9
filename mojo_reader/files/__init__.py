"""Whole files of rows and scores: read in pieces, scored in order, written atomically, verified."""
