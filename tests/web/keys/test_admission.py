from __future__ import annotations

import pytest

from tests.web.keys.made import Kept
from web.keys.admission import BindingRefusedError, check_binding, is_loopback

OTHERS = ["0.0.0.0", "::", "192.168.1.20", "nelm.example.org", "", "localhost.example.org"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_computer_s_own_addresses_need_nothing(host: str) -> None:
    assert is_loopback(host)
    check_binding(host, Kept().ring, open_to_everyone=False)


@pytest.mark.parametrize("host", OTHERS)
def test_any_other_address_is_refused_without_a_key(host: str) -> None:
    with pytest.raises(BindingRefusedError):
        check_binding(host, Kept().ring, open_to_everyone=False)
    check_binding(host, Kept().ring, open_to_everyone=True)


@pytest.mark.parametrize("host", OTHERS)
def test_with_a_key_in_force_it_may_be_any(host: str) -> None:
    kept = Kept()
    kept.make("read")
    check_binding(host, kept.ring, open_to_everyone=False)
    kept.revoke()
    kept.clock.now += 5
    with pytest.raises(BindingRefusedError):
        check_binding(host, kept.ring, open_to_everyone=False)
