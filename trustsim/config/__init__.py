"""From what an author writes to frozen scenarios, and back to a file.

An experiment file or a few keywords of Python enter; scenarios and the experiment that they are the
arms of leave. Whatever cannot be used is refused here, in one sentence.
"""
