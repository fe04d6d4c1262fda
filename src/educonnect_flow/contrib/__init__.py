"""The flow in web frameworks: one package for each, imported only by the hosts that use it."""
