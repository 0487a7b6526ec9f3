from hypothesis import settings

# No time limit on an example: the machine may be busy. More than a first look, for whoever changes
# a parser: pytest --hypothesis-profile=thorough.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=2_000, deadline=None)
settings.load_profile("quick")
