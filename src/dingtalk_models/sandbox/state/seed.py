"""The company that a sandbox starts with: the same in every run."""

from __future__ import annotations

from typing import Final

from dingtalk_models.sandbox.state.approval import MANAGER, Component, Step
from dingtalk_models.sandbox.state.auth import Credentials
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import Admin

# id, name, parent, managers
_DEPARTMENTS: Final = (
    (100, "研发中心", 1, "zhaolei"),
    (110, "平台研发部", 100, "sunjing"),
    (120, "移动研发部", 100, "zhoubin"),
    (130, "质量保障部", 100, "wufang"),
    (200, "产品设计部", 1, "qianwei"),
    (300, "市场营销部", 1, "zhengjie"),
    (310, "华东大区", 300, "fengtao"),
    (320, "华南大区", 300, "chenyu"),
    (400, "人力资源部", 1, "liuyang"),
    (500, "财务部", 1, "hanmei"),
)
# userid, name, title, departments; the first department is the main one
_PEOPLE: Final = (
    ("manager4220", "李峰", "总经理", (1,)),
    ("zhaolei", "赵磊", "技术总监", (100,)),
    ("sunjing", "孙静", "架构师", (110, 100, 130)),
    ("zhoubin", "周斌", "移动研发经理", (120,)),
    ("wufang", "吴芳", "测试经理", (130,)),
    ("qianwei", "钱伟", "产品总监", (200,)),
    ("zhengjie", "郑洁", "市场总监", (300,)),
    ("fengtao", "冯涛", "大区经理", (310,)),
    ("chenyu", "陈宇", "大区经理", (320,)),
    ("liuyang", "刘洋", "人力资源总监", (400,)),
    ("hanmei", "韩梅", "财务总监", (500,)),
    ("yangfan", "杨帆", "后端工程师", (110,)),
    ("zhuling", "朱玲", "后端工程师", (110,)),
    ("qinhao", "秦浩", "运维工程师", (110,)),
    ("youna", "尤娜", "iOS工程师", (120,)),
    ("xuqiang", "许强", "Android工程师", (120,)),
    ("heli", "何丽", "测试工程师", (130,)),
    ("lvbo", "吕波", "测试工程师", (130,)),
    ("shiyue", "施悦", "产品经理", (200,)),
    ("zhangxin", "张欣", "交互设计师", (200,)),
    ("kongming", "孔明", "品牌经理", (300,)),
    ("caohui", "曹慧", "客户经理", (310,)),
    ("yanjun", "严军", "客户经理", (310,)),
    ("huaxia", "华夏", "客户经理", (320,)),
    ("jinshan", "金珊", "招聘专员", (400,)),
    ("weidong", "魏东", "会计", (500,)),
    ("taoran", "陶然", "出纳", (500,)),
)
_INACTIVE: Final = ("huaxia", "taoran")
_ROLES: Final = {
    "技术专家": ("zhaolei", "sunjing"),
    "面试官": ("zhaolei", "zhoubin", "qianwei", "liuyang"),
    "客户经理": ("caohui", "yanjun", "huaxia"),
    "合规专员": (),
}
_HIRED: Final = 1_577_808_000_000  # 2020-01-01 00:00, Beijing
_MONTH: Final = 30 * 24 * 3600 * 1000


def seeded_company(credentials: Credentials | None = None) -> Company:
    """钉峰科技: ten departments, and people with managers and roles; one is in three departments."""
    company = Company("钉峰科技有限公司", credentials)
    owner, *_ = _PEOPLE
    managers = {dept_id: manager for dept_id, _, _, manager in _DEPARTMENTS}
    for order, (dept_id, name, parent_id, manager) in enumerate(_DEPARTMENTS, start=1):
        company.add_department(name, parent_id, dept_id, order=order * 10, dept_manager_userid_list=[manager])
    for number, (userid, name, title, dept_ids) in enumerate(_PEOPLE, start=1):
        superior = managers.get(dept_ids[0], owner[0])
        if superior == userid:
            superior = managers.get(company.departments[dept_ids[0]].parent_id or 1, owner[0])
        company.add_user(
            name,
            dept_ids,
            userid=userid,
            mobile=f"1390000{number:04d}",
            email=f"{userid}@dingfeng.example",
            title=title,
            job_number=f"DF{number:04d}",
            hired_date=_HIRED + number * _MONTH,
            manager_userid=None if userid == owner[0] else superior,
            active=userid not in _INACTIVE,
            boss=userid == owner[0],
        )
    company.admins = {owner[0]: Admin(1), "liuyang": Admin(2), "zhaolei": Admin(2, [100])}
    given = {901: (owner[0],), 902: managers.values(), 903: (owner[0],), 904: ("liuyang", "zhaolei")}
    for role_id, userids in given.items():
        company.roles[role_id].members = {userid: [] for userid in userids}
    group = company.add_role_group("职务", group_id=910)
    for role_id, (name, userids) in enumerate(_ROLES.items(), start=911):
        company.add_role(name, group.group_id, role_id=role_id, userids=userids)
    # an account may claim an address of somebody else
    company.logins.add_stranger("路远", userid="stranger", mobile="13700001234", email="manager4220@dingfeng.example")
    seed_attendance(company)
    seed_approvals(company)
    return company


def seed_attendance(company: Company) -> None:
    """Office hours for everybody, except for two people with a roster of nights and a department with free hours."""
    sheets = company.attendance
    office = sheets.add_shift("白班", "09:00", "18:00", rest=("12:00", "13:00"), late=(5, 30, 60))
    sheets.add_shift("夜班", "22:00", "06:00")
    week = (None, *[office] * 5, None)
    sheets.add_group("总部考勤", "liuyang", week=week, is_default=True).manager_list.append("jinshan")
    sheets.add_group("运维轮班", "sunjing", type="TURN", userids=["qinhao", "zhuling"])
    sheets.add_group("市场弹性", "zhengjie", type="NONE", dept_ids=[310])


def seed_approvals(company: Company) -> None:
    """A form for leave, decided by the manager and by HR; and one for expenses, with a first step that is open."""
    minutes = {"format": "yyyy-MM-dd HH:mm", "unit": "小时"}
    company.workflow.add_form(
        "请假",
        (
            Component(
                "DDSelectField", "请假类型", "DDSelectField-LEAVE", required=True, options=["事假", "病假", "年假"]
            ),
            Component(
                "DDDateRangeField", '["开始时间","结束时间"]', "DDDateRangeField-LEAVE", required=True, props=minutes
            ),
            Component("NumberField", "请假天数", "NumberField-LEAVE", props={"unit": "天"}),
            Component("TextareaField", "请假事由", "TextareaField-LEAVE", required=True),
            Component("DDPhotoField", "图片", "DDPhotoField-LEAVE"),
        ),
        (Step([MANAGER], name="直属主管"), Step(["liuyang"], name="人力资源")),
        at=_HIRED / 1000,
        process_code="PROC-LEAVE",
        description="事假、病假、年假",
    )
    columns = [
        Component("TextField", "项目", "TextField-ITEM", required=True),
        Component("MoneyField", "金额", "MoneyField-ITEM", required=True),
        Component("DDDateField", "日期", "DDDateField-ITEM", props={"format": "yyyy-MM-dd"}),
    ]
    company.workflow.add_form(
        "报销",
        (
            Component("TextField", "报销事由", "TextField-EXPENSE", required=True),
            Component("MoneyField", "总金额（元）", "MoneyField-EXPENSE", props={"upper": "1"}),
            Component("TableField", "明细", "TableField-EXPENSE", required=True, children=columns),
            Component("DDAttachment", "附件", "DDAttachment-EXPENSE"),
            Component("InnerContactField", "同行人", "InnerContactField-EXPENSE", props={"choice": "1"}),
            Component("DepartmentField", "费用部门", "DepartmentField-EXPENSE"),
            Component("RelateField", "关联审批单", "RelateField-EXPENSE"),
        ),
        (Step([], key="manual_1f95_20aa_72c6_dd42", name="自选审批人"), Step(["hanmei"], name="财务")),
        at=_HIRED / 1000,
        process_code="PROC-EXPENSE",
        description="差旅与日常费用",
    )
