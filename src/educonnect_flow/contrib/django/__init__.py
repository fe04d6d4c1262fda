"""The flow in a Django host (extra ``django``): settings, a store through the ORM, forms, views, admin and commands.

Add ``"educonnect_flow.contrib.django"`` to ``INSTALLED_APPS``, say ``EDUCONNECT_FLOW`` in the settings, include
``educonnect_flow.contrib.django.urls``, and write the templates.
"""
