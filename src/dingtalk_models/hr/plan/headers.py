"""The headers of the tables of a plan: each field, and the Chinese words that stand for it, as DingTalk has them."""

from __future__ import annotations

PEOPLE = {
    "userid": "userid 员工UserID 员工userid",
    "job_number": "工号 员工工号",
    "mobile": "手机号 手机号码 手机",
    "name": "姓名",
    "department": "部门 所属部门",
    "dept_id_list": "部门ID",
    "source_identifier": "部门编码 部门编号",
    "title": "职位 岗位",
    "manager": "直属主管 直属上级",
    "manager_userid": "直属主管UserID",
    "email": "邮箱 电子邮箱",
    "org_email": "企业邮箱",
    "telephone": "分机号 办公电话",
    "work_place": "办公地点 工作地点",
    "remark": "备注",
    "hired_date": "入职日期 入职时间",
    "hide_mobile": "隐藏手机号",
    "state": "状态 员工状态 人员状态 在职状态",
    "senior_mode": "高管模式",
    "nickname": "昵称",
    "extension": "",
    "exclusive_account": "",
    "exclusive_account_type": "",
    "exclusive_mobile": "",
    "login_id": "",
    "login_email": "",
    "init_password": "",
    "send_password_to_user": "",
    "org_email_type": "",
}
"""The fields that a table of people may have, and the Chinese headers that stand for them."""

DEPARTMENTS = {
    "department": "部门 部门路径",
    "dept_id": "部门ID",
    "source_identifier": "部门编码 部门编号",
    "name": "部门名称",
    "parent_id": "上级部门ID",
    "parent_source_identifier": "上级部门编码 上级部门编号",
    "managers": "部门主管",
    "order": "排序",
    "hide_dept": "隐藏部门",
    "create_dept_group": "",
    "auto_approve_apply": "",
    "outer_dept": "",
}
"""The same for a table of departments."""
