"""A model that no H2O wrote: changed, or made of a description and a network."""
