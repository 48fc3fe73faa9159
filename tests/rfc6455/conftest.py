"""An endpoint of either role."""

import pytest
from handmade import ROLES

from refws.rfc6455.endpoint import Endpoint


@pytest.fixture(params=ROLES, ids=str)
def role(request):
    return request.param


@pytest.fixture
def endpoint(role):
    return Endpoint.established(role)
