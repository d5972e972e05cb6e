"""The rooms that every order walks through, a module each, in the order of the schedule.

An order enters a room with what the rooms before have written on it, and leaves with what was
decided there.
"""
