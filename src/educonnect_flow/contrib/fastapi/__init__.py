"""The flow as a JSON API (extra ``fastapi``): ``app.include_router(activation_router(flow))``."""

from educonnect_flow.contrib.fastapi._router import activation_router

__all__ = ["activation_router"]
