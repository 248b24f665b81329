"""What the models package raises when a person has to mend something."""


class ModelError(Exception):
    """A model, its base encoder or its training data cannot be used; the message says why."""
