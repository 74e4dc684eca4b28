"""The README's shell blocks, pasted one after the other into one shell, do what they say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.contract.sandbox.client_environment import ROOT, running_sandbox

README = ROOT / "services" / "twinledger" / "sandbox" / "README.md"
NEEDED = ("bash", "curl", "jq")
SEEN = (
    '"account_id"',  # FreshBooks: users/me
    '"lname": "Moreau"',
    '"total": 1',
    '"code": "SUCCESS"',  # CRM: insert
    '"Full_Name": "Moreau"',
    '"Last_Name": "Moreau"',  # COQL
    "Successfully subscribed",
    '"invoice_number": "INV-',  # Books
    '"report_name": "Sales Orders"',  # Inventory
    '"Airfare"',  # Expense: a category
    "zoho_people",  # the ledger's last line
    "status_after:502",
)


@pytest.mark.skipif(
    any(shutil.which(each) is None for each in NEEDED), reason=f"needs {', '.join(NEEDED)} on PATH"
)
def test_the_blocks_work_when_pasted(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    with running_sandbox(tmp_path) as urls:
        urls.rename(tmp_path / "sandbox.json")
        script = "set -eu -o pipefail\n" + "\n".join(blocks)
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    assert (done.returncode, done.stderr) == (0, "")
    missing = [each for each in SEEN if each not in done.stdout]
    assert missing == []
    assert "null" not in done.stdout.splitlines(), "a path that leads nowhere"
