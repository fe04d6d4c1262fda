"""``{% load educonnect_flow %}``"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import get_language

from educonnect_flow.contrib.django import conf

register = template.Library()


@register.filter
def said(what: Any) -> str:
    """What a parent reads of a criterion or a refusal, in the language of the page."""
    return str(what.message(get_language() or "fr"))


@register.filter
def seconds_left(until: datetime) -> int:
    """Whole seconds until *until*, by the flow's clock; 0 when it has come."""
    return max(0, math.ceil((until - conf.now()).total_seconds()))
