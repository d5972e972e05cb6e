"""The report of an experiment: figures, sentences and tables in one self-contained page."""
