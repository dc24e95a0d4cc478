"""The parts of tests/proving/chaos.py: the stage, its people, the mischief, the judges."""
