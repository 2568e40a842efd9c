"""A small company's onboarding day: five users join 钉峰科技, and the HR system follows.

It uses only the public interface, with a local DingTalk. For a real company, create the app with your own credentials:
`DingTalkApp(appkey="…", appsecret="…").use()`.

    ./scripts/demo
"""

from __future__ import annotations

import asyncio
import csv
from datetime import datetime
from itertools import islice

from narration import chapter, code, count, printed, received, say, table, title, tree

from dingtalk_models import BEIJING, Department, DingTalkApp, Directory, InvalidArgument, Role, RoleGroup, User
from dingtalk_models.sandbox import Sandbox

NEWCOMERS = {
    "linwei": ("林薇", "13800138001", "客户成功经理"),
    "gaoyuan": ("高远", "13800138002", "实施顾问"),
    "sumu": ("苏木", "13800138003", "实施顾问"),
    "jiangnan": ("江楠", "13800138004", "培训讲师"),
    "luobei": ("罗北", "13800138005", "数据分析师"),
}
PLATFORM_TEAM = 110
STAFF = """\
员工UserID,姓名,手机号,部门,职位
linwei,林薇,13800138001,客户成功部,客户成功总监
gaoyuan,高远,13800138002,客户成功部/华南实施组,实施顾问
sumu,苏木,13800138003,客户成功部/华南实施组,实施顾问
hefan,何帆,13800138006,客户成功部/华南实施组,实施顾问
tanyu,谭雨,13900000003,客户成功部,培训讲师
"""


def show_company() -> None:
    chapter(1, "Who is here", "公司架构")
    code("Department.objects.tree()")
    departments = Department.objects.tree().all()
    tree(
        {each.dept_id: f"{each.name} [dim]{each.dept_id}[/]" for each in departments},
        {each.dept_id: each.parent_id for each in departments},
    )
    say(f"{len(departments)} departments, {User.objects.count()} people.")


def open_department() -> Department:
    chapter(2, "A department opens", "新设部门")
    code('Department.create("客户成功部", order=45)')
    department = Department.create("客户成功部", order=45)
    say(f"{department.name} has the id {department.dept_id}, below {department.parent_id}.")
    return department


def welcome(department: Department) -> list[User]:
    chapter(3, "Five people join", "五位新同事入职")
    code('User.create(name, mobile, [department.dept_id], userid=…, title=…, hired_date=…, manager_userid="zhengjie")')
    today = datetime.now(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    users = [
        User.create(
            name,
            mobile,
            [department.dept_id],
            userid=userid,
            title=job,
            hired_date=today,
            manager_userid="zhengjie",
        )
        for userid, (name, mobile, job) in NEWCOMERS.items()
    ]
    table(["userid", "姓名", "职位", "入职"], [(u.userid, u.name, u.title, f"{u.hired_date:%Y-%m-%d}") for u in users])
    return users


def give_role(users: list[User]) -> Role:
    chapter(4, "A role is given", "授予角色")
    code('role = Role.create("客户成功大使", group.group_id)\nrole.assign(["linwei", "gaoyuan", "sumu"])')
    group = next(group for group in RoleGroup.objects.list() if group.name == "职务")
    role = Role.create("客户成功大使", group.group_id)
    role.assign([user.userid for user in users[:3]])
    say(f"{role.name} ({group.name}): {'、'.join(user.name for user in role.users())}")
    return role


def move(user: User, department: Department) -> None:
    chapter(5, "One is moved, with a new title", "调岗")
    code(f'user.dept_id_list = [{PLATFORM_TEAM}]\nuser.title = "数据工程师"\nuser.save()')
    user.dept_id_list = [PLATFORM_TEAM]
    user.title = "数据工程师"
    say(f"To be sent: {', '.join(user.changes())}.")
    user.save()
    where = "、".join(each.name for each in user.refresh().departments())
    say(f"{user.name} is now {user.title}, in {where}; {department.name} keeps {len(department.users().all())}.")


def make_a_mistake(sandbox: Sandbox, user: User) -> None:
    chapter(6, "A mistake is caught before it is sent", "发送前校验")
    code('user.update(title="高级" * 150, job_number="CS-" + "0" * 48, dept_id_list=list(range(101)))')
    before = len(sandbox.calls)
    try:
        user.update(title="高级" * 150, job_number="CS-" + "0" * 48, dept_id_list=list(range(101)))
    except InvalidArgument as mistake:
        table(["field", "what is wrong with it"], [(problem.field, problem.message) for problem in mistake.problems])
    say(f"Requests sent meanwhile: {len(sandbox.calls) - before}. Corrected:")
    code('user.update(title="高级客户成功经理", job_number="CS-001")')
    user.update(title="高级客户成功经理", job_number="CS-001")
    say(f"{user.name}: {user.title}, {user.job_number}")


def list_lazily(sandbox: Sandbox) -> None:
    chapter(7, "Everyone, page by page", "按需翻页")
    code("everyone = User.objects.all()\nfor user in islice(everyone, 4): …")
    everyone = User.objects.all()
    before = len(sandbox.calls)
    say("、".join(user.name for user in islice(everyone, 4)) + " …")
    some = len(sandbox.calls) - before
    people = len(list(everyone))
    say(f"The first four took {some} calls, all {people} take {len(sandbox.calls) - before - some}.")


async def once_more_awaited(app: DingTalkApp) -> None:
    chapter(8, "Once more, with await", "异步调用")
    code("async with app:\n    await asyncio.gather(*(User.get.aio(userid) for userid in …))")
    async with app:
        users = await asyncio.gather(*(User.get.aio(userid) for userid in NEWCOMERS))
        say("、".join(f"{user.name} ({user.title})" for user in users))
        code("async for department in Department.objects.list(): …")
        say("、".join([department.name async for department in Department.objects.list()]))


def by_name(app: DingTalkApp) -> None:
    chapter(9, "By the platform's own names, current and old", "按接口名调用")
    code('app.run("dingtalk.oapi.v2.department.get", dept_id=110)')
    department = app.run("dingtalk.oapi.v2.department.get", dept_id=PLATFORM_TEAM)
    say(f"{department.name}, {department.member_count} members")
    code('app.run("dingtalk.corp.role.list", size=20, offset=0)')
    groups = app.run("dingtalk.corp.role.list", size=20, offset=0)
    say("、".join(f"{group.name} ({len(group.roles)})" for group in groups))
    code("Department.objects.get.call(110).request")
    request = Department.objects.get.call(PLATFORM_TEAM).request
    say(f"Not sent, only described: {request.verb} {request.path} {request.body}")


def sync(department: Department) -> None:
    chapter(10, "The table of the HR system: a plan first, then the change", "人事同步：先预览，再执行")
    code('plan = Directory.plan(csv.DictReader(file), within=department.dept_id, missing="remove")\nprint(plan)')
    staff = list(csv.DictReader(STAFF.splitlines()))
    plan = Directory.plan(staff, within=department.dept_id, missing="remove")
    printed(str(plan))
    code("outcome = plan.apply(workers=16, allow=1, progress=…)\nprint(outcome)")
    with count("applying 执行中") as progress:
        outcome = plan.apply(workers=16, allow=1, progress=progress)
    printed(str(outcome))
    again = Directory.plan(staff, within=department.dept_id, missing="remove")
    say(f"Planned again: {again.summary}.")


def clean_up(users: list[User], role: Role, department: Department) -> None:
    chapter(11, "Everything as it was", "恢复原状")
    code("role.delete(); user.delete(); department.delete()")
    role.revoke([user.userid for user in users[:3]])
    role.delete()
    users[-1].delete()
    code('empty = Directory.plan([], departments=[], within=department.dept_id, missing="remove")')
    code("empty.apply(allow=4, allow_departments=1)")
    empty = Directory.plan([], departments=[], within=department.dept_id, missing="remove")
    empty.apply(allow=4, allow_departments=1)
    department.delete()
    say(f"{User.objects.count()} people, as in the morning.")


def main() -> None:
    title("An onboarding day at a small company", "钉峰科技的入职日")
    with Sandbox() as sandbox:
        app = sandbox.app().use()
        show_company()
        department = open_department()
        users = welcome(department)
        role = give_role(users)
        move(users[-1], department)
        make_a_mistake(sandbox, users[0])
        list_lazily(sandbox)
        asyncio.run(once_more_awaited(app))
        by_name(app)
        sync(department)
        clean_up(users, role, department)
        chapter(12, "What the platform received", "平台收到的请求")
        received(sandbox)
        app.close()


if __name__ == "__main__":
    main()
