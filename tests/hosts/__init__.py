"""The hosts: Django and FastAPI, in this process and in a browser."""
