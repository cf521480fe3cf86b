from __future__ import annotations

from litestar.testing import TestClient

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.desk.read_page import ReadPage
from tests.builders import promoted, source


def test_the_groups_that_moved_most_lead_to_their_keys(local_store: Store) -> None:
    """With groups in the contract they stand on the pages of stability and of a diff."""
    text = source(more='[stability]\ngroups = ["ticker"]\n')
    local_store.define(parse_contract(text), text)
    promoted(local_store, "one", 100.0, day=0)
    promoted(local_store, "two", 101.0, day=1)
    with TestClient(create_app(local_store), raise_server_exceptions=False) as client:
        for path in ("/sets/closes/stability", "/sets/closes/diff/1/2"):
            response = client.get(path)
            assert response.status_code == 200, response.text[-2000:]
            links = [link for link in ReadPage(path, response.text).links if "within=" in link]
            named = [link for link in links if "ticker" in link]
            assert named
            assert "changed" in client.get(named[0]).text
