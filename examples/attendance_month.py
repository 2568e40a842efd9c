"""A month of attendance (考勤月报): for each person, how often late, early, absent, and without a punch; as CSV.

    python examples/attendance_month.py 2026-10 > october.csv

The app's settings are environment variables, `DINGTALK_APPKEY` and so on.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import TextIO

from dingtalk_models import BEIJING, AttendanceRecord, DingTalkApp, User

COLUMNS = {"Late": "迟到", "SeriousLate": "严重迟到", "Early": "早退", "Absenteeism": "旷工迟到", "NotSigned": "未打卡"}


def report(year: int, month: int) -> list[dict[str, str | int]]:
    """A row for each person of the company."""
    first = datetime(year, month, 1, tzinfo=BEIJING)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    people = {user.userid: user for user in User.objects.all()}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for result in AttendanceRecord.objects.results(list(people), first, last).prefetch(8):
        counts[result.userid][result.time_result or ""] += 1
    return [
        {
            "姓名": f"'{user.name}" if user.name[:1] in "=+-@" else user.name,  # text, and no formula
            "工号": user.job_number or "",
            **{title: counts[userid][result] for result, title in COLUMNS.items()},
        }
        for userid, user in people.items()
    ]


def write(rows: list[dict[str, str | int]], to: TextIO) -> None:
    """Write the rows as CSV."""
    table = csv.DictWriter(to, ["姓名", "工号", *COLUMNS.values()])
    table.writeheader()
    table.writerows(rows)


if __name__ == "__main__":
    DingTalkApp.from_env().use()
    wanted = datetime.strptime(sys.argv[1], "%Y-%m").replace(tzinfo=BEIJING)
    write(report(wanted.year, wanted.month), sys.stdout)
