"""The HR sync of a company: its HR system writes two tables, and DingTalk follows.

    export DINGTALK_APPKEY=… DINGTALK_APPSECRET=…
    python examples/hr_sync.py staff.csv units.csv             # what would be changed (试运行)
    python examples/hr_sync.py staff.csv units.csv --apply     # change it; run it again if it was interrupted

It ends with 0 if all is as wanted, 1 if something failed, and 2 if rows were left out.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

from dingtalk_models import DingTalkApp, DingTalkError, Directory

STAFF = {"员工编号": "job_number", "姓名": "name", "手机": "mobile", "部门代码": "source_identifier", "岗位": "title"}
UNITS = {"代码": "source_identifier", "名称": "name", "上级代码": "parent_source_identifier"}


def rows(path: Path) -> csv.DictReader[str]:
    """The rows of a table that a spreadsheet has written."""
    return csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))


def main(arguments: list[str]) -> int:
    """Plan, show the plan, and apply it if that is wanted."""
    parser = argparse.ArgumentParser(description="Make the DingTalk contacts those of the HR system.")
    parser.add_argument("staff", type=Path, help="the people")
    parser.add_argument("units", type=Path, help="the departments")
    parser.add_argument("--apply", action="store_true", help="change it, instead of only showing the plan")
    parser.add_argument("--remove", action="store_true", help="remove people and departments that are in no table")
    parser.add_argument("--allow", type=int, help="how many people may be removed, if not a tenth")
    parser.add_argument("--allow-departments", type=int, help="the same for departments")
    options = parser.parse_args(arguments)
    with DingTalkApp.from_env():
        plan = Directory.plan(
            rows(options.staff), columns=STAFF, departments=rows(options.units), department_columns=UNITS,
            missing="remove" if options.remove else "keep",
        )  # fmt: skip
        print(plan)
        if not options.apply:
            return 2 if plan.problems else 0
        outcome = plan.apply(
            allow=options.allow, allow_departments=options.allow_departments,
            progress=lambda done, total: print(f"\r{done}/{total}", end=""),
        )  # fmt: skip
        print(f"\n{outcome}")
        return 1 if not outcome else 2 if outcome.problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DingTalkError as error:
        sys.exit(str(error))
