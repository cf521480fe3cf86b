"""Run the console script as a user called tester, whoever runs this: names stand in its outputs."""

import pwd
import runpy
import sys
from pathlib import Path

ESTIMATES = Path(sys.executable).with_name("estimates")  # whatever it calls


def be_tester() -> None:
    """Every user of this process is called tester from now on."""
    pwd.getpwuid = lambda uid: pwd.struct_passwd(("tester", "x", uid, uid, "", "", ""))


if __name__ == "__main__":
    be_tester()
    sys.argv[0] = str(ESTIMATES)
    runpy.run_path(str(ESTIMATES), run_name="__main__")
